"""The store: tables and migrations on SQLite and PostgreSQL, the ledger, and the Book read through DuckDB."""
