"""Small words that change what a sentence claims, by class and language. To add a language, add a line to each table.

A word of one class must be in the evidence at the same place: a sentence that drops "not", adds "only" or turns "some"
into "all" says something else. Words are in the folded form of `search.words`.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache

from xnai_pipelines.search.function_words import function_words


class Cue(StrEnum):
    """What a small word does to the claim that it stands in."""

    NEGATION = "negation"
    CONDITION = "condition"
    HEDGE = "hedge"
    QUANTITY = "quantity"
    DIRECTION = "direction"
    MODAL = "modal"
    LINK = "link"
    STATUS = "status"


TURNING = (Cue.NEGATION, Cue.CONDITION, Cue.HEDGE, Cue.QUANTITY)  # a claim is another one without them

_NEGATIONS: Mapping[str, str] = {
    "en": """not no never none nobody nothing nowhere neither nor without cannot hardly barely scarcely rarely seldom
        fail fails failed failing failure refuse refuses refused refusing deny denies denied lack lacks lacked lacking
        false falsely unlike untrue unable n't nt""",
    "de": "nicht kein keine keinen keinem keiner keines nie niemals niemand nichts weder ohne kaum",
    "fr": "ne pas n jamais aucun aucune rien personne ni sans guere",
    "es": "no nunca jamas ningun ninguno ninguna nadie nada ni tampoco sin apenas",
    "it": "non mai nessun nessuno nessuna niente nulla ne senza",
    "pt": "nao nunca jamais nenhum nenhuma ninguem nada nem sem",
    "nl": "niet geen nooit niemand niets noch zonder nauwelijks",
    "ru": """не нет ни никогда никто никого никому ничто ничего нигде никакой никакая никакие никаких без вряд едва
        нельзя невозможно отсутствует отсутствие отказался отказалась отказались отказался""",
    "uk": "не ні ніколи ніхто ніщо нічого ніде жоден жодна жодне жодного жодних без немає нема неможливо ледве",
    "bg": "не нито никога никой никого нищо никъде никакъв никаква никакви без няма нямат нямаше едва",
    "pl": "nie nigdy nikt nikogo nic niczego nigdzie zaden zadna zadne zadnego zadnych ani bez brak brakuje ledwo",
    "cs": """ne nikdy nikdo nic nikde zadny zadna zadne zadneho zadnych ani bez neni nejsou nebyl nebyla nebylo nebyly
        nebude nema nemaji nelze""",
    "sv": "inte ej icke aldrig ingen inget inga ingenting ingenstans varken utan knappt knappast",
    "da": "ikke ej aldrig ingen intet ingenting ingensteds hverken uden naeppe",
    "no": "ikke ei aldri ingen intet ingenting ingensteds verken uten neppe",
    "": "不 没 沒 無 无 未 非 别 勿 莫 לא אין בלי ללא ליא لا لم لن ليس ليست غير بدون دون नहीं नही मत बिना ไม่",
}
_CONDITIONS: Mapping[str, str] = {
    "en": "if unless except excepting excluding provided providing assuming when whenever until till once",
    "de": "wenn falls sofern solange sobald ausser ausgenommen bis vorausgesetzt",
    "fr": "si sauf hormis excepte lorsque lorsqu quand pourvu tant",
    "es": "si salvo excepto cuando mientras",
    "it": "se quando purche salvo tranne eccetto finche qualora",
    "pt": "se quando salvo exceto caso enquanto",
    "nl": "als indien wanneer tenzij behalve mits zolang tot",
    "ru": "если когда кроме пока исключая",
    "uk": "якщо коли крім окрім поки доки хіба",
    "bg": "ако когато освен докато",
    "pl": "jesli jezeli gdy kiedy chyba oprocz dopoki poki",
    "cs": "pokud jestlize jestli kdyz krome dokud ledaze",
    "sv": "om nar savida forutom utom tills ifall forutsatt",
    "da": "hvis nar medmindre undtagen forudsat indtil safremt",
    "no": "hvis nar dersom unntatt forutsatt inntil safremt",
}
_HEDGES: Mapping[str, str] = {
    "en": """may might could would possibly perhaps maybe probably likely unlikely allegedly alleged reportedly
        supposedly presumably apparently seemingly purportedly suggest suggests suggested appear appears appeared seem
        seems seemed claim claims claimed believe believes believed rumored rumoured hypothesized hypothesised speculate
        speculated speculates potentially proposed plans planned expected intended""",
    "de": """vielleicht moglicherweise wahrscheinlich angeblich vermutlich eventuell scheinbar anscheinend konnte
        konnten wurde durfte soll""",
    "fr": "peut peuvent pourrait pourraient probablement apparemment semble semblent pretendument eventuellement",
    "es": "podria podrian quiza quizas probablemente supuestamente aparentemente parece parecen posiblemente",
    "it": "potrebbe potrebbero forse probabilmente presumibilmente apparentemente sembra sembrano",
    "pt": "poderia poderiam talvez provavelmente supostamente aparentemente parece parecem possivelmente",
    "nl": "misschien mogelijk waarschijnlijk vermoedelijk blijkbaar lijkt zou zouden",
    "ru": """может могут мог могла могло могли возможно вероятно наверное якобы предположительно видимо кажется похоже
        бы предполагается предполагают считается ожидается планируется утверждает утверждают утверждал вроде""",
    "uk": "може можуть міг могла могли можливо ймовірно мабуть нібито здається напевно б би",
    "bg": "може могат можеше вероятно навярно изглежда предполага твърди би",
    "pl": "moze moga mogl mogla mogly mozliwe prawdopodobnie podobno rzekomo zapewne wydaje",
    "cs": "muze mohou mohl mohla mozna pravdepodobne udajne zrejme snad patrne",
    "sv": "kanske mojligen troligen sannolikt formodligen pastas verkar tycks skulle",
    "da": "maske muligvis sandsynligvis formentlig angiveligt lader synes ville",
    "no": "kanskje muligens sannsynligvis trolig antakelig angivelig synes ville",
}
_QUANTITIES: Mapping[str, str] = {
    "en": """all every each most many some few several half majority minority only solely exclusively both either always
        often sometimes usually frequently occasionally almost nearly approximately roughly entire entirely completely
        partly partially mostly mainly primarily largely any everyone everybody everything everywhere someone somebody
        something""",
    "de": """alle alles jeder jede jedes meisten viele einige wenige mehrere halfte mehrheit nur lediglich
        ausschliesslich beide immer oft manchmal fast beinahe ganz teilweise hauptsachlich meist""",
    "fr": """tous toutes tout chaque plupart beaucoup plusieurs quelques peu moitie majorite seulement uniquement
        toujours souvent parfois presque entierement partiellement principalement""",
    "es": """todos todas todo cada mayoria muchos muchas algunos algunas pocos pocas varios mitad solo solamente
        unicamente siempre frecuentemente veces casi completamente parcialmente principalmente ambos""",
    "it": """tutti tutte ogni maggior molti molte alcuni alcune pochi poche diversi meta solo soltanto solamente sempre
        spesso talvolta quasi completamente parzialmente principalmente entrambi""",
    "pt": """todos todas cada maioria muitos muitas alguns algumas poucos poucas varios metade apenas somente sempre
        frequentemente vezes quase completamente parcialmente principalmente ambos""",
    "nl": """alle alles elke ieder meeste veel sommige enkele weinig helft meerderheid alleen slechts uitsluitend beide
        altijd vaak soms bijna""",
    "ru": """все всех всем всеми каждый каждая каждое каждого большинство большинства многие многих некоторые некоторых
        немногие несколько половина половины половину только лишь исключительно оба обе обоих всегда часто иногда редко
        обычно почти полностью частично главным""",
    "uk": """всі усі всіх кожен кожна кожне більшість багато деякі деяких кілька половина тільки лише лиш виключно
        обидва завжди часто іноді інколи майже повністю частково""",
    "bg": """всички всеки всяка всяко повечето много някои няколко малко половината само единствено винаги често
        понякога почти""",
    "pl": """wszystkie wszyscy wszystkich kazdy kazda kazde wiekszosc wiele wielu niektore niektorzy niektorych kilka
        niewiele polowa tylko jedynie wylacznie oba obie zawsze czesto czasami czasem rzadko prawie calkowicie czesciowo
        glownie zwykle""",
    "cs": """vsechny vsichni vsech kazdy kazda kazde vetsina mnoho nekteri nektere nekolik malo polovina pouze jen jenom
        vyhradne oba obe vzdy casto nekdy zridka temer skoro zcela castecne hlavne""",
    "sv": """alla varje flesta manga nagra flera fatal halften endast bara enbart bada alltid ofta ibland sallan nastan
        helt delvis huvudsakligen""",
    "da": """alle hver fleste mange nogle flere halvdelen kun udelukkende begge altid ofte sommetider sjaeldent naesten
        helt delvist""",
    "no": """alle hver fleste mange noen flere halvparten kun bare utelukkende begge alltid ofte sjelden nesten helt
        delvis""",
    "": "全 都 每 多 些 半 只 常 כל רוב כמה רק כמעט كل معظم بعض فقط دائما सभी हर कुछ केवल",
}
# Before, after, more than: put in each other's place, added to a number or dropped from it, they change the claim.
_DIRECTIONS: Mapping[str, str] = {
    "en": """more less fewer least most over under above below beyond within before after since during between inside
        outside exceeding into from to against for""",
    "de": "mehr weniger uber unter vor nach seit mindestens hochstens gegen von zu",
    "fr": "plus moins avant apres depuis jusqu sous sur contre pour",
    "es": "mas menos antes despues desde hasta bajo sobre contra para",
    "it": "piu meno prima dopo da fino sotto sopra contro per",
    "pt": "mais menos antes depois desde ate sob sobre contra para",
    "nl": "meer minder voor na sinds onder boven tegen",
    "ru": "больше меньше более менее свыше выше ниже до после перед раньше позже ранее с от из к против за между",
    "uk": "більше менше понад вище нижче до після перед раніше пізніше з від із проти за між",
    "bg": "повече над под до след преди от към против за между",
    "pl": "wiecej mniej ponad powyzej ponizej przed po do od z przeciw dla miedzy najmniej najwyzej",
    "cs": "vice mene nad pod pred po do od z proti pro mezi nejmene nejvyse",
    "sv": "mer mindre over under fore efter sedan fran till mot minst hogst",
    "da": "mere mindre over under for efter siden fra til mod mindst hojst",
    "no": "mer mindre over under for etter siden fra til mot minst hoyst",
}
_MODALS: Mapping[str, str] = {
    "en": "must should shall can required mandatory optional optionally need needs ought allowed forbidden prohibited",
    "de": "muss mussen soll sollen sollte kann konnen darf durfen",
    "fr": "doit doivent devrait devraient",
    "es": "debe deben deberia puede pueden",
    "it": "deve devono dovrebbe puo possono",
    "pt": "deve devem deveria pode podem",
    "nl": "moet moeten kan kunnen mag mogen",
    "ru": "должен должна должно должны следует обязан обязана обязаны можно запрещено разрешено необходимо",
    "uk": "повинен повинна повинно повинні слід можна заборонено дозволено необхідно",
    "bg": "трябва следва забранено разрешено необходимо",
    "pl": "musi musza powinien powinna powinno powinny mozna wolno nalezy",
    "cs": "musi museji smi smeji lze",
    "sv": "maste bor ska skall kan far",
    "da": "skal bor kan ma",
    "no": "skal bor kan ma",
}
# They begin a part of a sentence that says something of its own, also without a comma before it.
_LINKS: Mapping[str, str] = {
    "en": "and or but because which who whom whose that although though whereas while since as than",
    "de": "und oder aber weil dass obwohl wahrend sondern als",
    "fr": "et ou mais car qui dont parce que",
    "es": "y o pero porque que quien aunque",
    "it": "e o ma perche che",
    "pt": "e ou mas porque que",
    "nl": "en of maar omdat dat",
    "ru": "и или но а потому который которая которое которые что хотя",
    "uk": "і й та або але бо який яка яке які що хоча",
    "bg": "и или но а защото който която което които че",
    "pl": "i lub albo ale a poniewaz ktory ktora ktore ze",
    "cs": "a nebo ale protoze ktery ktera ktere ze",
    "sv": "och eller men som att eftersom",
    "da": "og eller men som at fordi",
    "no": "og eller men som at fordi",
}
# What somebody or something no longer is, or never was.
_STATUSES: Mapping[str, str] = {
    "en": "former formerly previously erstwhile onetime fictional fictitious fake imaginary",
    "de": """ehemalige ehemaliger ehemaliges ehemaligen ehemals fruhere fruherer fruheres fruheren fiktive fiktiver
        fiktives""",
    "fr": "ancien ancienne anciens anciennes anciennement fictif fictive",
    "es": "antiguo antigua antiguos antiguas anteriormente ficticio ficticia",
    "it": "ex precedentemente fittizio fittizia",
    "pt": "antigo antiga antigos antigas anteriormente ficticio ficticia",
    "nl": "voormalig voormalige vroegere fictief fictieve",
    "ru": """бывший бывшая бывшее бывшие бывшего бывшей бывших бывшему бывшим бывшем вымышленный вымышленная
        вымышленного""",
    "uk": "колишній колишня колишнє колишні колишнього колишньої вигаданий вигадана",
    "bg": "бивш бивша бивши бившият бившата измислен измислена",
    "pl": "dawny dawna dawne dawniej fikcyjny fikcyjna",
    "cs": "byvaly byvala byvale byvaleho drivejsi fiktivni",
    "sv": "tidigare forutvarande fiktiv fiktiva",
    "da": "tidligere forhenvaerende fiktiv fiktive",
    "no": "tidligere forhenvaerende fiktiv fiktive",
}
_TABLES = {
    Cue.NEGATION: _NEGATIONS,
    Cue.CONDITION: _CONDITIONS,
    Cue.HEDGE: _HEDGES,
    Cue.QUANTITY: _QUANTITIES,
    Cue.DIRECTION: _DIRECTIONS,
    Cue.MODAL: _MODALS,
    Cue.LINK: _LINKS,
    Cue.STATUS: _STATUSES,
}
COVERED = frozenset.intersection(*(frozenset(_TABLES[cue]) for cue in TURNING))
# Conditions of several words. The first stands for all.
_PHRASES = """as long as/so long as/in case/in the event/subject to/on condition/a moins/a condition/tant que/en cas/
    siempre que/en caso/a condicion/a condizione/a patto/in caso/sempre che/desde que/em caso/es sei denn/im fall/
    unter der bedingung/op voorwaarde/in geval/при условии/в случае/за умови/у разі/при условие/в случай/pod warunkiem/
    w przypadku/o ile/za podminky/v pripade/under forutsattning/i fall/pa betingelse/i tilfaelde/i tilfelle"""
