"""Records: column mapping, validation and difference. Arrow in; Arrow and findings out; touches no file and no database."""
