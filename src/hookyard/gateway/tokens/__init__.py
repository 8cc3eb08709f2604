"""`/api/v1/tokens`: bearer tokens of the store."""
