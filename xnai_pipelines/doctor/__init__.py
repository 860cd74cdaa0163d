"""What is wrong with a home, and the command that mends each fault."""
