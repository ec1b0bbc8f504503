"""The plan as text, as hashed nodes and as steps: reads, checks, compares and edits plans; proposes, never applies."""
