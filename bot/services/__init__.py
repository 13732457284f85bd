"""The use-cases: each method is one transaction, checks the right to do it, and knows nothing of Discord."""
