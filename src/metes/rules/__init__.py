"""Rules: their language, checks, proofs of one account and joins for many, and the resolution to one answer."""
