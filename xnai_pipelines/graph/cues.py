"""Words by which a text states a typed relation, by language. To add a relation or a language, add an entry.

A cue is what stands right before the object's name: "directed by", "born in", "capital of".
"""

import re
from collections.abc import Mapping
from functools import cache

# Relation types whose object may be a date: they are then called so.
OF_DATES = {
    "born_in": "born_on",
    "died_in": "died_on",
    "founded_in": "founded_on",
    "released_in": "released_on",
}

_PEOPLE_EN = r"(?:and \w+ )?by"

CUES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "born_in": r"born(?: on| in| at| near)?|native of",
        "died_in": r"(?:died|killed)(?: on| in| at)?|buried (?:in|at)",
        "child_of": r"(?:son|daughter|child) of",
        "parent_of": r"(?:father|mother|parent) of",
        "sibling_of": r"(?:brother|sister|sibling) of",
        "married_to": r"married(?: to)?|(?:wife|husband|widow|widower|spouse) of",
        "directed_by": rf"directed {_PEOPLE_EN}|director (?:is|was)",
        "written_by": rf"(?:written|authored) {_PEOPLE_EN}|(?:novel|book|play|story|poem|song) by",
        "produced_by": rf"produced {_PEOPLE_EN}",
        "composed_by": rf"(?:composed|music|scored) {_PEOPLE_EN}",
        "performed_by": rf"starring|stars|(?:performed|sung|recorded|played) {_PEOPLE_EN}|(?:album|single) by",
        "founded_by": rf"(?:founded|established|created|designed|developed|invented|built) {_PEOPLE_EN}",
        "founded_in": r"(?:founded|established|formed|incorporated)(?: on| in)?",
        "released_in": r"(?:released|published|premiered|aired)(?: on| in)?",
        "released_by": rf"(?:released|published|distributed|issued) {_PEOPLE_EN}",
        "based_on": r"(?:based|adapted) (?:on|from)",
        "located_in": r"(?:located|situated|lies|headquartered|based|headquarters) (?:in|at|near)|"
        r"(?:town|city|village|municipality|district|river|county|commune|suburb|region|province|lake) (?:in|of)",
        "capital_of": r"capital(?: city)? of",
        "part_of": r"(?:part|division|subsidiary|branch|component|subset) of|owned by",
        "member_of": r"member of|(?:plays|played|playing) for|joined",
        "educated_at": r"(?:educated|studied|graduated|degree) (?:at|from)",
        "works_for": r"(?:works|worked|employed) (?:for|at|by)|"
        r"(?:professor|president|director|chairman|minister|head|king|queen|governor|mayor) (?:of|at)",
        "succeeded_by": r"(?:succeeded|followed|replaced) by",
        "also_called": r"also (?:known|called) as|also called|nicknamed|abbreviated (?:as|to)",
        "requires": r"requires|depends on|needs",
        "replaces": r"replaces|supersedes|in favou?r of",
    },
    "de": {
        "born_in": r"geboren(?: am| in)?|gebürtig aus",
        "died_in": r"(?:starb|gestorben)(?: am| in)?",
        "child_of": r"(?:Sohn|Tochter)(?: von)?",
        "married_to": r"verheiratet mit",
        "directed_by": r"Regie(?: führte)?|unter der Regie von",
        "written_by": r"(?:geschrieben|verfasst) von",
        "founded_by": r"(?:gegründet|entwickelt) von",
        "located_in": r"(?:liegt|gelegen|befindet sich|Sitz) (?:in|im|an|am)",
        "capital_of": r"Hauptstadt(?: von)?",
        "part_of": r"(?:Teil|Mitglied)(?: von)?",
        "requires": r"benötigt|erfordert",
    },
    "fr": {
        "born_in": r"née?(?: à| en| le)?",
        "died_in": r"morte?(?: à| en| le)?",
        "child_of": r"(?:fils|fille) d[e’']",
        "married_to": r"mariée? (?:à|avec)",
        "directed_by": r"réalisée? par",
        "written_by": r"écrite? par",
        "founded_by": r"(?:fondée?|créée?) par",
        "located_in": r"située? (?:à|en|dans|au)",
        "capital_of": r"capitale d[eu’']",
        "part_of": r"(?:partie|membre) d[eu’']",
    },
    "es": {
        "born_in": r"(?:nació|nacid[oa])(?: en| el)?",
        "died_in": r"(?:murió|falleció)(?: en| el)?",
        "child_of": r"hij[oa] de",
        "married_to": r"casad[oa] con",
        "directed_by": r"dirigid[oa] por",
        "written_by": r"escrit[oa] por",
        "founded_by": r"(?:fundad[oa]|cread[oa]) por",
        "located_in": r"(?:situad[oa]|ubicad[oa]) en",
        "capital_of": r"capital de",
        "part_of": r"(?:parte|miembro) del?",
    },
    "ru": {
        "born_in": r"родил(?:ся|ась)(?: в)?",
        "died_in": r"(?:умер|умерла|погиб|погибла)(?: в)?",
        "child_of": r"(?:сын|дочь)",
        "married_to": r"женат на|замужем за",
        "directed_by": r"режисс[её]р",
        "located_in": r"(?:расположен\w*|находится) (?:в|на)",
        "capital_of": r"столица",
        "part_of": r"(?:часть|член)|входит в",
        "works_for": r"(?:президент|глава|директор|министр)\w*",
    },
}

