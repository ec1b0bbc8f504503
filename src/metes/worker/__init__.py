"""The worker: takes jobs from the database one at a time and calls the verb each one names."""
