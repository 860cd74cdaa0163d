"""Mentions to entities: which mentions are names, what each names, and by which rule. Pure.

A function of all that was read and of the user's `graph.yaml`; row order does not matter. What a mention names depends
on its document, on the documents with its title, and on counts of the corpus; so part of the mentions can be resolved.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np

from xnai_pipelines.graph.arrays import Bools, Ints
from xnai_pipelines.graph.counts import Counts
from xnai_pipelines.graph.everywhere import Naming
from xnai_pipelines.graph.evidence import Spelling, spelling_counts
from xnai_pipelines.graph.merging import Rule, followed, one_of
from xnai_pipelines.graph.namesakes import Bearers
from xnai_pipelines.graph.overrides import Overrides
from xnai_pipelines.graph.reading import Reading
from xnai_pipelines.graph.within import DocumentForms, naming_counts
from xnai_pipelines.graph.written import WrittenForms, forms_of

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

    def where(self, mask: Bools) -> "Resolved":
        """Return the same with those mentions only that the mask keeps."""
        return replace(self, kept=self.kept & mask)


def resolve(reading: Reading, user: Overrides | None = None) -> Resolved:
    """Return what each mention names; the user's word wins over every rule."""
    return resolve_and_count(reading, user or Overrides())[0]


def resolve_and_count(reading: Reading, user: Overrides) -> tuple[Resolved, Counts]:
    """Return what each mention of a corpus names, and the counts that this rests on."""
    forms = forms_of(reading)
    counts = spelling_counts(reading, forms)
    spelling = Spelling.of(counts)
    written = WrittenForms.of(reading, forms, spelling, user)
    within = DocumentForms.of(written)
    counts |= naming_counts(written, within)
    return resolve_by(written, within, Naming.of(counts, spelling.by_case), user), counts


def resolve_by(written: WrittenForms, within: DocumentForms, naming: Naming, user: Overrides) -> Resolved:
    """Return what each mention of some documents names, by what the corpus says of forms.

    Documents that share their title without its qualifier with one of these have to be among them. Forms that the user
    keeps apart are looked for in these documents only.
    """
    keys, kept = written.keys, written.kept
    barred: set[tuple[str, str]] = set()
    while True:
        targets = [keys[code] for code in written.code.tolist()]
        rules = [Rule.FORM] * len(targets)
        for at, (target, by) in _targets(written, within, naming, barred):
            targets[at], rules[at] = target, by
        if not (user.aliases or user.apart):
            break
        names_of = [(written.forms[code].qualified, keys[code]) for code in written.code.tolist()]
        for at, names in enumerate(names_of):
            targets[at], rules[at] = _by_user(user, barred, names, targets[at], rules[at])
        too_close = _too_close(user, names_of, targets)
        if too_close <= barred:
            break
        barred |= too_close  # what was merged by way of these forms may now be merged with others
    for at, target in _apart(written, within, naming, targets):
        if rules[at] is not Rule.USER:
            targets[at], rules[at] = target, Rule.NAMESAKE if rules[at] is Rule.FORM else rules[at]
    found = sorted(set(targets))
    index = {key: at for at, key in enumerate(found)}
    entity = np.full(len(kept), -1, dtype=np.int64)
    rule = np.full(len(kept), -1, dtype=np.int64)
    entity[kept] = np.array([index[target] for target in targets], dtype=np.int64)[written.pair]
    rule[kept] = np.array([_RULE_NUMBER[by] for by in rules], dtype=np.int64)[written.pair]
    return Resolved(kept=kept, cut=written.cut, entity=entity, keys=found, rule=rule)


def _apart(
    written: WrittenForms, within: DocumentForms, naming: Naming, targets: Sequence[str]
) -> Iterator[tuple[int, str]]:
    """Yield the entity's key of each pair of a document and a form that names another bearer than most documents do.

    Documents that say something of an ambiguous name have to be among those that are resolved.
    """
    identities = written.reading.document_ids
    place = {identity: at for at, identity in enumerate(identities)} if naming.namesakes else {}
    bearers: dict[str, Bearers] = {}
    for at, (document, target) in enumerate(zip(written.document.tolist(), targets, strict=True)):
        if target not in naming.namesakes:
            continue
        if target not in bearers:
            said = {place[one]: facts for one, facts in naming.namesakes[target].items() if one in place}
            bearers[target] = Bearers.of(target, said, within.names)
        key = bearers[target].key(document, within.names[document])
        if key != target:
            yield at, key


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


