"""Ground floor: errors, findings, money, dates, ids and progress. Imports the standard library alone."""
