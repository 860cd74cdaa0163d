"""Words by which questions and documents tell what happened, a file per language: `de.toml` has the German ones.

To add a language, copy `en.toml`, name it by the language's two letters and put its words in place of the English
ones. Nothing else has to be changed. Every word is a pattern of Python's `re`, matched between the borders of words
whatever their case; those of Chinese and Japanese anywhere. Read `words.py` first: it loads the files.

| key | meaning |
|---|---|
| joins | words that join clauses |
| inside | prepositions that a name of a place stands behind, and no name of a person |
| kinds | nouns for what manuals define, whole words: "option", "file" |
| marks | what tells the language of a question; may be left out |
| asks.number, time, name | patterns, without borders, that ask for it; those that also join clauses only in front |
| asks.counted | what stands before the noun of what is counted: "how many" |
| asks.steps, to_do | the same for questions that steps may answer, and for those how somebody does something |
| relations.NAME.asks | words that ask for what happened, and tell it: "born"; none that name somebody who took part |
| relations.NAME.did | words that ask only after the English "did": "open" alone may ask for the opening hours |
| relations.NAME.tells | what else may tell it: "dead", "tomb" |
| aspects.NAME.asks | words that ask this of a function, a command or a setting; with an X, a whole question about X |
| aspects.NAME.tells | words by which documentation tells it: "yields" |
| things.NAME.asks | patterns, without borders, that ask for a kind of thing: "how heavy"; may be left out |
| things.NAME.perhaps | words that may tell it: "until" a duration; those of a place are prepositions |
| things.NAME.surely | words that tell a price or a version: "free", "latest" |
"""
