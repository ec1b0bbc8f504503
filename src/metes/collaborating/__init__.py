"""How people hear of one another's work: mails of notices, digests, reminders."""
