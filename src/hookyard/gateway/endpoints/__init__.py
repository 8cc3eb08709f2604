"""`/api/v1/endpoints`: who is told of events, how that goes, and what was missed."""
