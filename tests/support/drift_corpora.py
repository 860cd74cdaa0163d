"""Corpora of two languages as vectors and words: topics are directions, a document lies near one of them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from xnai_pipelines.autonomy.drift.canary import CanaryResult
from xnai_pipelines.autonomy.drift.faults import IndexCheck, LabelCheck
from xnai_pipelines.autonomy.drift.profile import Profile, TextBlock, TextKind, text_profile

DIMENSION = 64
TOPICS = 20
HEALTHY_INDEX = IndexCheck(100, 0.99, 1000, 0, 0, 0.999)
HEALTHY_LABELS = LabelCheck(0, 150, 0)

_random = np.random.default_rng(11)
_TOPICS = {language: _random.normal(size=(TOPICS, DIMENSION)) + 1 for language in ("en", "fr", "de")}
# An encoder of English puts all Russian into one corner.
_TOPICS["ru"] = _random.normal(size=(TOPICS, DIMENSION)) * 0.3 + np.linspace(-2, 2, DIMENSION)
_LETTERS = {"en": "abcdefghij", "fr": "kéèmnoàpqr", "de": "stuvwxyzäö", "ru": "абвгдежзик"}
_WEIGHTS = 1 / np.arange(1, 1001)


@dataclass(frozen=True)
class Corpus:
    passages: TextBlock
    documents: list[TextKind]
    questions: TextBlock
    asked: list[TextKind]


def corpus(seed, documents=120, language="en", media_type="text/plain", topics=range(TOPICS)):
    """Return documents of two passages and, of each, one question or two."""
    random = np.random.default_rng(seed)
    owners, passages, asked, vectors, question_vectors = [], [], [], [], []
    names, questions = [], []
    for number in range(documents):
        owner = f"{language}/{seed}/{number}"
        topic = int(random.choice(list(topics)))
        names.append(owner)
        for _ in range(2):
            owners.append(owner)
            passages.append(_text(random, language, topic, 40))
            vectors.append(_near(random, language, topic))
        for _ in range(int(random.integers(1, 3))):
            asked.append(owner)
            questions.append(_text(random, language, topic, 9))
            question_vectors.append(_near(random, language, topic))
    return Corpus(
        TextBlock(owners, passages, np.array(vectors, dtype=np.float32).reshape(-1, DIMENSION)),
        [TextKind(name, language, media_type) for name in names],
        TextBlock(asked, questions, np.array(question_vectors, dtype=np.float32).reshape(-1, DIMENSION)),
        [TextKind(name, language, media_type) for name in asked],
    )


def joined(*corpora):
    """Return corpora as one."""
    return Corpus(
        _blocks([one.passages for one in corpora]),
        [kind for one in corpora for kind in one.documents],
        _blocks([one.questions for one in corpora]),
        [kind for one in corpora for kind in one.asked],
    )


def profile(of, reference=None, canary=None, release=3):
    """Return the profile of a corpus, taken against a reference."""
    return Profile(
        release=release,
        taken_at=datetime(2026, 5, 1 if reference is None else 9, 2, tzinfo=UTC),
        documents=text_profile([of.passages], of.documents, reference and reference.documents),
        questions=text_profile([of.questions], of.asked, reference and reference.questions),
        document_count=len(of.documents),
        canary=canary,
    )


def canary(seed=5, noise=0.0, exact=False):
    """Return canary vectors, the same for every call but for noise."""
    random = np.random.default_rng(seed)
    passages = random.normal(size=(24, DIMENSION))
    questions = passages + 0.3 * random.normal(size=(24, DIMENSION))
    passages, questions = (one + noise * random.normal(size=one.shape) for one in (passages, questions))
    return CanaryResult(passages.astype(np.float32), questions.astype(np.float32), exact, "texts")


def with_canary(of, result):
    """Return a profile with another canary."""
    return replace(of, canary=result)


def _text(random, language, topic, words):
    # The frequent words are those of the language, the others of the topic.
    ranks = random.choice(1000, size=words, p=_WEIGHTS / _WEIGHTS.sum())
    return " ".join(_word(language, rank if rank < 50 else 1000 * (topic + 1) + rank) for rank in ranks.tolist())


def _word(language, number):
    return "".join(_LETTERS[language][int(digit)] for digit in str(number))


def _near(random, language, topic):
    return _TOPICS[language][topic] + random.normal(size=DIMENSION)


def _blocks(blocks):
    return TextBlock(
        [owner for block in blocks for owner in block.owners],
        [text for block in blocks for text in block.texts],
        np.concatenate([block.vectors for block in blocks]),
    )
