"""The use case of assignment: the active plan run over the book, the difference written into the ledger."""
