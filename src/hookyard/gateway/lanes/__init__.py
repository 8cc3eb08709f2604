"""`/api/v1/lanes`: how full the lanes are, and pausing and resuming them."""
