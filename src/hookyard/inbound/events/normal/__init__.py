"""From each host's own events to the ones that are the same from every host: a module for each."""