PHRASES = tuple(tuple(phrase.split()) for phrase in _PHRASES.split("/"))
# They turn a claim in one language and are an ordinary word in another one, so they hold in their own alone.
_AMBIGUOUS = """n si fast falls solo meta bare sin caso tot bis nar om ei tant utan manga fatal nic maske ville salvo
    pastas kun als само много"""
# Of no version, only on Windows: left out with what they stand before, they turn what is kept.
_RESTRICTING = """no none only solely exclusively kein keine keinen keinem keiner nur lediglich ausschliesslich aucun
    aucune seulement uniquement ningun ninguno ninguna solo solamente unicamente nessun nessuna nessuno soltanto
    solamente nenhum nenhuma apenas somente geen alleen slechts uitsluitend никакой никакая никакие никаких ни только
    лишь исключительно жоден жодна жодного жодних тільки лише лиш виключно никакъв никаква никакви само единствено zaden
    zadna zadnego zadnych tylko jedynie wylacznie zadny zadneho pouze jen jenom vyhradne ingen inget inga intet endast
    bara enbart bare kun udelukkende utelukkende"""
RESTRICTING = frozenset(_RESTRICTING.split())
# Function words that say the opposite of each other.
OPPOSITES = {"on": "off", "off": "on", "in": "out", "out": "in", "up": "down", "down": "up", "an": "aus", "aus": "an"}
# Words of any language that an answer adds around a fact without claiming anything new.
_GLUE: Mapping[str, str] = {
    "en": """is are was were be been being has had have do does did called named known located situated which who that
        this these those there according document documents text passage evidence states says mentions describes
        mentioned also however therefore thus additionally furthermore moreover while whereas then answer""",
    "de": "laut dokument text auch jedoch genannt heisst befindet",
    "fr": "selon document texte aussi cependant appele appelee situe situee trouve",
    "es": "segun documento texto tambien llamado llamada ubicado ubicada encuentra",
    "ru": """согласно документу документе документ тексту тексте является являются был была было были называется
        находится также это""",
}  # fmt: skip
_PRONOUNS = """he him his she her it its they them their this that these those er ihn ihm sie ihr es dies il elle ils
        elles
    lui leur ce el ella ellos ellas este esta lui lei loro questo questa ele ela eles elas isso hij zij het hun
    он она оно они его ему ее ей их им это этот эта этих ними нем ней который которая которые он הוא היא הם هو هي هم"""
