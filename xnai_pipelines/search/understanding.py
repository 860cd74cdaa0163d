"""How a question is understood by what an index knows: its words, its titles, and the encoder's vocabulary."""

from dataclasses import replace

from xnai_pipelines.search.hits import Explanation
from xnai_pipelines.search.keyword import option
from xnai_pipelines.search.query import Asked, Filters, asked
from xnai_pipelines.search.scoring import Scoring
from xnai_pipelines.search.spelling import corrected
from xnai_pipelines.search.words import words


def understood(scoring: Scoring, question: str, filters: Filters) -> Asked:
    """Return what is searched for: the question without operators, its misspelt words corrected.

    An excluded word that passages have as an option of a command, "-xzf", is searched for as one.

    Raises:
        QueryError: The question is empty, too long or has no word.
    """
    what, keyword = asked(question, filters), scoring.keyword
    options = [f"-{word}" for word in what.without if option(word) in keyword]
    what = replace(what, text=" ".join([what.text, *options]))
    if not scoring.policy.correct_typos:
        return what
    quoted = {word.text for phrase in what.phrases for word in words(phrase)}
    text, corrections = corrected(
        what.text,
        quoted,
        lambda word: keyword.knows(word) or scoring.encoder.has_word(word),
        keyword.vocabulary,
    )
    return replace(what, text=text, corrections=corrections) if corrections else what


def explanation(scoring: Scoring, what: Asked) -> Explanation:
    """Return how a question is understood."""
    keyword = scoring.keyword
    named = [int(rows[0]) for rows in keyword.titled(what.text) if len(rows)]
    return Explanation(
        asked=what,
        lookups=keyword.lookups(what.text),
        titles=tuple(sorted(path[0] for path in scoring.corpus.values("heading_path", named))),
        familiarity=scoring.familiarity(what.text),
        weight=scoring.weight(what.text, keyword.scores(what.text)),
        reranker=scoring.policy.reranker,
    )
