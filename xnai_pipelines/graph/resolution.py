"""Mentions to entities: which mentions are names, what each names, and by which rule. Pure.

A function of all that was read and of the user's `graph.yaml`; row order does not matter.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from xnai_pipelines.graph.arrays import Bools, Ints
from xnai_pipelines.graph.evidence import DROPPED, named
from xnai_pipelines.graph.forms import Form, form_of
from xnai_pipelines.graph.found import Kind
from xnai_pipelines.graph.merging import (
    ARTICLES,
    INFLECTED,
    Rule,
    Titles,
    acronym_plurals,
    followed,
    independent_words,
    inflections,
    longer_forms,
    one_of,
    plurals,
    words_of_name,
)
from xnai_pipelines.graph.overrides import Overrides
from xnai_pipelines.graph.reading import Reading

NAMES = (Kind.NAME, Kind.TITLE, Kind.WORK)
TERMS = (Kind.TERM, Kind.HEADING)
CODE = (Kind.SYMBOL, Kind.SETTING, Kind.COMMAND)

RULES = tuple(Rule)
_RULE_NUMBER = {rule: at for at, rule in enumerate(RULES)}


@dataclass(frozen=True, slots=True, eq=False)
class Resolved:
    """Mentions with what they name.

    Attributes:
        kept: Which mentions of the reading are kept, bool [m].
        cut: Characters taken off the start of each, int64 [m].
        entity: Index into `keys` of each mention, int64 [m]; -1 if it is not kept.
        keys: Keys of the entities, sorted.
        rule: Index into `RULES` of each mention, int64 [m].
    """

    kept: Bools
    cut: Ints
    entity: Ints
    keys: list[str]
    rule: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Which documents have which pieces, by document: as numbers, int64 [p], and whether as a name, bool [p]."""

    document: Ints
    code: Ints
    is_name: Bools


