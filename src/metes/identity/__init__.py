"""Passwords and secrets: Argon2 for what people choose, random tokens for what machines carry."""
