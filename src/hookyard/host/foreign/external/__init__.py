"""Commands that the configuration declares for external workers."""
