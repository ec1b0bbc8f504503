"""Importing: files become records of the store, or facts of the ledger; with preview, reconciliation and undo."""
