"""Small words that change what a sentence claims, by class and language. To add a language, add a line to each table.

A word of one class must be in the evidence at the same place: a sentence that drops "not", adds "only" or turns "some"
into "all" says something else. Words are in the folded form of `search.words`.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache


class Cue(StrEnum):
    """What a small word does to the claim that it stands in."""

    NEGATION = "negation"
    HEDGE = "hedge"
    QUANTITY = "quantity"
    DIRECTION = "direction"
    MODAL = "modal"


_NEGATIONS: Mapping[str, str] = {
    "en": """not no never none nobody nothing nowhere neither nor without cannot hardly barely scarcely rarely seldom
        fail
        fails failed failing failure refuse refuses refused refusing deny denies denied lack lacks lacked lacking false
        falsely unlike except excluding untrue unable n't nt""",
    "de": "nicht kein keine keinen keinem keiner keines nie niemals niemand nichts weder ohne kaum ausser",
    "fr": "ne pas n jamais aucun aucune rien personne ni sans guere sauf",
    "es": "no nunca jamas ningun ninguno ninguna nadie nada ni tampoco sin apenas excepto",
    "it": "non mai nessun nessuno nessuna niente nulla ne senza tranne",
    "pt": "nao nunca jamais nenhum nenhuma ninguem nada nem sem exceto",
    "nl": "niet geen nooit niemand niets noch zonder nauwelijks behalve",
    "ru": """не нет ни никогда никто никого никому ничто ничего нигде никакой никакая никакие никаких без вряд едва
        кроме нельзя невозможно отсутствует отсутствие отказался отказалась отказались отказался""",
    "": "不 没 沒 無 无 未 非 别 勿 莫 לא אין בלי ללא ליא لا لم لن ليس ليست غير بدون دون नहीं नही मत बिना ไม่",
}
_HEDGES: Mapping[str, str] = {
    "en": """may might could would possibly perhaps maybe probably likely unlikely allegedly alleged reportedly
        supposedly
        presumably apparently seemingly purportedly suggest suggests suggested appear appears appeared seem seems seemed
        claim claims claimed believe believes believed rumored rumoured hypothesized hypothesised speculate speculated
        speculates potentially if unless proposed plans planned expected intended""",
    "de": """vielleicht moglicherweise wahrscheinlich angeblich vermutlich eventuell scheinbar anscheinend konnte
        konnten
        wurde durfte soll falls wenn sofern""",
    "fr": "peut peuvent pourrait pourraient probablement apparemment semble semblent pretendument si eventuellement",
    "es": "podria podrian quiza quizas probablemente supuestamente aparentemente parece parecen posiblemente si",
    "it": "potrebbe potrebbero forse probabilmente presumibilmente apparentemente sembra sembrano se",
    "pt": "poderia poderiam talvez provavelmente supostamente aparentemente parece parecem possivelmente se",
    "nl": "misschien mogelijk waarschijnlijk vermoedelijk blijkbaar lijkt zou zouden als indien",
    "ru": """может могут мог могла могло могли возможно вероятно наверное якобы предположительно видимо кажется похоже
        бы если предполагается предполагают считается ожидается планируется утверждает утверждают утверждал вроде""",
}
_QUANTITIES: Mapping[str, str] = {
    "en": """all every each most many some few several half majority minority only solely exclusively both either always
        often sometimes usually frequently occasionally almost nearly entire entirely completely partly partially mostly
        mainly primarily largely any everyone everybody everything everywhere someone somebody something""",
    "de": """alle alles jeder jede jedes meisten viele einige wenige mehrere halfte mehrheit nur beide immer oft
        manchmal
        fast beinahe ganz teilweise hauptsachlich meist""",
    "fr": """tous toutes tout chaque plupart beaucoup plusieurs quelques peu moitie majorite seulement uniquement
        toujours
        souvent parfois presque entierement partiellement principalement""",
    "es": """todos todas todo cada mayoria muchos muchas algunos algunas pocos pocas varios mitad solo solamente siempre
        frecuentemente veces casi completamente parcialmente principalmente ambos""",
    "it": """tutti tutte ogni maggior molti molte alcuni alcune pochi poche diversi meta solo soltanto sempre spesso
        talvolta quasi completamente parzialmente principalmente entrambi""",
    "pt": """todos todas cada maioria muitos muitas alguns algumas poucos poucas varios metade apenas somente sempre
        frequentemente vezes quase completamente parcialmente principalmente ambos""",
    "nl": """alle alles elke ieder meeste veel sommige enkele weinig helft meerderheid alleen slechts beide altijd
        vaak soms bijna""",
    "ru": """все всех всем всеми каждый каждая каждое каждого большинство большинства многие многих некоторые некоторых
        немногие несколько половина половины половину только лишь исключительно оба обе обоих всегда часто иногда редко
        обычно почти полностью частично главным""",
    "": "全 都 每 多 些 半 只 常 כל רוב כמה רק כמעט كل معظم بعض فقط دائما सभी हर कुछ केवल",
}
# Before, after, more than: put in each other's place, added to a number or dropped from it, they change the claim.
_DIRECTIONS: Mapping[str, str] = {
    "en": """more less fewer least most over under above below beyond within before after until since during between
        inside outside exceeding into from to against for""",
    "de": "mehr weniger uber unter vor nach bis seit mindestens hochstens gegen von zu",
    "fr": "plus moins avant apres depuis jusqu sous sur contre pour",
    "es": "mas menos antes despues desde hasta bajo sobre contra para",
    "it": "piu meno prima dopo da fino sotto sopra contro per",
    "pt": "mais menos antes depois desde ate sob sobre contra para",
    "nl": "meer minder voor na sinds tot onder boven tegen",
    "ru": "больше меньше более менее свыше выше ниже до после перед раньше позже ранее с от из к против за между",
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
}
_TABLES = {
    Cue.NEGATION: _NEGATIONS,
    Cue.HEDGE: _HEDGES,
    Cue.QUANTITY: _QUANTITIES,
    Cue.DIRECTION: _DIRECTIONS,
    Cue.MODAL: _MODALS,
}
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
_BEFORE_A_PHRASE = "into from to for since until against during between inside outside within before after"
BEFORE_A_PHRASE = frozenset(f"en:{word}" for word in _BEFORE_A_PHRASE.split())
# Written in front of a word, these turn it into its opposite.
NEGATING_PREFIXES = ("un", "in", "im", "ir", "il", "non", "dis", "des", "anti", "не", "без", "бес")


@cache
def cues(language: str | None) -> Mapping[str, Cue]:
    """Return the class of each cue of a language; those of scripts without a table of their own hold for all."""
    found: dict[str, Cue] = {}
    for cue, table in reversed(_TABLES.items()):  # a word of two classes is of the first
        for code in ("", language or ""):
            found.update(dict.fromkeys(table.get(code, "").split(), cue))
    return found


@cache
def glue(language: str | None) -> frozenset[str]:
    """Return the words of a language that add no claim."""
    return frozenset(_GLUE.get(language or "", "").split())
