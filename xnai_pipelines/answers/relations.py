"""What a question asks of somebody or something that happened once, such as "died", and whether a text speaks of it.

Pure. To add a relation or a language, add its words: those that ask, which name the event and no one who took part, and
what else may tell it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

Range = tuple[int, int]

_CLAUSE = 30  # characters that the border of a clause counts, between a date and what happened then
_REACH = 60  # within which a word says what happened then
_BORDER = re.compile(r"[,;:]|\b(?:and|but|und|aber|et|mais|y|pero|e|и|но)\b")


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """What happened, by the words that tell it and those that ask for it.

    Attributes:
        tells: Words that tell it.
        asks: Those of them that ask for it, which name the event and no one who took part.
        did: What of an English question asks for it by "did", and so for nothing else that is mentioned.
    """

    tells: re.Pattern[str]
    asks: re.Pattern[str]
    did: re.Pattern[str] | None


def _relation(asks: str, *, did: str = "", tells: str = "") -> Relation:
    """Return a relation; `did` are English words that ask only after "did", as "open" may be the opening hours."""
    telling = "|".join(filter(None, (asks, did, tells)))
    return Relation(
        re.compile(rf"\b(?:{telling})\b", re.IGNORECASE),
        re.compile(rf"\b(?:{asks})\b", re.IGNORECASE),
        re.compile(rf"\bdid\b.*\b(?:{did})\b", re.IGNORECASE) if did else None,
    )


BORN = _relation(
    r"born|birth(?:day|date)?|geboren|geburt\w*|née?s?|naissance|naquit|nacimiento|nació|nacid[oa]s?|nacque|nascita"
    r"|nasceu|nascimento|geboorte\w*|родил\w*|рожден\w+",
    tells=r"birth\w*|give birth|gave birth|b(?=\. \d)|geb(?=\.)|naître|nacer|è nat[oa]|nascid[oa]s?|рожд\w+",
)
DIED = _relation(
    r"died|death|killed|murdered|assassinated|executed|starb(?:en)?|gestorben|tod|décédée?s?|mort|mourut|murió"
    r"|muri(?:eron|ó)|muerte|falleció|morì|morte|morreu|faleceu|stierf|overleden|overleed|dood|умер(?:л[аи])?|скончал\w+"
    r"|смерт\w+|погиб\w*",
    did=r"die",
    tells=r"dies?|dying|dead|deceased|kill\w*|murder\w*|assassinat\w+|execut\w+|perish\w*|passed away|shot|slain"
    r"|d(?=\. \d)|drown\w*|suicide|succumb\w*|behead\w*|lost (?:his|her|their) li[fv]es?|verst[ao]rb\w*|tot|ermordet"
    r"|morte?s?|morti|muert[oa]s?|убит\w*|ум[её]рш\w+",
)
PUBLISHED = _relation(
    r"published|publication|released|veröffentlich\w+|erschien(?:en)?|publiée?s?|parue?s?|publicad[oa]s?|public(?:ó|ou)"
    r"|pubblicat[oaie]|gepubliceerd|опубликова\w+|издан\w*|вышл[аио]",
    did=r"publish|release|appear|come out",
    tells=r"publish\w*|publications?|releas\w+|issu\w+|appear\w*|c[oa]me out|print\w*|edition|launch\w*"
    r"|herausgegeben|herausgab|publi\w+|parut|parution|sorti\w*|salió|pubblic\w+|uitgegeven|verscheen|вышел|издал\w*"
    r"|публик\w+|change ?log|versions?|what's new|änderung\w*",
)
_RELATIONS = (
    BORN,
    DIED,
    _relation(
        r"founded|established|gegründet\w*|gründete[nt]?|gründung|fondée?s?|fondation|fundad[oa]s?"
        r"|fund(?:ó|ou)|fundación|fundação|fondat[oa]|fondazione|opgericht|основа\w+|учрежд\w+",
        did=r"found",
        tells=r"found(?:s|ing|ers?|ation)|establish\w*|creat\w+|form(?:s|ed|ing|ation)?|set up|incorporat\w+"
        r"|institut\w+|start\w*|beg[au]n|launch\w*|origin\w*|inception|came into (?:being|existence)|gründe\w+"
        r"|entstand\w*|fond[ae]\w*|cré[ae]\w*|cre[aó]\w*|основ\w+|созда\w+",
    ),
    _relation(
        r"married|marriage|wed(?:ding|ded)|heiratet\w*|hochzeit|mari(?:ée?s?|age)|épous\w+|cas(?:ó|ou)|bodas?|sposò"
        r"|matrimonio|casamento|trouwde\w*|getrouwd|женил\w+|поженил\w+|вышла замуж|свадьб\w+",
        did=r"marry",
        tells=r"marr(?:y|ies|ying|iages?)|wife|wives|husband|spouses?|bride\w*|eheschlie\w+|ehefrau|ehemann|verheiratet"
        r"|casad[oa]s?|espos[oa]|mari|femme|sposat[oa]|moglie|marito|huwelijk|муж\w*|жен[аойуы]|брак\w*",
    ),
    PUBLISHED,
    _relation(
        r"opened|inaugurated|eröffnet\w*|eröffnung|inaugurée?s?|ouverte?s?|inaugurad[oa]s?|inaugur(?:ó|ou)|abrió"
        r"|inaugurat[oa]|aberto|geopend|opende|откры[лт]\w*",
        did=r"open",
        tells=r"open(?:s|ing)?|inaugurat\w+|unveil\w*|launch\w*|in operation|operational|öffnete\w*|einweihung"
        r"|eingeweiht|inaugur\w+|ouvr\w+|ouverture|apertura|abertura|abiert[oa]|aperto|открыти\w+",
    ),
    _relation(
        r"built|constructed|erected|gebaut|erbaut\w*|errichtet\w*|construite?s?|bâtie?s?|construid[oa]s?|construy\w+"
        r"|construíd[oa]s?|costruit[oa]|gebouwd|постро\w+|возвед\w+|сооруж\w+",
        did=r"build",
        tells=r"build(?:s|ing|ers?)?|rebuil\w+|construct\w*|erect\w*|complet\w+|finish\w*|dat(?:es?|ing) (?:back|from)"
        r"|bau\w*|vollendet|fertig\w*|stammt|constru\w+|achev\w+|terminad[oa]|costru\w+|bouw\w*|строи\w+|достро\w+",
    ),
    _relation(
        r"won|defeated|gewann\w*|gewonnen|siegte\w*|gagnée?s?|remport\w+|gan(?:ó|aron|ado)|vinse\w*|vinto|venceu|wonnen"
        r"|выигра\w+|победи\w+",
        did=r"win|defeat|beat",
        tells=r"win(?:s|ning|ners?)?|victor\w*|defeat\w*|beat\w*|triumph\w*|champion\w*|titles?|award\w*|prizes?|medals?"
        r"|rout\w*|sieg\w*|meister\w*|besiegt\w*|gagn\w+|victoire|champion\w*|victoria|campe[oó]\w*|vittoria|campione"
        r"|vitória|побед\w+|чемпион\w*|разби\w+|разгром\w+",
    ),
    _relation(
        r"closed|shut|dissolved|abolished|geschlossen|schließung|aufgelöst|fermée?s?|fermeture|dissoute?s?|cerrad[oa]s?"
        r"|cerró|chius[oa]|fechad[oa]|gesloten|закры[лт]\w*|распущен\w*|упраздн\w+",
        did=r"close",
        tells=r"clos(?:es?|ing|ure)|dissol\w+|abol\w+|ceas\w+|discontinu\w+|ended|disband\w*|schloss|ferm\w+|cierre"
        r"|clausur\w+|chiusura|закрыти\w+",
    ),
    _relation(
        r"destroyed|demolished|burne?d|zerstört\w*|abgerissen|détruite?s?|démolie?s?|destruid[oa]s?|demolid[oa]s?"
        r"|distrutt[oa]|demolit[oa]|destruíd[oa]s?|verwoest|gesloopt|разруш\w+|снес\w+|уничтож\w+|сгоре\w+",
        did=r"burn",
        tells=r"destr\w+|demoli\w+|burn\w*|fires?|raz(?:ed|ing)|ruin\w*|(?:torn|pulled|burnt) down|collaps\w+|bomb\w*"
        r"|level+ed|zerstör\w+|abriss|détrui\w+|destru\w+|distru\w+",
    ),
    _relation(
        r"invented|discovered|erfunden|entdeckt\w*|inventée?s?|découvert\w*|inventad[oa]s?|invent(?:ó|ou)|descubiert[oa]s?"
        r"|descubrió|inventat[oa]|scopert[oa]|descobert[oa]|uitgevonden|ontdekt|изобре\w+|открыт\w*",
        did=r"invent|discover",
        tells=r"invent\w*|discover\w*|devis\w+|patent\w*|develop\w*|detect\w*|identif\w+|isolat\w+|observed|recogni[sz]ed"
        r"|produced|erfand\w*|entdeck\w+|découvr\w+|descubr\w+|scop\w+|открыл\w*|открыти\w+",
    ),
    _relation(
        r"designed|entworfen|conçue?s?|dessinée?s?|diseñad[oa]s?|diseñó|progettat[oa]|projetad[oa]|ontworpen"
        r"|спроектир\w+",
        did=r"design",
        tells=r"design\w*|architect\w*|plan(?:s|ned)|drew|drawn|entw[uü]rf\w*|entwarf\w*|architekt\w*|concep\w+|architecte"
        r"|arquitect\w+|architett\w+|arquitet\w+|архитект\w+|проект\w*",
    ),
    _relation(
        r"sold|bought|acquired|purchased|verkauft\w*|gekauft|vendue?s?|achetée?s?|vendid[oa]s?|comprad[oa]s?|vendut[oa]"
        r"|comprat[oa]|verkocht|gekocht|продан\w*|купил\w*|куплен\w*",
        did=r"buy|sell|acquire",
        tells=r"sells?|sale|bought|buys?|acqui\w+|purchas\w+|took over|takeover|owners?|kauf\w*|erw[ao]rb\w*|vend\w+"
        r"|achet\w+|rach\w+|adqui\w+|покуп\w+|продаж\w+|приобре\w+",
    ),
    _relation(
        r"renovated|restored|refurbished|renoviert\w*|restauriert\w*|saniert\w*|rénovée?s?|restaurée?s?|renovad[oa]s?"
        r"|restaurad[oa]s?|restaurat[oa]|gerenoveerd|отреставрир\w+|отремонтир\w+",
        did=r"renovate|restore",
        tells=r"renovat\w+|restor\w+|refurbish\w*|rebuil\w+|reconstruct\w*|moderni[sz]\w+|repair\w*|overhaul\w*|renov\w+"
        r"|renovierung|sanierung|rénov\w+|restaur\w+|ristruttur\w+|реставра\w+|ремонт\w*|реконструкц\w+",
    ),
)
# The years of somebody's life: (1815-1852), (10 December 1815 - 27 November 1852), (* 1815 in London; † 1852).
_LIFE = re.compile(r"\((?=[^()\n]{1,120}\))[^()\n]*?\b\d{3,4}\b[^()\n]*?[-–—;†][^()\n]*?\b\d{3,4}\b[^()\n]*\)")
# The year of a work: The Salt Road (1964), a 1999 paper.
_YEAR_OF_A_WORK = re.compile(r"\((?:1\d|20)\d\d\)|\b(?:an?|the|his|her|their|its) (?:1\d|20)\d\d [^\W\d_]{3,}")


@lru_cache(maxsize=1_000)
def asked_relation(question: str) -> Relation | None:
    """Return the relation that a question asks for, None if it names none or several of them."""
    done = [one for one in _RELATIONS if one.did and one.did.search(question)]
    found = done or [one for one in _RELATIONS if one.asks.search(question)]
    return found[0] if len(found) == 1 else None


def speaks_of(relation: Relation, text: str) -> bool:
    """Return whether a text speaks of a relation; some tell a life, or when a work appeared, by years alone."""
    written = _LIFE if relation in (BORN, DIED) else _YEAR_OF_A_WORK if relation is PUBLISHED else None
    return bool(relation.tells.search(text) or (written and written.search(text)))


def of_the_relation(relation: Relation, text: str, spans: Sequence[Range]) -> list[Range]:
    """Return the ranges of a text that may tell of a relation: no word of another one stands nearer to them.

    Args:
        relation: The relation.
        text: A text.
        spans: Ranges of its dates, or of its names.
    """
    kept = [span for span in spans if not _is_of_another(relation, text, span)]
    life = _LIFE.search(text) if relation in (BORN, DIED) and not relation.tells.search(text) else None
    inside = [span for span in kept if life and life.start() < span[0] < life.end()]
    return inside[-1:] if relation is DIED and inside else inside[:1] or kept


def _is_of_another(relation: Relation, text: str, span: Range) -> bool:
    others = [_nearest(one.asks, text, span) for one in _RELATIONS if one is not relation]
    return min(others) < _nearest(relation.tells, text, span)


def _nearest(words: re.Pattern[str], text: str, span: Range) -> int:
    near = words.finditer(text, max(0, span[0] - _REACH), span[1] + _REACH)
    return min([_REACH, *(_distance(text, span, match.span()) for match in near)])


def _distance(text: str, span: Range, word: Range) -> int:
    """Return the characters between a range and a word; the border of a clause between them counts as many more."""
    first, last = (word[1], span[0]) if word[1] <= span[0] else (span[1], word[0])
    return max(0, last - first) + _CLAUSE * len(_BORDER.findall(text[first:last]))
