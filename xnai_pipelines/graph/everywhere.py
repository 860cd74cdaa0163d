"""What forms mean in every document, by what the corpus has of them. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Self

from xnai_pipelines.graph.counts import Count, Counts
from xnai_pipelines.graph.forms import form_of
from xnai_pipelines.graph.merging import ARTICLES, Rule, acronym_plurals, followed, inflections, one_of, plurals
from xnai_pipelines.graph.namesakes import namesakes


@dataclass(frozen=True, slots=True, eq=False)
class Naming:
    """What the corpus says of forms.

    Attributes:
        independent: Words that are names of their own, beside names that end with them, and that begin with them.
        titled: Documents with this title, by key: the id and the title with its qualifier.
        aliases: What a form stands for in every document, by one step, and the rule.
        namesakes: Facts of names that cannot all be of one bearer, by key and the id of the document.
    """

    independent: tuple[Set[str], Set[str]]
    titled: Mapping[str, Collection[tuple[str, str]]]
    aliases: Mapping[str, tuple[str, Rule]]
    namesakes: Mapping[str, Mapping[str, frozenset[str]]]

    @classmethod
    def of(cls, counts: Counts, by_case: Set[str]) -> Self:
        """Return what counts say; `by_case` are the forms of code that differ by case alone."""
        titled: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for key, value in counts.pairs(Count.TITLE):
            document, _, title = value.partition(" ")
            titled[key].append((document, title))
        last, first = (
            {word for word, n in counts.numbers(kind).items() if n > 0} for kind in (Count.LAST, Count.FIRST)
        )
        aliases = _aliases(counts, by_case, titled.keys())
        return cls((last, first), titled, aliases, namesakes(counts.pairs(Count.FACT)))

    def said_of(self, key: str) -> tuple[object, ...]:
        """Return all that decides what a form with this key, or of documents with this title, means."""
        alone = (key in words for words in self.independent)
        return *alone, sorted(self.titled.get(key, ())), followed(self.aliases, key), self.namesakes.get(key)

    def is_ambiguous(self, key: str) -> bool:
        """Return whether documents with different titles, or facts, have this one without its qualifier."""
        return key in self.namesakes or len({title for _, title in self.titled.get(key, ())}) > 1

    def compared(self, key: str) -> set[str]:
        """Return the documents whose names decide what an ambiguous form means."""
        return {document for document, _ in self.titled.get(key, ())} | set(self.namesakes.get(key, ()))


def _aliases(counts: Counts, by_case: Set[str], titled: Set[str]) -> dict[str, tuple[str, Rule]]:
    """Return the aliases that hold in every document: those that all documents which state one agree on."""
    stated: dict[str, set[tuple[str, Rule]]] = defaultdict(set)
    for alias, value in counts.pairs(Count.ALIAS):
        rule, _, target = value.partition("\x1f")
        stated[alias].add((target, Rule(rule)))
    agreed: dict[str, tuple[str, Rule]] = {}
    for alias, targets in stated.items():
        only = one_of(target for target, _ in targets)
        if only is not None and alias not in titled:
            agreed[alias] = (only, min(rule for _, rule in targets))
    capitals, ends = counts.keys(Count.CAPITALS), counts.keys(Count.PLURAL)
    plural = {**acronym_plurals(capitals, ends), **plurals(counts.keys(Count.TERM), counts.keys(Count.ACRONYM))}
    for found in (plural, *_inflections(counts)):
        for alias, to in found.items():
            if alias not in titled:
                agreed.setdefault(alias, to)
    agreed.update(_without_articles(_known(counts, by_case), titled, agreed))
    return agreed


def _inflections(counts: Counts) -> Iterable[dict[str, tuple[str, Rule]]]:
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    rows = counts.of(Count.NAME)
    for name, group, n in zip(*(rows[column].to_pylist() for column in ("key", "value", "n")), strict=True):
        groups[group][name] = n
    return (inflections(groups[group]) for group in sorted(groups))


def _known(counts: Counts, by_case: Set[str]) -> set[str]:
    """Return the keys of all forms."""
    known = counts.keys(Count.FORM)
    mine = known & by_case
    written = {" ".join(form_of(text).words) for text in counts.values(Count.FORM, mine)}
    return (known - mine) | written


def _without_articles(
    known: Set[str], titled: Set[str], agreed: Mapping[str, tuple[str, Rule]]
) -> dict[str, tuple[str, Rule]]:
    """Return the forms that are another one without its article; none if several titles are: "Das Boot", "The Boot"."""
    articled: dict[str, list[str]] = defaultdict(list)
    begins = tuple(f"{article} " for article in ARTICLES)
    for key in sorted(key for key in known - agreed.keys() if key.startswith(begins)):
        rest = key.partition(" ")[2]
        if rest in known and rest not in agreed:
            articled[rest].append(key)
    found = {}
    for rest, forms in articled.items():
        mine = [key for key in forms if key in titled]
        if mine and rest not in titled:
            if len(mine) == 1:
                found[rest] = (mine[0], Rule.ARTICLE)
        else:
            found.update({key: (rest, Rule.ARTICLE) for key in forms if key not in titled})
    return found
