"""Whether a question is about the documents as a whole: "What are the main topics?". Pure.

Such a question has no word of its own: each word asks, names the documents, or is a function word. One word more ("the
topics of the meeting") makes it a question like any other. To add a language, add it to `_LANGUAGES`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from xnai_pipelines.search.function_words import function_words
from xnai_pipelines.search.words import words


@dataclass(frozen=True, slots=True)
class _Language:
    """Words of a language, folded.

    Attributes:
        whole: Words that ask for the whole by themselves.
        about: Words that do if the documents are named.
        documents: Words that name the documents.
        known: All words that such a question may have.
        meaning: Questions that ask what a word means.
    """

    whole: frozenset[str]
    about: frozenset[str]
    documents: frozenset[str]
    known: frozenset[str]
    meaning: re.Pattern[str]

    @classmethod
    def of(cls, name: str, *, whole: str, about: str, documents: str, others: str, never: str, meaning: str) -> Self:
        """Return the words of a language; function words that ask for something else are in `never`."""
        listed = frozenset(" ".join([whole, about, documents, others]).split())
        known = (listed | function_words([name])) - set(never.split())
        kinds = [frozenset(kind.split()) for kind in (whole, about, documents)]
        return cls(kinds[0], kinds[1], kinds[2], known, re.compile(meaning))

    def asks(self, said: list[str]) -> bool:
        """Return whether these are the words of a question about the whole."""
        mine = set(said)
        named = bool(mine & self.whole) or bool(mine & self.about and mine & self.documents)
        return named and mine <= self.known and not self.meaning.fullmatch(" ".join(said))


_LANGUAGES = (
    _Language.of(
        "en",
        whole="topics themes subjects overview",
        about="about topic theme subject summary summarise summarize contain cover discuss describe say information",
        documents="""
            documents documentation docs corpus collection texts content knowledge base knowledge-base
            knowledgebase everything""",
        others="""
            s please give get show list name tell provide write make talk deal main major key central
            general overall brief briefly short quick whole entire important covered discussed addressed
            treated""",
        never="how why when who where i he she not no nor after before between during because",
        meaning=r"what (?:is|are|s) (?:an? )?\w+",
    ),
    _Language.of(
        "de",
        whole="""
            themen hauptthemen kernthemen themengebiete themenbereiche uberblick gesamtuberblick ubersicht
            schwerpunkte""",
        about="""
            worum wovon woruber worin um thema hauptthema steht fass fasse zusammenfassung zusammenfassen
            beschreibe enthalten inhalt""",
        documents="dokumente dokumenten dokumentation unterlagen texte texten sammlung korpus wissensbasis",
        others="""
            bitte diesen diesem kannst konnen gib geben zeig zeige nenne nenn liste erstelle geht handelt
            handeln gibt lauten werden behandelt behandeln besprochen abgedeckt zusammen alle aller allen
            kurz kurze kurzen wichtigsten zentralen allgemeinen groben gesamte gesamten ganze ganzen""",
        never="ich man wann warum wieso wer wo woher wohin nicht kein keine ohne nach vor",
        meaning=r"was (?:ist|sind) (?:eine? )?\w+",
    ),
    _Language.of(
        "ru",
        whole="темы тематики обзор",
        about="""
            о об чем тема тематика содержание содержат содержит говорится рассказывают перескажи перескажите
            обобщи обобщите суммируй суммируйте изложи изложите резюме итог""",
        documents="""
            документы документов документах документация документации документацию тексты текстов текстах
            материалы материалов материалах корпус корпуса коллекция коллекции коллекцию база базе базу
            знаний""",
        others="""
            каковы какова этой этих этого этом эту всех всей всю здесь пожалуйста дай дайте сделай сделайте
            покажи назови назовите перечисли перечислите составь подведи речь идет наших основные главные
            ключевые важные основная главная общий краткий краткое кратко целом расскажи расскажите
            охватывает охватывают рассматриваются освещаются освещены затронуты раскрыты обсуждаются
            охвачены""",
        never="как когда где куда кто почему сколько не нет без до",
        meaning=r"что (?:такое )?\w+",
    ),
)


@lru_cache(maxsize=1_000)
def asks_for_overview(question: str) -> bool:
    """Return whether a question is about the documents as a whole."""
    said = [word.text for word in words(question)]
    return any(language.asks(said) for language in _LANGUAGES)
