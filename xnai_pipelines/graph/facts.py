"""What a chunk says of a name that not all its bearers share: years of a life, what kind of thing it is, where it lies.

Pure.

To add a language, add an entry to each table; to add a kind of thing, a line to each language.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from xnai_pipelines.graph.cues import PRONOUNS, class_expression
from xnai_pipelines.graph.found import NAMES, Find, Kind
from xnai_pipelines.graph.statements import FoundSentence

BORN, DIED, IS, LIES = "born", "died", "is a", "lies in"
PERSON, SETTLEMENT = "person", "settlement"
MOST_PLACES = 3  # that a sentence says a settlement lies in
ALL_LIVES = 130  # years: nobody lives longer
SPREAD = 3  # years by which sources differ on one life

_YEAR = re.compile(r"(?<!\d)([1-9]\d{3})(?!\d)")
_NEAR = 40  # characters between a year and the word that says what happened
_BEFORE_PLACE = re.compile(r"(?:\b(?:in|at|near|aus|im|bei|в|во|под)\s|,\s)\Z")
_WORD_BEFORE = 8  # characters
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")

# Words of birth and of death.
_LIVES: Mapping[str, tuple[str, str]] = {
    "en": (r"\b[Bb]orn\b", r"\b(?:[Dd]ied|was killed)\b"),
    "de": (r"\b(?:[Gg]eboren|kam zur Welt)\b", r"\b(?:starb|gestorben)\b"),
    "fr": (r"\b[Nn](?:ée?|aquit)\b", r"\b(?:[Mm]orte?|mourut|décédée?)\b"),
    "es": (r"\b(?:[Nn]aci(?:ó|d[oa])\b)", r"\b(?:murió|falleció)\b"),
    "ru": (r"\b[Рр]оди(?:лся|лась|вш\w+)\b", r"\b(?:[Уу]мер(?:ла)?|[Сс]кончал(?:ся|ась)|[Пп]огиб(?:ла)?)\b"),
}
# Nouns that say what kind of thing a name is. One of two kinds is left out.
# The noun is the last word of what is said, the end of a German compound, and in Russian the first word that is known.
_HEAD_FIRST, _COMPOUNDS = frozenset({"es", "fr", "ru"}), frozenset({"de"})
_KINDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        PERSON: "actor actress architect artist athlete author banker bishop botanist boxer chemist composer "
        "cricketer dancer daughter designer diplomat director doctor economist emperor engineer explorer "
        "footballer historian journalist judge king lawyer linguist mathematician merchant musician "
        "novelist nurse officer painter philosopher photographer physician physicist pianist pilot player "
        "poet politician priest prince princess professor queen rapper runner saint scholar scientist "
        "sculptor senator singer skater soldier son songwriter surgeon swimmer teacher theologian "
        "violinist writer",
        SETTLEMENT: "borough city hamlet municipality settlement suburb town township village",
        "water": "bay brook canal creek lagoon lake reservoir river sea strait waterfall",
        "height": "hill mountain ridge volcano",
        "work": "album ballet book comedy drama epic film game movie musical novel opera painting play poem "
        "series sitcom song symphony thriller",
        "creature": "bird breed butterfly cat dog falcon fish flower fungus genus grass horse insect moss moth shrub "
        "species spider tree",
        "software": "app application compiler database framework language protocol software tool",
        "vehicle": "aircraft airplane boat car frigate locomotive motorcycle ship steamer submarine tram truck",
        "celestial": "asteroid comet constellation galaxy planet",
        "institution": "abbey agency airline airport association band bank brewery bridge castle cathedral chapel "
        "charity church cinema club college company corporation foundation hospital hotel manufacturer "
        "ministry mosque museum organisation organization palace party prison retailer school skyscraper "
        "stadium station team temple theater theatre tower union university",
    },
    "de": {
        PERSON: "anwalt anwältin architekt architektin arzt autor autorin bergsteiger bildhauer bischof dichter "
        "dichterin fahrer fahrerin historiker ingenieur jurist juristin kaiser kaufmann komponist könig "
        "königin lehrer lehrerin maler malerin musiker offizier pfarrer philosoph physiker politiker "
        "politikerin professor professorin präsident rechtlerin regisseur richter richterin schauspieler "
        "schauspielerin schriftsteller schriftstellerin sohn spieler spielerin sportler sportlerin sänger "
        "sängerin tochter wissenschaftler ärztin",
        SETTLEMENT: "dorf gemeinde ort ortschaft ortsteil siedlung stadt stadtteil weiler",
        "water": "bach bucht fluss kanal meer see teich",
        "height": "berg gebirge gipfel hügel vulkan",
        "work": "album buch drama film gedicht gemälde lied oper roman serie spiel",
        "creature": "baum fisch gattung insekt käfer pflanze rasse schmetterling vogel",
        "software": "anwendung datenbank programmiersprache software werkzeug",
        "vehicle": "auto boot dampfer flugzeug lokomotive motorrad schiff wagen",
        "celestial": "asteroid komet planet",
        "institution": "bank brücke burg dom firma gesellschaft hersteller hochschule kapelle kirche kloster "
        "krankenhaus museum partei schloss schule stiftung theater turm universität unternehmen verband verein verlag",
    },
    "fr": {
        PERSON: "acteur actrice architecte artiste athlète auteur autrice avocat avocate banquier botaniste "
        "boxeur chanteur chanteuse chimiste compositeur compositrice coureur cycliste danseur danseuse "
        "diplomate empereur femme fille fils footballeur footballeuse général géologue historien "
        "historienne homme ingénieur joueur joueuse journaliste juge linguiste mathématicien militaire "
        "musicien musicienne médecin navigateur officier peintre philosophe photographe physicien "
        "physicienne pianiste pilote poète poétesse prince princesse professeur prêtre reine roi "
        "romancier romancière réalisateur réalisatrice sculpteur soldat traducteur traductrice écrivain "
        "écrivaine évêque",
        SETTLEMENT: "bourg bourgade commune hameau localité municipalité village ville",
        "water": "baie cascade fleuve lac mer rivière ruisseau torrent étang",
        "height": "colline mont montagne sommet volcan",
        "work": "album ballet chanson comédie film opéra poème roman symphonie tableau",
        "creature": "arbre champignon chien insecte oiseau papillon plante poisson",
        "software": "langage logiciel",
        "vehicle": "avion bateau locomotive navire voiture",
        "celestial": "astéroïde comète planète",
        "institution": "abbaye association aéroport banque cathédrale chapelle château entreprise fondation "
        "gare hôpital monastère musée pont société stade théâtre université église",
    },
    "es": {
        PERSON: "abogada abogado actor actriz arquitecta arquitecto artista atleta autor autora botánico "
        "boxeador cantante ciclista científica científico compositor compositora diplomático director "
        "directora emperador escritor escritora escultor escultora filósofo futbolista físico general "
        "hija hijo historiador historiadora ingeniera ingeniero juez jugador jugadora matemático "
        "militar médica médico músico novelista obispo periodista pianista piloto pintor pintora poeta "
        "poetisa política político princesa profesor profesora príncipe químico reina rey sacerdote "
        "soldado traductor traductora",
        SETTLEMENT: "aldea ciudad localidad municipio pueblo villa",
        "water": "arroyo bahía cascada lago laguna mar río",
        "height": "cerro colina montaña monte pico volcán",
        "work": "canción comedia cuadro drama novela película poema serie sinfonía álbum ópera",
        "creature": "ave hongo insecto mariposa pez planta pájaro árbol",
        "software": "aplicación lenguaje programa",
        "vehicle": "automóvil avión barco buque locomotora",
        "celestial": "asteroide cometa planeta",
        "institution": "abadía aeropuerto asociación banco capilla castillo catedral compañía empresa escuela "
        "estadio fundación hospital iglesia monasterio museo puente sociedad teatro universidad",
    },
    "ru": {
        PERSON: "актриса актёр архитектор балерина боксёр врач генерал депутат дипломат дочь журналист император "
        "инженер историк композитор король лётчик математик министр музыкант начальник певец певица "
        "писатель писательница политик поэт президент профессор режиссёр священник скульптор спортсмен "
        "спортсменка сын учитель учёный физик философ футболист хоккеист художник художница шахматист "
        "шахматистка",
        SETTLEMENT: "город деревня посёлок село станица хутор",
        "water": "водопад залив море озеро пруд река ручей",
        "height": "вулкан гора хребет",
        "work": "альбом балет картина книга опера песня поэма пьеса роман сериал фильм",
        "creature": "гриб дерево птица растение рыба трава",
        "software": "приложение программа сервис",
        "vehicle": "автомобиль корабль самолёт танк теплоход трактор",
        "celestial": "астероид комета планета",
        "institution": "банк больница дворец завод замок издательство кинотеатр клуб команда компания корпорация мост "
        "музей организация партия собор театр университет фирма храм церковь школа",
    },
}

# Parts of a country of which a settlement lies in one only: "Douglas County", "Landkreis Fulda", "Саратовская область".
_UNITS: Mapping[str, str] = {
    "en": r"county|parish|prefecture|canton",
    "de": r"landkreis|kanton",
    "fr": r"département|canton",
    "es": r"provincia|departamento",
    "ru": r"област\w*|кра[йяею]\w*|губерни\w*",
}
_NEXT_PLACE = re.compile(r"(?:[^\w.;:!?]|\b(?!and\b|und\b|et\b|y\b|и\b)[^\W\d_]+\b){0,8}?\s?\Z")
_SAME, _SAME_UNIT = 6, 3  # letters by which two forms of a name begin: endings differ


@dataclass(frozen=True, slots=True)
class Fact:
    """What a chunk says of one of its finds, by its position; of what the document's title names if that is -1."""

    subject: int
    fact: str


