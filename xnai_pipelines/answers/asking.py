"""How questions ask for a kind of thing: the patterns alone; the broad ones are in the files of the languages."""

import re
from collections.abc import Mapping

from xnai_pipelines.answers.languages.words import languages
from xnai_pipelines.answers.things import Thing


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# What asks for a number, for a time, and for somebody, in each language.
BROADLY = [
    (thing, language, _any(*words.asks[thing.name.lower()]))
    for language, words in languages().items()
    for thing in (Thing.NUMBER, Thing.TIME, Thing.NAME)
    if thing.name.lower() in words.asks
]
# What tells the language of a question that asks in another way.
LANGUAGES = {
    "en": _any(r"\b(?:who|what|which|when|where|why|how|is|are|can|does|do|the)\b"),
    "de": _any(r"\b(?:wer|was|wann|wo|warum|wie|welche[rmns]?|ist|kann|der|die|das)\b"),
    "fr": _any(r"\b(?:qui|quel(?:le)?s?|quand|où|pourquoi|comment|combien|est-ce|le|la|les|un)\b"),
    "es": _any(r"\b(?:quién|qué|cuál|cuándo|dónde|cómo|el|los|una)\b|¿"),
    "ru": _any(r"[а-яё]"),
}

_WHICH = (
    r"^\W*(?:(?:what(?:'s| is| are)|which|under (?:what|which)|welche|wie lautet|как(?:ой|ая)"
    r"|quel(?:le)?s? est)\b.{0,40}"
    r"|(?:to|at|from|an|unter|von|à|на|по|с)\s+(?:what|which|welche[rnms]?|quel(?:le)?|как(?:ой|ую|ом))\b.{0,12})"
)
_FEE = (
    r"(?:[\w-]+ ){0,2}(?:fees?|fares?|rent|deposits?|salary|salaries|budget|fines?|price|costs?|charge|tuition|wage)\b"
)
_GELD = r"\w*(?:miete|geb[üu]hr|beitrag|kaution|gehalt|preis|kosten|eintritt|lohn|budget|bußgeld)\b"
# What is written in a form of its own, so that a text without it does not answer.
EXACTLY: Mapping[Thing, re.Pattern[str]] = {
    Thing.PRICE: _any(
        r"^\W*how much (?:do|does|is|are|did|will|would)\b.*\bcosts?\b",
        r"^\W*what (?:do|does|did|will|would) .*\bcosts?\b",
        rf"^\W*(?:how much (?:is|are)|how high (?:is|are|was)|what(?:'s| is| are| was)) (?:the|an?) {_FEE}",
        rf"^\W*(?:wie teuer|(?:was|wie ?viel) koste(?:t|n)|wie hoch (?:ist|sind) (?:der|die|das) (?:\w+ )?{_GELD})",
        r"^\W*(?:combien (?:coût|a coûté|ont coûté)|quel est le (?:prix|loyer|tarif|coût)\b)",
        r"^\W*(?:cu[aá]nto (?:cuestan?|costó)|quanto (?:costa|custa))",
        r"^\W*(?:сколько (?:будет )?сто[ия](?:т|л)|как(?:ова|ая|ой) (?:\w+ ){0,2}(?:цена|стоимость|выручка|плата"
        r"|зарплата))",
    ),
    Thing.PHONE: _any(
        rf"{_WHICH}(?:\b(?:tele)?phone numbers?|telefonnummer|номер\w* телефона|телефон\b|numéro de téléphone)"
    ),
    Thing.EMAIL: _any(rf"{_WHICH}(?:\be-?mail\b|электронн\w+ почт\w+|\bпочта\b|адрес\w* электронн|courriel)"),
    Thing.VERSION: _any(
        r"\b(?:what|which)(?! (?:is|are|does|do|did|was|were|has|have|can|happen\w*|change\w*)\b)(?: [\w.+#-]+){0,2} "
        r"(?:version|release)s?\b(?! (?:date|note|year|name|control|manager|of the (?:story|events|song)))",
        r"\bwhat(?:'s| is) the (?:latest|current|minimum|newest|required|oldest|stable) (?:\w+ )?(?:version|release)\b",
        r"\bwelche[rnms]?(?: [\w.+#-]+)?[ -]version\b|\bquelles? versions?\b|\bqué versi[oó]n\b",
        r"\b(?:quale|che) versione\b|\bqu[ea]l? versão\b|\bwelke versie\b|\bкак(?:ой|ая|ую)(?: \S+)? (?:верси|релиз)",
    ),
}
# What is asked for more closely than by the words above.
CLOSELY: Mapping[Thing, re.Pattern[str]] = {
    Thing.SHARE: _any(
        r"what (?:(?:is|was|were|are) the )?(?:percentage|percent|share|proportion|fraction)|how many per ?cent",
        r"wie ?viel prozent|welcher anteil|quel pourcentage|qué porcentaje|как(?:ой|ая) (?:процент|доля)",
        r"сколько процентов",
    ),
    Thing.WEIGHT: _any(
        r"how heavy|how much (?:do|does|did)\b.*\bweigh|what(?:'s| is| was) the (?:\w+ )?weight",
        r"wie schwer (?:ist|sind|war)|wie ?viel (?:wiegt|wiegen)|combien pès\w+|quel est le poids|cu[aá]nto pesan?",
        r"quanto pesa|hoe zwaar|сколько вес[ия]т|как(?:ов|ой) вес|какова масса",
    ),
    Thing.TEMPERATURE: _any(
        r"(?:what|which) temperatures?|how (?:hot|cold|warm)\b|welche[rn]? temperatur|wie (?:heiß|kalt|warm)",
        r"quelle température|qué temperatura|как\w+ температур",
    ),
    Thing.LOUDNESS: _any(
        r"how (?:loud|noisy|quiet)\b|noise level|wie (?:laut|leise)|niveau sonore|уровень шума|как громко"
    ),
    Thing.MEMORY: _any(
        r"how much (?:\w+ )?(?:memory|ram|disk|storage)|wie ?viel (?:arbeitsspeicher|speicher\w*|ram)",
        r"combien de mémoire|сколько (?:\w+ )?памяти",
    ),
    Thing.DURATION: _any(
        r"for how long|how long (?:do|does|did|will|can|may|must|should) |how much time|wie lange|combien de temps",
        r"cu[aá]nto (?:tiempo|dura)|quanto (?:tempo|dura)|как долго|сколько (?:времени|длится|действует)|autonomie",
    ),
    Thing.LENGTH: _any(
        r"how (?:tall|wide|thick|broad)\b|what(?:'s| is) the (?:height|width|length|depth) of|wie (?:dick|breit"
        r"|tief)\b",
        r"какова? (?:высота|длина|ширина|глубина)|quelle est la (?:hauteur|longueur|largeur)",
    ),
    Thing.NAME: _any(
        r"(?:which|what) (?:\w+ ){0,2}(?:person|man|woman|people|team|company|university|president|player|actor|actress"
        r"|singer|artist|author|architect|scientist|minister|emperor|king|queen|band|coach|party|organi[sz]ation|agency"
        r"|department|church|school|club|engineer|manager|family)\b",
        r"welche[rnms]? (?:person|firma|abteilung|mann|frau)\b",
        r"quel(?:le)? (?:architecte|auteur|société|personne|service|équipe)\b",
        r"как(?:ой|ая) (?:компания|отдел|команда|человек)\b",
    ),
    Thing.REASON: _any(
        r"^\W*(?:and )?why\b|^\W*(?:warum|wieso|weshalb)\b|\bpourquoi\b|\bpor qué\b|^\W*perché\b|^\W*waarom\b",
        r"^\W*(?:почему|зачем)\b|为什么",
    ),
    Thing.PLACE: _any(
        r"^\W*(?:from |and )?where\b|^\W*(?:wo|woher|wohin)\b|^\W*(?:d')?où\b|\bdónde\b|^\W*(?:di )?dove\b|^\W*onde\b",
        r"^\W*waar\b|^\W*(?:где|куда|откуда)\b|哪里|在哪",
        r"\b(?:in|under|at) which (?:city|country|town|street|room|folder|directory|menu|state)",
        r"(?:which|what) (?:city|country|town|folder|directory)\b|welche[rmns]? (?:stadt|land|ordner|straße)\b",
        r"quel(?:le)? (?:ville|pays|rue)\b|как(?:ой|ом) (?:стран|город|папк|каталог)\w*",
    ),
}
# The noun of what is counted.
COUNTED = _any(
    r"(?:how many|wie ?viele?|combien (?:de |d')|cu[aá]nt[oa]s|quant[eio]|quant[oa]s|hoeveel|скольк(?:о|их"
    r"|им)) ?(?P<noun>\w+)"
)
