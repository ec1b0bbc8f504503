"""What Metes says to other machines: mail."""
