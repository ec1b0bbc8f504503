"""What Metes says to other machines: mail, and questions to the provider of sign-ins; where requests may go."""