def facts(text: str, language: str, finds: Sequence[Find], sentences: Sequence[FoundSentence]) -> Iterator[Fact]:
    """Yield the facts of a chunk in order."""
    lives, pronouns = _lives(language), PRONOUNS.get(language, frozenset())
    spoken_of = -1
    for sentence in sentences:
        if sentence.opened:
            opening = finds[sentence.finds[0]]
            goes_on = lives and any(cue.fullmatch(text, opening.start, opening.end) for cue in lives)  # "Born in Perth"
            if not goes_on and text[opening.start : opening.end].lower() not in pronouns:
                spoken_of = sentence.finds[0] if opening.kind in NAMES else -1
                kind, end = _kind(text, language, opening.end)
                if kind:
                    yield Fact(spoken_of, f"{IS} {kind}")
                if kind == SETTLEMENT and (places := _places(text, language, finds, sentence, end)):
                    yield Fact(spoken_of, f"{LIES} {places}")
        if lives:
            yield from (Fact(spoken_of, fact) for fact in _life(text, finds, sentence, spoken_of, lives))


@cache
def _lives(language: str) -> tuple[re.Pattern[str], re.Pattern[str]] | None:
    born, died = _LIVES.get(language, ("", ""))
    return (re.compile(born), re.compile(died)) if born else None


