"""Nouns: frozen values of plan, field catalogue and scope."""
