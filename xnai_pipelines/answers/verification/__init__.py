"""How a sentence is held against its evidence: quotes, numbers, names, negations, and who did what."""