def _targets(
    written: WrittenForms, within: DocumentForms, naming: Naming, barred: Set[tuple[str, str]]
) -> Iterator[tuple[int, tuple[str, Rule]]]:
    """Yield the entity's key, and the rule, of each pair of a document and a form that a rule may speak of.

    No chain of aliases leads through a form to an entity that the form is barred from.
    """
    keys, forms, titles, last, first = written.keys, written.forms, written.titles, within.last, within.first
    aliases = naming.aliases
    if barred:
        aliases = {alias: to for alias, to in aliases.items() if (alias, followed(aliases, alias)[0]) not in barred}
    qualified = [
        bool(form.qualifier) and any(title == form.qualified for _, title in naming.titled.get(form.key, ()))
        for form in forms
    ]
    place = {identity: at for at, identity in enumerate(written.reading.document_ids)} if naming.titled else {}
    asked = {*naming.titled, *(alias for _, alias in within.stated), *aliases}
    asked.update(key for longer in within.longer.values() for key in longer)
    speaks = [bool(form.qualifier) or key in asked for key, form in zip(keys, forms, strict=True)]
    is_word = written.is_name & np.array([" " not in key for key in keys], dtype=bool)[written.code]
    asked_of = np.flatnonzero(is_word | np.array(speaks, dtype=bool)[written.code])
    columns = (written.document, written.code, written.is_name, is_word)
    rows = zip(asked_of.tolist(), *(column[asked_of].tolist() for column in columns), strict=True)
    for at, document, code, is_name, word in rows:
        key = keys[code]
        target, rule = key, Rule.FORM
        own, title = titles.get(document, (None, ""))
        if qualified[code]:
            target, rule = forms[code].qualified, Rule.FORM
        elif key == own:
            target, rule = title, Rule.TITLE
        elif (document, key) in within.stated:
            target, rule = within.stated[document, key]
        elif is_name and key in within.longer.get(document, ()):
            target, rule = title, Rule.LONGER
        elif word:
            target, rule = _within(key, last[document], first[document], naming.independent)
            target = title if target == own else target
        if target == key and rule is Rule.FORM:
            other, by = followed(aliases, key)
            target, rule = other, by or rule
        if target == key and rule is Rule.FORM and key in naming.titled and not forms[code].qualifier:
            titled = [(place.get(identity, -1), title) for identity, title in naming.titled[key]]
            target, rule = _titled(document, key, titled, within.names)
        yield at, (target, rule)


def _within(
    key: str, last: Mapping[str, set[str]], first: Mapping[str, set[str]], apart: tuple[Set[str], Set[str]]
) -> tuple[str, Rule]:
    """Return the only longer name of the document that ends or begins with the word."""
    for longer, independent, rule in ((last, apart[0], Rule.SURNAME), (first, apart[1], Rule.GIVEN_NAME)):
        if key not in independent:
            only = one_of(longer.get(key, ()))
            if only is not None:
                return only, rule
    return key, Rule.FORM


def _titled(
    document: int, key: str, titled: Sequence[tuple[int, str]], names_of: Mapping[int, set[str]]
) -> tuple[str, Rule]:
    """Return the title that a form means: the only one, or the one whose document has most names in common."""
    qualified = sorted({title for _, title in titled})
    if qualified == [key]:
        return key, Rule.FORM
    if len(qualified) == 1:
        return qualified[0], Rule.QUALIFIED
    here = names_of[document] - {key}
    shared: dict[str, int] = defaultdict(int)
    for at, title in titled:
        shared[title] = max(shared[title], len(here & names_of[at]))
    best = max(shared.values())
    only = one_of(title for title, n in shared.items() if n == best)
    return (only, Rule.QUALIFIED) if best and only is not None else (key, Rule.FORM)