def _life(
    text: str,
    finds: Sequence[Find],
    sentence: FoundSentence,
    subject: int,
    lives: tuple[re.Pattern[str], re.Pattern[str]],
) -> Iterator[str]:
    """Yield the years in which a sentence says that its subject was born or died; none if it may mean another name."""
    cues = sorted(
        (cue.start(), cue.end(), fact)
        for fact, words in zip((BORN, DIED), lives, strict=True)
        for cue in words.finditer(text, sentence.start, sentence.end)
    )
    if not cues:
        return
    others = (finds[at] for at in sentence.finds if at != subject and finds[at].kind in NAMES)
    between = [
        find
        for find in others
        if find.start > sentence.start and not _BEFORE_PLACE.search(text, max(0, find.start - _WORD_BEFORE), find.start)
    ]
    if any(find.start < cues[-1][0] for find in between):
        return
    for at in sentence.finds:
        find = finds[at]
        year = _YEAR.search(text, find.start, find.end) if find.kind is Kind.DATE else None
        if year:
            distance, fact = min((max(find.start - end, start - find.end), fact) for start, end, fact in cues)
            if distance <= _NEAR:
                yield f"{fact} {year[1]}"


def _kind(text: str, language: str, end: int) -> tuple[str | None, int]:
    """Return what kind of thing the words after a name say that it is, and where they end."""
    expression = class_expression(language)
    said = expression.match(text, end) if expression and language in _KINDS else None
    if said is None:
        return None, end
    words = _WORD.findall(said[1].lower())
    heads = words if language in _HEAD_FIRST else words[-1:]
    return next(filter(None, (_kind_of(word, language) for word in heads)), None), said.end()


