"""`/api/v1/deliveries`: what is sent out, what became of it, and sending it again."""
