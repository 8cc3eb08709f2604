"""Where jobs and deliveries are kept: the contract, what stands in front of it, and the stores that keep it."""