def _places(text: str, language: str, finds: Sequence[Find], sentence: FoundSentence, end: int) -> str:
    """Return the places that a settlement is said to lie in, the smallest first, with the unit of each if it is one."""
    unit = re.compile(rf"\b(?:{_UNITS[language]})\b", re.IGNORECASE)
    places: list[str] = []
    for at in sentence.finds:
        find = finds[at]
        if find.start < end or find.kind not in NAMES:
            continue
        if len(places) == MOST_PLACES or not _NEXT_PLACE.fullmatch(text, end, find.start):
            break
        surface = text[find.start : find.end]
        named = (
            unit.search(surface) or unit.search(text, end, find.start) or unit.match(text, find.end + 1, sentence.end)
        )
        words = [word for word in _WORD.findall(surface.lower()) if not unit.fullmatch(word)]
        if words:
            places.append(f"{named.group()[:_SAME_UNIT].lower() if named else ''}={'-'.join(words)[:_SAME]}")
        end = find.end
    return "|".join(places)


@cache
def _nouns(language: str) -> Mapping[str, str]:
    return {noun.replace("ё", "е"): kind for kind, nouns in _KINDS[language].items() for noun in nouns.split()}


def _kind_of(word: str, language: str) -> str | None:
    nouns, word = _nouns(language), word.replace("ё", "е")
    if word in nouns or language not in _COMPOUNDS:
        return nouns.get(word)
    ends = [noun for noun in nouns if len(noun) > 3 and word.endswith(noun)]
    return nouns[max(ends, key=len)] if ends else None


def conflict(one: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether two sets of facts cannot be of one bearer of a name."""
    mine, theirs = _parts(one), _parts(other)
    if mine[IS] and theirs[IS] and not mine[IS] & theirs[IS]:
        return True
    if mine[LIES] and theirs[LIES] and all(_elsewhere(here, there) for here in mine[LIES] for there in theirs[LIES]):
        return True
    born, died = ((_years(mine[fact]), _years(theirs[fact])) for fact in (BORN, DIED))
    return (
        _apart(*born, SPREAD)
        or _apart(*died, SPREAD)
        or any(
            max(deaths) < min(births) or max(births) + ALL_LIVES < min(deaths)
            for deaths, births in ((died[0], born[1]), (died[1], born[0]))
            if deaths and births
        )
    )


def _parts(facts_of: frozenset[str]) -> dict[str, set[str]]:
    """Return the values of facts by what they say; who was born or died is a person."""
    found: dict[str, set[str]] = {BORN: set(), DIED: set(), IS: set(), LIES: set()}
    for fact in facts_of:
        kind, _, value = fact.rpartition(" ")
        found[kind].add(value)
    if found[BORN] | found[DIED]:
        found[IS].add(PERSON)
    return found


def _years(values: set[str]) -> list[int]:
    return sorted(map(int, values))


def _apart(one: list[int], other: list[int], spread: int) -> bool:
    return bool(one and other) and all(abs(year - each) > spread for year in one for each in other)


def _elsewhere(one: str, other: str) -> bool:
    """Return whether two settlements lie in different places: in two units, or in two regions with what they are in."""
    here, there = ([place.partition("=") for place in places.split("|")] for places in (one, other))
    if {name for _, _, name in here} & {name for _, _, name in there}:
        return False
    units = {unit for unit, _, _ in here if unit} & {unit for unit, _, _ in there}
    return bool(units) or min(len(here), len(there)) > 1
