"""`fingerctl`, and what it is made of."""
