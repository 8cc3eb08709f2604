"""Running jobs: what comes in is stored, what is due is started, how it ended is written down."""