# Words between a subject and what it is, by language.
COPULAS: Mapping[str, str] = {
    "en": r"(?:is|was|are|were) (?:an?|the|one of the)",
    "de": r"(?:ist|war|sind|waren) (?:eine?|die|der|das)",
    "fr": r"(?:est|était|sont|fut) (?:une?|le|la|les)",
    "es": r"(?:es|era|fue|son) (?:una?|el|la)",
    "it": r"(?:è|era|fu|sono) (?:una?|uno|il|la)",
    "pt": r"(?:é|era|foi|são) (?:uma?|o|a)",
    "nl": r"(?:is|was|zijn) (?:een|de|het)",
    "ru": r"[—–]",
    "uk": r"[—–]",
    "zh": r"是(?:一?[个個位名种種家款座套条條部本项項门門])?",
}
_UNSPACED = frozenset({"zh"})  # languages without blanks between words

# A sentence that opens with one of them goes on with the name that opened one before it.
PRONOUNS: Mapping[str, frozenset[str]] = {
    "en": frozenset({"he", "she", "it", "they"}),
    "de": frozenset({"er", "sie", "es"}),
    "fr": frozenset({"il", "elle"}),
    "es": frozenset({"él", "ella"}),
    "ru": frozenset({"он", "она", "оно"}),
}

# Words that open a sentence and are none of its names, though it says what they are: "This is a ...".
OPENERS: Mapping[str, frozenset[str]] = {
    "en": frozenset({"this", "that", "these", "those", "there", "here", "what", "who", "which", "one"}),
    "de": frozenset({"das", "dies", "dieses", "hier", "dort", "da", "was", "wer"}),
    "fr": frozenset({"ce", "cela", "ceci", "ici", "qui"}),
    "es": frozenset({"este", "esta", "esto", "eso", "aquí", "qué", "quién"}),
    "it": frozenset({"questo", "questa", "quello", "qui", "chi"}),
    "pt": frozenset({"este", "esta", "isto", "isso", "aqui", "quem"}),
    "nl": frozenset({"dit", "dat", "hier", "daar", "er", "wat", "wie", "het", "hij", "zij", "ze"}),
    "ru": frozenset({"это", "то", "здесь", "там", "кто", "что"}),
}

# Verbs at the end of a clause, by language, with what an object after each preposition is to the subject; a date may
# have none.
VERBS_LAST: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "de": {
        "geboren": dict.fromkeys(("", "am", "in", "im", "um", "bei", "zu"), "born_in"),
        "gestorben": dict.fromkeys(("", "am", "in", "im", "um", "bei", "zu"), "died_in"),
        "gegründet|gestiftet": {"von": "founded_by", "durch": "founded_by", "": "founded_in", "um": "founded_in"},
        "entwickelt|erfunden|erbaut|entworfen": {"von": "founded_by"},
        "geschrieben|verfasst": {"von": "written_by"},
        "komponiert|vertont": {"von": "composed_by"},
        "inszeniert": {"von": "directed_by"},
        "veröffentlicht|uraufgeführt": {"von": "released_by", "": "released_in", "am": "released_in"},
    },
}
AUXILIARIES: Mapping[str, str] = {"de": r"\s(?:wurden?|ist|sind|war|waren)\b"}

# Where what something is ends: "film" of "a Hungarian film directed by ...".
_CLASS_ENDS = (
    r"(?<![\w-])(?:that|which|who|whose|where|of|in|on|at|for|from|by|to|with|and|or|as|about|near|off|along|best|(?:\w+-)?(?:written|made|set|\w+ed)|"
    r"der|die|das|des|dem|von|im|an|am|auf|aus|bei|für|mit|unter|qui|que|d[eu]|"
    r"del|en|por|che|di|in|per|em|van|voor|котор\w+|и|в|из|на|для)\b|[^\w\s-]|\n"
)
_ARTICLE = r"(?:\s(?:the|an?|der|die|das|dem|den|des|le|la|les|l[’']|el|los|las))?"

_EPITHET = r"(?:\s(?:and|[^\W\d_]{4,})){0,4}"  # "director" of "son of director John Smith"


@cache
def cue_expression(language: str) -> re.Pattern[str] | None:
    """Return the expression of the language's cues at the end of a text, with the relation's type as `lastgroup`."""
    cues = CUES.get(language)
    if cues is None:
        return None
    anyone = "|".join(f"(?P<{kind}>{words})" for kind, words in cues.items())
    return re.compile(rf"(?<!\w)(?:{anyone}){_ARTICLE}{_EPITHET}[\s\W]{{0,4}}\Z")


@cache
def verbs_last(language: str) -> tuple[tuple[re.Pattern[str], Mapping[str, str]], ...]:
    """Return what follows an object up to the verb of its clause, with the relation's type by preposition."""
    verbs = VERBS_LAST.get(language, {})
    return tuple((re.compile(rf"[^.;:,!?]{{0,80}}?\b(?:{verb})\b"), types) for verb, types in verbs.items())


@cache
def class_expression(language: str) -> re.Pattern[str] | None:
    """Return the expression of a copula and what follows, group 1: "is a Hungarian film" at the start of a text."""
    copula = COPULAS.get(language)
    if copula is None:
        return None
    between = r"[`*_\"”“»]{0,3}\s?(?:\([^()\n]{0,120}\)|（[^（）\n]{0,120}）|,[^,.\n]{0,60},)?\s?"
    if language in _UNSPACED:
        return re.compile(rf"{between}{copula}([^，。；：、！？\s]{{1,40}})(?=[，。；])")
    return re.compile(rf"{between}{copula}\s((?:(?!{_CLASS_ENDS}).){{3,60}})")