def resolve(reading: Reading, user: Overrides | None = None) -> Resolved:
    """Return what each mention names; the user's word wins over every rule."""
    user = user or Overrides()
    forms = [form_of(surface) for surface in reading.surfaces]
    cut = named(reading, forms)
    kept = cut != DROPPED
    pieces, piece = _pieces(reading, cut, kept)
    forms_of = [form_of(text) for text in pieces]
    keys = _keys(reading, forms_of, piece, kept)
    if user.stopped:
        stopped = [
            bool({key, form.key, form.qualified} & user.stopped) for key, form in zip(keys, forms_of, strict=True)
        ]
        kept = kept & ~np.array(stopped, dtype=bool)[piece]
    width = max(1, len(pieces))
    pair, inverse = np.unique((reading.document * width + piece)[kept], return_inverse=True)
    is_name = _any(np.isin(reading.kind[kept], _codes(reading, NAMES)), inverse, len(pair))
    pairs = Pairs(pair // width, pair % width, is_name)
    titles = _titles(reading, forms_of, piece, kept)
    barred: set[tuple[str, str]] = set()
    while True:
        targets = [keys[code] for code in pairs.code.tolist()]
        rules = [Rule.FORM] * len(targets)
        for at, (target, by) in _targets(reading, pairs, keys, forms_of, titles, piece, kept, barred):
            targets[at], rules[at] = target, by
        if not (user.aliases or user.apart):
            break
        names_of = [(forms_of[code].qualified, keys[code]) for code in pairs.code.tolist()]
        for at, names in enumerate(names_of):
            targets[at], rules[at] = _by_user(user, barred, names, targets[at], rules[at])
        too_close = _too_close(user, names_of, targets)
        if too_close <= barred:
            break
        barred |= too_close  # what was merged by way of these forms may now be merged with others
    found = sorted(set(targets))
    index = {key: at for at, key in enumerate(found)}
    entity = np.full(len(kept), -1, dtype=np.int64)
    rule = np.full(len(kept), -1, dtype=np.int64)
    entity[kept] = np.array([index[target] for target in targets], dtype=np.int64)[inverse]
    rule[kept] = np.array([_RULE_NUMBER[by] for by in rules], dtype=np.int64)[inverse]
    return Resolved(kept=kept, cut=np.where(kept, cut, 0), entity=entity, keys=found, rule=rule)


def _by_user(
    user: Overrides, barred: Set[tuple[str, str]], names: tuple[str, str], target: str, rule: Rule
) -> tuple[str, Rule]:
    """Return the entity's key and the rule, as the user has it if the user speaks of the form or of the entity."""
    said = next((user.aliases[name] for name in (names[1], target) if name in user.aliases), None)
    if said is not None:
        target, rule = said, Rule.USER
    own = next((name for name in names if (name, target) in barred), None)
    return (target, rule) if own is None else (own, Rule.USER)


def _too_close(user: Overrides, names: Sequence[tuple[str, str]], targets: Sequence[str]) -> set[tuple[str, str]]:
    """Return the forms that have to leave an entity, since it has another form that the user keeps apart from them."""
    entities: dict[str, set[str]] = {name: {name} for pair in user.apart for name in pair}
    for several, target in zip(names, targets, strict=True):
        for name in several:
            if name in entities:
                entities[name].add(target)
    found = set()
    for one, other in (sorted(pair) for pair in user.apart if len(pair) == 2):
        for entity in entities[one] & entities[other]:
            found.add((one if entity == other else other, entity))
    return found


def _codes(reading: Reading, kinds: tuple[Kind, ...] | list[Kind]) -> list[int]:
    return [at for at, kind in enumerate(reading.kinds) if kind in kinds]


def _any(flags: Bools, groups: Ints, size: int) -> Bools:
    """Return for each group whether a flag of it is set."""
    return np.bincount(groups, weights=flags, minlength=size) > 0


def _pieces(reading: Reading, cut: Ints, kept: Bools) -> tuple[list[str], Ints]:
    """Return the distinct surfaces after the cuts, and the one of each mention."""
    pair = reading.surface * (1 + int(cut.max(initial=0))) + np.where(kept, cut, 0)
    distinct, inverse = np.unique(pair, return_inverse=True)
    width = 1 + int(cut.max(initial=0))
    texts = [reading.surfaces[each // width][each % width :] for each in distinct.tolist()]
    pieces = sorted(set(texts))
    rank = {text: at for at, text in enumerate(pieces)}
    return pieces, np.array([rank[text] for text in texts], dtype=np.int64)[inverse]


def _keys(reading: Reading, forms: list[Form], piece: Ints, kept: Bools) -> list[str]:
    """Return the key of each piece: its folded words; of code that differs by case alone, the words as written."""
    codes = set(piece[kept & np.isin(reading.kind, _codes(reading, CODE))].tolist())
    written: dict[str, set[str]] = defaultdict(set)
    for code in codes:
        written[forms[code].key].add(" ".join(forms[code].words))
    differ = {key for key, several in written.items() if len(several) > 1}
    return [" ".join(form.words) if form.key in differ else form.key for form in forms]


def _titles(reading: Reading, forms: list[Form], piece: Ints, kept: Bools) -> Titles:
    is_title = kept & np.isin(reading.kind, _codes(reading, [Kind.TITLE]))
    found = dict(zip(reading.document[is_title].tolist(), piece[is_title].tolist(), strict=True))
    return Titles.from_keys({at: (forms[code].key, forms[code].qualified) for at, code in found.items()})


def _targets(
    reading: Reading,
    pairs: Pairs,
    keys: list[str],
    forms: list[Form],
    titles: Titles,
    piece: Ints,
    kept: Bools,
    barred: Set[tuple[str, str]],
) -> Iterator[tuple[int, tuple[str, Rule]]]:
    """Yield the entity's key, and the rule, of each pair of a document and a piece that a rule may speak of.

    No chain of aliases leads through a form to an entity that the form is barred from.
    """
    names_of: dict[int, set[str]] = defaultdict(set)
    last: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    first: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    words = [words_of_name(key) for key in keys]
    ends = {document: title.rpartition(" ")[2] for document, title in titles.base.items()}
    named = list(zip(pairs.document[pairs.is_name].tolist(), pairs.code[pairs.is_name].tolist(), strict=True))
    for document, code in named:
        names_of[document].add(keys[code])
    for document, code in named:
        if words[code]:  # asked for by a name of one word, and by the title
            opening, ending = words[code][0], words[code][-1]
            if ending in names_of[document] or ending == ends.get(document):
                last[document][ending].add(keys[code])
            if opening in names_of[document]:
                first[document][opening].add(keys[code])
    apart = (independent_words(names_of, last), independent_words(names_of, first))
    local = _stated_aliases(reading, keys, titles, piece, kept)
    longer = {document: longer_forms(last.get(document, {}), own) for document, own in titles.base.items()}
    terms = set(piece[kept & np.isin(reading.kind, _codes(reading, TERMS))].tolist())
    acronyms = {keys[code] for code in terms if "".join(forms[code].words[-1:]).isupper()}
    present = np.unique(pairs.code).tolist()
    written = {(keys[code], forms[code].words[-1]) for code in present if forms[code].words}
    plural = {**acronym_plurals(written), **plurals({keys[code] for code in terms}, acronyms)}
    everywhere = _everywhere(
        pairs,
        keys,
        titles,
        longer=longer,
        local=local,
        plural=plural,
        languages=reading.languages,
    )
    everywhere = {
        alias: to for alias, to in everywhere.items() if (alias, followed(everywhere, alias)[0]) not in barred
    }
    qualified = {title for title in titles.of.values() if title.endswith(")")}
    asked = {*titles.documents, *(alias for _, alias in local), *(key for each in longer.values() for key in each)}
    asked |= everywhere.keys()
    speaks = [bool(form.qualifier) or key in asked for key, form in zip(keys, forms, strict=True)]
    is_word = pairs.is_name & np.array([" " not in key for key in keys], dtype=bool)[pairs.code]
    asked_of = np.flatnonzero(is_word | np.array(speaks, dtype=bool)[pairs.code])
    columns = (pairs.document, pairs.code, pairs.is_name, is_word)
    rows = zip(asked_of.tolist(), *(column[asked_of].tolist() for column in columns), strict=True)
    for at, document, code, is_name, word in rows:
        key = keys[code]
        target, rule = key, Rule.FORM
        own = titles.base.get(document)
        if forms[code].qualifier and forms[code].qualified in qualified:
            target, rule = forms[code].qualified, Rule.FORM
        elif key == own:
            target, rule = titles.of[document], Rule.TITLE
        elif (document, key) in local:
            target, rule = local[document, key]
        elif is_name and key in longer.get(document, ()):
            target, rule = titles.of[document], Rule.LONGER
        elif word:
            target, rule = _within(key, last[document], first[document], apart)
            target = titles.of[document] if target == own else target
        if target == key and rule is Rule.FORM:
            other, by = followed(everywhere, key)
            target, rule = other, by or rule
        if target == key and rule is Rule.FORM and key in titles.documents and not forms[code].qualifier:
            target, rule = _titled(document, key, rule, titles, names_of)
        yield at, (target, rule)


def _within(
    key: str, last: Mapping[str, set[str]], first: Mapping[str, set[str]], apart: tuple[set[str], set[str]]
) -> tuple[str, Rule]:
    """Return the only longer name of the document that ends or begins with the word."""
    for longer, independent, rule in ((last, apart[0], Rule.SURNAME), (first, apart[1], Rule.GIVEN_NAME)):
        if key not in independent:
            only = one_of(longer.get(key, ()))
            if only is not None:
                return only, rule
    return key, Rule.FORM


def _titled(document: int, key: str, rule: Rule, titles: Titles, names_of: Mapping[int, set[str]]) -> tuple[str, Rule]:
    """Return the title that a form means: the only one, or the one whose document has most names in common."""
    qualified = sorted({titles.of[at] for at in titles.documents[key]})
    if qualified == [key]:
        return key, rule
    if len(qualified) == 1:
        return qualified[0], Rule.QUALIFIED
    here = names_of[document] - {key}
    shared: dict[str, int] = defaultdict(int)
    for at in titles.documents[key]:
        shared[titles.of[at]] = max(shared[titles.of[at]], len(here & names_of[at]))
    best = max(shared.values())
    only = one_of(title for title, n in shared.items() if n == best)
    return (only, Rule.QUALIFIED) if best and only is not None else (key, rule)


def _stated_aliases(
    reading: Reading, keys: list[str], titles: Titles, piece: Ints, kept: Bools
) -> dict[tuple[int, str], tuple[str, Rule]]:
    """Return what a document itself says of its forms: acronyms in brackets, "also known as"."""
    found: dict[tuple[int, str], tuple[str, Rule]] = {}
    document_of = reading.document
    for name, rule in (("also_called", Rule.ALIAS), ("abbreviates", Rule.ACRONYM)):
        if name not in reading.relations:
            continue
        for at in np.flatnonzero(reading.relation == reading.relations.index(name)).tolist():
            subject, other = int(reading.subject[at]), int(reading.object[at])
            document = int(document_of[other])
            if not kept[other] or (subject >= 0 and rule is Rule.ACRONYM and not kept[subject]):
                continue
            if rule is Rule.ACRONYM:
                alias, target = keys[piece[subject]], keys[piece[other]]
            else:
                spoken_of = subject < 0 or not kept[subject]
                target = titles.base.get(document, "") if spoken_of else keys[piece[subject]]
                alias = keys[piece[other]]
            if target == titles.base.get(document):
                target = titles.of[document]
            if target and alias != target:
                found.setdefault((document, alias), (target, rule))
    return found


def _everywhere(
    pairs: Pairs,
    keys: list[str],
    titles: Titles,
    *,
    longer: Mapping[int, set[str]],
    local: Mapping[tuple[int, str], tuple[str, Rule]],
    plural: Mapping[str, tuple[str, Rule]],
    languages: Sequence[str],
) -> dict[str, tuple[str, Rule]]:
    """Return the aliases that hold in every document: those that all documents which state one agree on."""
    stated: dict[str, set[tuple[str, Rule]]] = defaultdict(set)
    for (_, alias), said in local.items():
        stated[alias].add(said)
    for document, forms in longer.items():
        for key in forms:
            stated[key].add((titles.of[document], Rule.LONGER))
    agreed: dict[str, tuple[str, Rule]] = {}
    for alias, targets in stated.items():
        only = one_of(target for target, _ in targets)
        if only is not None and alias not in titles.documents:
            agreed[alias] = (only, min(rule for _, rule in targets))
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    inflected = np.array([language in INFLECTED for language in languages], dtype=bool)
    mine = pairs.is_name & inflected[pairs.document]
    for document, code in zip(pairs.document[mine].tolist(), pairs.code[mine].tolist(), strict=True):
        counts[languages[document]][keys[code]] += 1
    for found in (plural, *(inflections(names, language) for language, names in counts.items())):
        for alias, to in found.items():
            if alias not in titles.documents:
                agreed.setdefault(alias, to)
    agreed.update(_without_articles({keys[code] for code in np.unique(pairs.code).tolist()}, titles, agreed))
    return agreed


def _without_articles(
    known: Set[str], titles: Titles, agreed: Mapping[str, tuple[str, Rule]]
) -> dict[str, tuple[str, Rule]]:
    """Return the forms that are another one without its article; none if several titles are: "Das Boot", "The Boot"."""
    articled: dict[str, list[str]] = defaultdict(list)
    for key in sorted(key for key in known - agreed.keys() if key.partition(" ")[0] in ARTICLES):
        rest = key.partition(" ")[2]
        if rest in known and rest not in agreed:
            articled[rest].append(key)
    found = {}
    for rest, forms in articled.items():
        titled = [key for key in forms if key in titles.documents]
        if titled and rest not in titles.documents:
            if len(titled) == 1:
                found[rest] = (titled[0], Rule.ARTICLE)
        else:
            found.update({key: (rest, Rule.ARTICLE) for key in forms if key not in titles.documents})
    return found
