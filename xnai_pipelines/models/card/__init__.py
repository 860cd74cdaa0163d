"""The precision card: every variant measured on the home's corpus, and the policy that chooses one."""
