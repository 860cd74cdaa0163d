"""Whether what is said of two bearers of a name can be said of one. Pure.

Some things cannot be: to be a person and a river, or to be born twice. Others are unlikely, and two of them are taken
for a contradiction: to work in science and in sport, and to be French and Canadian.
"""

from collections.abc import Mapping, Set

from xnai_pipelines.graph.kinds import CODE, PERSON, SETTLEMENT

BORN, DIED, IS, LIES, NATION, TENSE = "born", "died", "is a", "lies in", "of nation", "in"
PAST, PRESENT, THING = "past", "present", "thing"  # a thing is no person
ALL_LIVES = 130  # years: nobody lives longer
SPREAD = 3  # years by which sources differ on one life
UNLIKELY = 2  # signs that together say that two are not one

Said = Mapping[str, Set[str]]


def conflict(one: Set[str], other: Set[str]) -> bool:
    """Return whether two sets of facts cannot be of one bearer of a name."""
    mine, theirs = _parts(one), _parts(other)
    return _is_impossible(mine, theirs) or sum(_unlikely(mine, theirs)) >= UNLIKELY


def _is_impossible(mine: Said, theirs: Said) -> bool:
    kinds, others = _kinds(mine), _kinds(theirs)
    if {THING} in (kinds, others):
        return {PERSON} in (kinds, others)
    if _differ(kinds - {THING}, others - {THING}) or _of_two_lives(mine, theirs):
        return True
    if SETTLEMENT in kinds & others:
        return _differ(mine[NATION], theirs[NATION]) or _lie_apart(mine, theirs)
    return CODE in kinds & others and _lie_apart(mine, theirs)


def _unlikely(mine: Said, theirs: Said) -> list[bool]:
    """Return which unlikely things are so."""
    fields = ({kind for kind in said[IS] if "/" in kind} for said in (mine, theirs))
    return [
        _differ(*fields),
        _differ(mine[NATION], theirs[NATION]),
        _differ(mine[TENSE], theirs[TENSE]),
        _lie_apart(mine, theirs),
    ]


def _parts(facts_of: Set[str]) -> Said:
    """Return the values of facts by what they say; who was born or died is a person."""
    found: dict[str, set[str]] = {name: set() for name in (BORN, DIED, IS, LIES, NATION, TENSE)}
    for fact in facts_of:
        name, _, value = fact.rpartition(" ")
        found[name].add(value)
    if found[BORN] | found[DIED]:
        found[IS].add(PERSON)
    if found[DIED]:
        found[TENSE] = {PAST}
    return found


def _kinds(said: Said) -> set[str]:
    return {kind.partition("/")[0] for kind in said[IS]}


def _differ(one: Set[str], other: Set[str]) -> bool:
    return bool(one and other) and not one & other


def _of_two_lives(mine: Said, theirs: Said) -> bool:
    born, died = ((_years(mine[fact]), _years(theirs[fact])) for fact in (BORN, DIED))
    return (
        _apart(*born)
        or _apart(*died)
        or any(
            max(deaths) < min(births) or max(births) + ALL_LIVES < min(deaths)
            for deaths, births in ((died[0], born[1]), (died[1], born[0]))
            if deaths and births
        )
    )


def _years(values: Set[str]) -> list[int]:
    return sorted(map(int, values))


def _apart(one: list[int], other: list[int]) -> bool:
    return bool(one and other) and all(abs(year - each) > SPREAD for year in one for each in other)


def _lie_apart(mine: Said, theirs: Said) -> bool:
    return bool(mine[LIES] and theirs[LIES]) and all(
        _elsewhere(here, there) for here in mine[LIES] for there in theirs[LIES]
    )


def _elsewhere(one: str, other: str) -> bool:
    """Return whether two things lie in different places, which are "unit=name", the smallest first.

    These are different units of one kind, different nations, each two places of which none is the same, or each just
    one region. A nation and a region of it are not.
    """
    here, there = ([place.partition("=")[::2] for place in places.split("|")] for places in (one, other))
    if any(_same(name, each) for _, name in here for _, each in there):
        return False
    units, others = ({unit for unit, _ in places if unit not in ("", "~")} for places in (here, there))
    nations, foreign = ({name for _, name in places if name.startswith("@")} for places in (here, there))
    if units & others or _differ(nations, foreign) or min(len(here), len(there)) > 1:
        return True
    return not (nations or foreign) and all(unit == "" for unit, _ in (*here, *there))


def _same(one: str, other: str) -> bool:
    """Return whether two names are the same, or one of code is a part of the other: "client" and "netkit.client"."""
    mine, theirs = one.split("."), other.split(".")
    few, many = sorted((mine, theirs), key=len)
    return few in (many[: len(few)], many[-len(few) :])
