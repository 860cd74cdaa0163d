"""From which size on a change matters: in a large corpus every difference is significant, and few explain anything."""

# Chance that a report finds drift of documents or questions where there is none; its tests share it evenly.
FALSE_ALARMS = 0.02

# Cosine distance of centroids, noise taken off. XQuAD's questions under MiniLM: 0.015 where a tenth of them is Russian
# and was English, 0.1 where the articles are other ones, 0.9 where all are Russian.
CENTROID = 0.02
# Kolmogorov-Smirnov: this share of the texts moved across one distance from the release's centroid.
DISTANCES = 0.15
# Total variation distance: this share of the documents or questions is of another kind. With an accuracy of 0.7 on the
# old kind and none on the new one it costs 0.035, more than the 0.02 by which accuracy may fall.
MIX = 0.05
# Share of words that are new, beyond the share that texts of the release have of words in no other text.
NEW_WORDS = 0.05
# Growth that alone makes search harder: half as many documents again compete for the same ranks, and at least so many.
GROWTH = 1.5
GROWTH_DOCUMENTS = 10

# The encoder computes the same vectors for the canary as at the release. In full precision processors differ in the
# last bits. 8-bit kernels differ more, and may differ as much as MiniLM's 8-bit canary does from fp32, by 0.006.
CANARY_EXACT = 0.9999
CANARY_QUANTIZED = 0.99
# The same for a sample of the table's vectors against what the encoder makes of their texts now.
STORED = 0.98
# Of the ten exact neighbours; an index in order finds more.
INDEX_RECALL = 0.95
# Share of the chunks without a vector, or of vectors without a chunk, or that are no numbers.
INDEX_ROWS = 0.01
# Share of the chunks that the keyword index does not know yet.
KEYWORD_ROWS = 0.1
# Share of the labelled questions that no document answers any more. Each counts 0 in every metric, so half of this
# already is the fall of 0.02 that is tolerated.
VANISHED = 0.05
