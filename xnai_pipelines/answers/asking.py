"""How questions ask for a kind of thing, in nine languages: the patterns alone. To add a language, add its words."""

import re
from collections.abc import Mapping

from xnai_pipelines.answers.things import Thing


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# Per language what asks for a number, for a time, and for somebody. Words that also join clauses count in front alone.
_BROADLY: Mapping[str, tuple[str, str, str]] = {
    "en": (
        r"how (?:many|much|long|old|far|tall|high|large|big|often|deep|fast|wide|heavy|thick|loud)\b|percentage",
        r"^\W*(?:since |until |by )?when\b|(?:what|which) (?:year|date|day|month|century|decade)\b",
        r"^\W*(?:\w+ ){0,2}who(?:m|se)?\b",
    ),
    "de": (
        r"wie ?(?:viele?n?|lange|hoch|gro(?:ß|ss)|alt|weit|oft|tief|schwer|teuer|breit|laut|dick)\b",
        r"(?:^\W*(?:\w+ )?wann\b|welche[mns] (?:jahr|tag|datum|monat|jahrhundert)\b)",
        r"^\W*(?:\w+ )?we(?:r|m|n|ssen)\b",
    ),
    "fr": (
        r"\bcombien\b|quel(?:le)? (?:âge|taille|prix|distance|hauteur|longueur)\b",
        r"^\W*(?:depuis |jusqu'à )?quand\b|quel(?:le)? (?:année|date|jour|mois|siècle)\b",
        r"^\W*(?:\w+ )?qui\b",
    ),
    "es": (
        r"\bcu[aá]nt[oa]s?\b",
        r"\bcuándo\b|^\W*(?:\w+ )?cuando\b|qué (?:año|fecha|día|mes|siglo)\b",
        r"\bqui[eé]n(?:es)?\b",
    ),
    "it": (
        r"\bquant[oaie]\b",
        r"^\W*(?:\w+ )?quando\b|(?:che|quale) (?:anno|data|giorno|mese|secolo)\b",
        r"^\W*(?:\w+ )?chi\b",
    ),
    "pt": (
        r"\bquant[oa]s?\b",
        r"^\W*(?:\w+ )?quando\b|(?:que|qual) (?:ano|data|dia|mês|século)\b",
        r"^\W*(?:\w+ )?quem\b",
    ),
    "nl": (
        r"\bhoe(?:veel| (?:lang|hoog|oud|ver|groot|vaak|zwaar|diep))\b",
        r"^\W*(?:\w+ )?wanneer\b|welk(?:e)? (?:jaar|datum|dag|maand|eeuw)\b",
        r"^\W*(?:\w+ )?wiens?\b",
    ),
    "ru": (
        r"\bсколько\b|\bскольк\w+\b|\bкак(?:ова|ой|ая) (?:высота|длина|ширина|глубина|площадь|масса|скорость)",
        r"^\W*(?:\w+ )?когда\b|как(?:ом|ого|ой) (?:год|числ|месяц|век|дат)",
        r"^\W*(?:\w+ )?(?:кто|кого|кому|кем|ком|ч(?:ей|ья|ь[её]|ьи))\b",
    ),
    "zh": (r"多少|几|多久|多[长高大重深远]", r"何时|什么时候|哪[一]?年|哪[一]?天", r"谁"),
}
BROADLY = [
    (thing, language, re.compile(pattern, re.IGNORECASE))
    for language, patterns in _BROADLY.items()
    for thing, pattern in zip((Thing.NUMBER, Thing.TIME, Thing.NAME), patterns, strict=True)
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
