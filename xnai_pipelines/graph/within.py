"""What each document says of its own forms, and what that adds to the counts of the corpus. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from xnai_pipelines.graph.arrays import tallied
from xnai_pipelines.graph.counts import Count, Counts, counted, counted_pairs
from xnai_pipelines.graph.evidence import is_kind
from xnai_pipelines.graph.found import Kind
from xnai_pipelines.graph.merging import INFLECTED, Rule, alone, longer_forms, one_of, stems, words_of_name
from xnai_pipelines.graph.written import WrittenForms

TERMS = (Kind.TERM, Kind.HEADING)

ByWord = Mapping[int, Mapping[str, set[str]]]


@dataclass(frozen=True, slots=True, eq=False)
class DocumentForms:
    """The forms of each document.

    Attributes:
        names: Keys of its names.
        last, first: Its longer names by their last or first word, of words that are names of it, or end its title.
        longer: Longer forms of its title.
        stated: What it says that a form stands for, and the rule.
        facts: What it says of the bearer of a name, by document and key.
    """

    names: Mapping[int, set[str]]
    last: ByWord
    first: ByWord
    longer: Mapping[int, set[str]]
    stated: Mapping[tuple[int, str], tuple[str, Rule]]
    facts: Mapping[tuple[int, str], frozenset[str]]

    @classmethod
    def of(cls, written: WrittenForms) -> Self:
        """Return the forms of the documents of a reading."""
        keys = written.keys
        names: dict[int, set[str]] = defaultdict(set)
        last: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        first: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        words = [words_of_name(key) for key in keys]
        ends = {document: base.rpartition(" ")[2] for document, (base, _) in written.titles.items()}
        documents, codes = (column[written.is_name].tolist() for column in (written.document, written.code))
        for document, code in zip(documents, codes, strict=True):
            names[document].add(keys[code])
        for document, code in zip(documents, codes, strict=True):
            if words[code]:  # asked for by a name of one word, and by the title
                opening, ending = words[code][0], words[code][-1]
                if ending in names[document] or ending == ends.get(document):
                    last[document][ending].add(keys[code])
                if opening in names[document]:
                    first[document][opening].add(keys[code])
        longer = {at: longer_forms(last.get(at, {}), base) for at, (base, _) in written.titles.items()}
        return cls(names, last, first, longer, _stated(written), _facts(written, names, last, first))


def _facts(
    written: WrittenForms, names: Mapping[int, set[str]], last: ByWord, first: ByWord
) -> dict[tuple[int, str], frozenset[str]]:
    """Return the facts of each name of a document; those of a surname alone are of the only longer name there."""
    reading, found = written.reading, defaultdict(set)
    known = set(zip(written.document.tolist(), (written.keys[code] for code in written.code.tolist()), strict=True))
    rows = zip(reading.fact_document.tolist(), reading.fact_subject.tolist(), reading.facts, strict=True)
    for document, subject, fact in rows:
        base, title = written.titles.get(document, ("", ""))
        key = base if subject < 0 or not written.kept[subject] else written.keys[written.piece[subject]]
        longer = one_of(last[document].get(key, ())) or one_of(first[document].get(key, ()))
        key = title if key == base else longer or key
        if (document, key) in known or key in names[document]:
            found[document, key].add(fact)
    return {of: frozenset(said) for of, said in found.items()}


def _stated(written: WrittenForms) -> dict[tuple[int, str], tuple[str, Rule]]:
    """Return what documents say of their forms: acronyms in brackets, "also known as"."""
    found: dict[tuple[int, str], tuple[str, Rule]] = {}
    reading, keys, piece, kept = written.reading, written.keys, written.piece, written.kept
    document_of = reading.document
    for name, rule in (("also_called", Rule.ALIAS), ("abbreviates", Rule.ACRONYM)):
        if name not in reading.relations:
            continue
        for at in np.flatnonzero(reading.relation == reading.relations.index(name)).tolist():
            subject, other = int(reading.subject[at]), int(reading.object[at])
            document = int(document_of[other])
            if not kept[other] or (subject >= 0 and rule is Rule.ACRONYM and not kept[subject]):
                continue
            base, title = written.titles.get(document, ("", ""))
            if rule is Rule.ACRONYM:
                alias, target = keys[piece[subject]], keys[piece[other]]
            else:
                target = base if subject < 0 or not kept[subject] else keys[piece[subject]]
                alias = keys[piece[other]]
            target = title if target == base else target
            if target and alias != target:
                found.setdefault((document, alias), (target, rule))
    return found


def naming_counts(written: WrittenForms, within: DocumentForms) -> Counts:
    """Return what a reading adds to what names mean in all documents."""
    keys, forms, reading = written.keys, written.forms, written.reading
    present = list(tallied(written.code))
    of_form = ((forms[code].key, written.texts[code], n) for code, n in present)
    titles = ((base, f"{reading.document_ids[at]} {title}", 1) for at, (base, title) in written.titles.items())
    aliases = Counter((alias, f"{rule}\x1f{target}") for (_, alias), (target, rule) in within.stated.items())
    for document, longer in within.longer.items():
        aliases.update((key, f"{Rule.LONGER}\x1f{written.titles[document][1]}") for key in longer)
    terms: Counter[str] = Counter()
    acronyms: Counter[str] = Counter()
    for code, n in tallied(written.piece[written.kept & is_kind(reading, TERMS)]):
        terms[keys[code]] += n
        acronyms[keys[code]] += n * "".join(forms[code].words[-1:]).isupper()
    capitals: Counter[str] = Counter()
    plurals: Counter[str] = Counter()
    for code, n in present:
        word = "".join(forms[code].words[-1:])
        capitals[keys[code]] += n * word.isupper()
        plurals[keys[code]] += n * (len(word) > 2 and word.endswith("s") and word[:-1].isupper())
    return (
        counted_pairs(Count.FORM, of_form)
        | counted_pairs(Count.TITLE, titles)
        | counted(Count.LAST, alone(within.names, within.last))
        | counted(Count.FIRST, alone(within.names, within.first))
        | counted_pairs(Count.FACT, _facts_of_names(within, reading.document_ids))
        | counted_pairs(Count.ALIAS, ((*pair, n) for pair, n in aliases.items()))
        | counted(Count.TERM, terms)
        | counted(Count.ACRONYM, acronyms)
        | counted(Count.CAPITALS, capitals)
        | counted(Count.PLURAL, plurals)
        | counted_pairs(Count.NAME, _inflected(written))
    )


def _facts_of_names(within: DocumentForms, document_ids: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    for (document, key), said in within.facts.items():
        for fact in said:
            yield key, f"{document_ids[document]} {fact}", 1


def _inflected(written: WrittenForms) -> Iterator[tuple[str, str, int]]:
    """Yield the names in languages with case endings, with their language and stems."""
    languages = written.reading.languages
    inflected = np.array([language in INFLECTED for language in languages], dtype=bool)
    mine = written.is_name & inflected[written.document]
    found: Counter[tuple[str, str]] = Counter()
    for document, code in zip(written.document[mine].tolist(), written.code[mine].tolist(), strict=True):
        found[written.keys[code], languages[document]] += 1
    for (key, language), n in found.items():
        yield key, f"{language} {stems(key, language)}", n
