"""`/api/v1/sources`, and what is kept of the events that came in by them."""
