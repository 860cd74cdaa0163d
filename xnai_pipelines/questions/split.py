"""Splits questions into train, validation and test by document: no document is in two splits."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from xnai_pipelines.questions.question import Origin, Question, Split

SHARES = {Split.TRAIN: 0.4, Split.VALIDATION: 0.1, Split.TEST: 0.5}


@dataclass(slots=True)
class _Component:
    """Questions that share documents, directly or through others."""

    questions: list[Question]
    position: float  # in [0, 1), where the shares follow each other from train to test
    split: Split

    def count(self, origin: Origin) -> int:
        return sum(question.origin is origin for question in self.questions)


def split_by_document(questions: Sequence[Question], seed: int) -> tuple[Question, ...]:
    """Return the questions in order, each with a split.

    Documents connected by a question stay together. A component's split follows from a hash of its smallest document
    id. New questions therefore do not move others, unless they connect two components. Given splits are kept. A
    question without a split joins the most held-out split that it is connected to.

    A component cannot be divided, and a large one may land in train. If the test split has less than half its share, it
    is therefore filled up with whole components, the nearest first. What cannot be divided is tested, not trained on.

    Args:
        questions: Labelled and generated questions together, because they share documents.
        seed: Seed of the division.
    """
    free, split_of = [], {}
    for group in _connected(questions):
        given = [question.split for question in group if question.split]
        if given:
            joined = max(given, key=list(Split).index)
            split_of.update({question.question_id: question.split or joined for question in group})
        else:
            free.append(_placed(group, seed))
    for origin in Origin:
        tested = sum(
            split_of.get(question.question_id) is Split.TEST for question in questions if question.origin is origin
        )
        _fill_test(free, origin, tested)
    for component in free:
        split_of.update({question.question_id: component.split for question in component.questions})
    return tuple(replace(question, split=split_of[question.question_id]) for question in questions)


def _connected(questions: Iterable[Question]) -> list[list[Question]]:
    """Return the questions grouped by connected documents, by union-find with path halving."""
    parent: dict[str, str] = {}

    def root(document_id: str) -> str:
        parent.setdefault(document_id, document_id)
        while parent[document_id] != document_id:
            parent[document_id] = parent[parent[document_id]]
            document_id = parent[document_id]
        return document_id

    asked = [(question, sorted(question.document_ids)) for question in questions]
    for _, (first, *others) in asked:
        for other in others:
            # The smaller id becomes the root, so the root is the component's smallest document id.
            low, high = sorted((root(first), root(other)))
            parent[high] = low
    groups: dict[str, list[Question]] = {}
    for question, (first, *_) in asked:
        groups.setdefault(root(first), []).append(question)
    return list(groups.values())


def _placed(questions: list[Question], seed: int) -> _Component:
    smallest = min(min(question.document_ids) for question in questions)
    digest = hashlib.sha256(f"{seed}\0{smallest}".encode()).digest()
    position = int.from_bytes(digest[:8]) / 2**64
    edge = 0.0
    for split in Split:
        edge += SHARES[split]
        if position < edge:
            return _Component(questions, position, split)
    return _Component(questions, position, Split.TEST)  # rounding error of the shares


def _fill_test(components: list[_Component], origin: Origin, tested: int) -> None:
    """Move components to the test split until it has half its share of the questions of this origin."""
    asked = tested + sum(component.count(origin) for component in components)
    tested += sum(component.count(origin) for component in components if component.split is Split.TEST)
    for component in sorted(components, key=lambda component: component.position, reverse=True):
        if tested >= asked * SHARES[Split.TEST] / 2:
            return
        if component.split is not Split.TEST and component.count(origin):
            component.split = Split.TEST
            tested += component.count(origin)