PRONOUNS = frozenset(_PRONOUNS.split())
_ARTICLES = "a an the der die das den dem des ein eine einen le la les l un une el los las il lo gli i o os as"
_SUBJECTS = "i he she it they we you er sie es wir il elle ils elles nous ella ellos он она оно они мы я"
ARTICLES = frozenset(_ARTICLES.split())
SUBJECTS = frozenset(_SUBJECTS.split())
# They stand before a word whether or not the document's sentence is reordered, so leaving one out turns nothing.
_BEFORE_A_PHRASE = "into from to for since until against during inside outside before after"
BEFORE_A_PHRASE = frozenset(f"en:{word}" for word in _BEFORE_A_PHRASE.split())
# Written in front of a word, these turn it into its opposite.
NEGATING_PREFIXES = ("un", "in", "im", "ir", "il", "non", "dis", "des", "anti", "ne", "nie", "не", "без", "бес")


@cache
def cues(language: str | None) -> Mapping[str, Cue]:
    """Return the class of each cue of a language; those of scripts without a table of their own hold for all.

    What turns a claim in another language does so here too, unless this one has the word with another meaning: a text
    may be in two languages, and that of a short one is often mistaken for another.
    """
    found: dict[str, Cue] = {}
    ordinary = function_words([language or ""]).union(_AMBIGUOUS.split())
    for cue, table in reversed(_TABLES.items()):  # a word of two classes is of the first
        if cue in TURNING:
            others = " ".join(table.values()).split()
            found.update((word, cue) for word in others if word not in ordinary)
    for cue, table in reversed(_TABLES.items()):
        for code in ("", language or ""):
            found.update(dict.fromkeys(table.get(code, "").split(), cue))
    return found


@cache
def glue(language: str | None) -> frozenset[str]:
    """Return the words of a language that add no claim."""
    return frozenset(_GLUE.get(language or "", "").split())
