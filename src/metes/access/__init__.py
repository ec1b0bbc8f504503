"""Which part of a plan somebody sees: from roles and places to a scope, and from a scope to a plan cut down to it."""
