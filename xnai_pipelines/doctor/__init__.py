"""What is wrong with a home, and the fix of each fault."""
