"""Child processes: how they are described, started, limited, fed and ended. Nothing here knows what a plugin is."""
