"""The precision card: every variant measured on the corpus of the home, and the policy that chooses one."""
