"""The size from which a change matters: in a large corpus every difference is significant, but few explain anything."""

# Probability that a report finds drift of documents or questions if there is none. Its tests share it evenly.
FALSE_ALARMS = 0.02

# Cosine distance of centroids, corrected for noise. XQuAD's questions under MiniLM: 0.015 if a tenth of them change
# from English to Russian, 0.1 for other articles, 0.9 if all are Russian.
CENTROID = 0.02
# Kolmogorov-Smirnov: share of the texts that moved across one distance from the release's centroid.
DISTANCES = 0.15
# Total variation distance: share of the documents or questions that are of another kind. With an accuracy of 0.7 on the
# old kind and 0 on the new one it costs 0.035, more than the tolerated drop of 0.02.
MIX = 0.05
# Share of new words beyond the share of words that texts of the release have in no other text.
NEW_WORDS = 0.05
# Growth that alone makes search harder: half as many documents more compete for the same ranks, and at least 10.
GROWTH = 1.5
GROWTH_DOCUMENTS = 10

# Mean cosine of the canary's vectors to those of the release. In full precision, processors differ in the last bits.
# 8-bit kernels differ more, up to the 0.006 by which MiniLM's 8-bit canary differs from fp32.
CANARY_EXACT = 0.9999
CANARY_QUANTIZED = 0.99
# Mean cosine of a sample of stored vectors to those that the encoder computes now.
STORED = 0.98
# Recall of the ten exact neighbours. A sound index has more.
INDEX_RECALL = 0.95
# Share of chunks without a vector, of vectors without a chunk, or of vectors that are zero or not finite.
INDEX_ROWS = 0.01
# Share of labelled questions whose documents are all gone. Each counts 0 in every metric, so half of this share already
# is the tolerated drop of 0.02.
VANISHED = 0.05
# Gain in nDCG@10 by which another ranking policy has to be better. It is chosen among 21 on the same questions.
POLICY_GAIN = 0.01
