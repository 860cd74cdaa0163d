"""What somebody only says: left out, "critics said" or "it is a myth that" turns a report into a fact."""

from collections.abc import Container, Iterator, Sequence

from xnai_pipelines.answers.verification.alignment import Alignment
from xnai_pipelines.answers.verification.cues import Cue
from xnai_pipelines.answers.verification.tokens import Token
from xnai_pipelines.search.words import fold

# Words of all languages with tables in `cues`, folded.
_REPORTING = """say says said saying tell tells told write writes wrote claim claims claimed claiming argue argues
    argued arguing allege alleges alleged alleging assert asserts asserted contend contends contended
    insist insists insisted predict predicts predicted believe believes believed thought rumor rumored
    rumour rumoured rumors rumours according myth legend misconception fiction accuse accuses accused
    suspect suspects suspected fear feared hope hoped doubt doubted sagt sagte sagten behauptet
    behauptete behaupteten behaupten meint meinte meinten meinen glaubt glauben glaubte angeblich laut
    zufolge legende mythos gerucht geruchte sage vermutet vermuteten beschuldigt selon affirme affirmait
    affirment dit disent disait pretend pretendait pretendent croit croient croyait mythe rumeur segun
    dijo dijeron dice dicen decia afirma afirmo afirman afirmaron aseguro aseguran cree creen creia
    leyenda mito acusado acusada disse dissero dicono sostiene sostengono affermano credono leggenda
    disseram dizem afirmam acredita acreditam lenda volgens zei zeiden zegt zeggen beweert beweerde
    beweren beweerden gelooft geloven сказал сказала сказали говорит говорят говорил говорили утверждал
    утверждала утверждали утверждает утверждают считал считали считает считают считалось полагал
    полагали полагают словам мнению легенде легенда миф слухам слухи преданию якобы обвиняли обвинили
    подозревали сказав каже кажуть стверджував стверджують словами легендою чутками каза твърди твърдят
    според powiedzial twierdzi twierdza twierdzil wedlug podlug legendy rekl tvrdi podle enligt sade
    sager pastod ifolge sagde siger haevdede sa sier hevdet"""
_REPORTS = frozenset(_REPORTING.split())
_RELATIVE = frozenset(
    [
        "who",
        "which",
        "that",
        "der",
        "die",
        "das",
        "qui",
        "que",
        "который",
        "которая",
        "которое",
        "которые",
        "який",
        "som",
    ]
)
_CONTRAST = frozenset(
    ["but", "however", "although", "though", "aber", "jedoch", "mais", "pero", "sino", "ma", "mas", "maar", "но"]
)
_WITHIN = 3  # words of a clause put in: "critics of the plan said"


def reports_dropped(aligned: Alignment) -> Iterator[str]:
    """Yield words that say who claims it, left out of what is kept, unless others of the kind stand for them."""
    instead = any(fold(token.text) in _REPORTS for at, token in enumerate(aligned.sentence) if at not in aligned.match)
    if not instead:
        for place in reports_left_out(aligned.passage, aligned.matched):
            yield f'The evidence says "{aligned.passage[place].text}" there.'


def reports_left_out(passage: Sequence[Token], kept: Container[int]) -> Iterator[int]:
    """Yield the places of words that report what is kept, and are left out themselves.

    Args:
        passage: Tokens of a sentence of a document.
        kept: Places of those that are said.
    """
    for place, token in enumerate(passage):
        reports = fold(token.text) in _REPORTS and place not in kept
        if reports and any(at in kept and passage[at].content for at in _reported(passage, place)):
            yield place


def _reported(passage: Sequence[Token], place: int) -> Iterator[int]:
    """Yield the places of what a word reports: what follows, and what is around it if its clause is only put in."""
    clause = [at for at, token in enumerate(passage) if token.clause == passage[place].clause]
    if clause[0] and fold(passage[clause[0]].text) in _RELATIVE:  # Ada, who said that it was hers, left
        yield from range(place + 1, clause[-1] + 1)
        return
    for at in range(place + 1, len(passage)):
        if passage[at].clause != passage[place].clause and fold(passage[at].text) in _CONTRAST:
            break
        yield at
    words = [at for at in clause if passage[at].content or passage[at].cue is Cue.HEDGE]
    if clause[0] and passage[clause[0]].cue is not Cue.LINK and len(words) <= _WITHIN + 1:
        yield from range(clause[0])
