"""Territory management: one verifiable chain from market to map to owner to credit."""
