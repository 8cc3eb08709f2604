"""The write side: one module per kind of operation, and the batch that applies them."""
