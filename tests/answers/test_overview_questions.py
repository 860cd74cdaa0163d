"""A question about the documents as a whole is told by having no word of its own, in three languages."""

import pytest

from xnai_pipelines.answers.overview_questions import asks_for_overview

WHOLE = """
What are the main topics?
What is this documentation about?
Summarise the documents
Which themes are covered?
Give me an overview
Please summarize all of these documents briefly.
What do the documents contain?
What topics does the collection cover?
List the key themes of the corpus
What are these texts about?
Show me a short overview of the documentation, please
What subjects are discussed here?
Can you describe the whole knowledge base?
What's the main subject of these docs?
Worum geht es in den Dokumenten?
Was sind die Hauptthemen?
Welche Themen werden behandelt?
Gib mir einen Überblick
Fasse die Dokumente kurz zusammen.
Wovon handelt diese Dokumentation?
Erstelle bitte eine Zusammenfassung der Unterlagen
О чём эта документация?
Какие темы рассматриваются?
Каковы основные темы?
Дай краткий обзор документов
Перескажи документы
Назови главные темы этих текстов
О чем идет речь в документах?
"""
OTHER = """
What is the topic of the meeting on Monday?
What are the main arguments of run()?
overview of the release process
What are topics?
What is an overview?
How do I summarise documents?
Which topics are not covered?
What topics does Kafka have?
Summarise the incident of 3 May
Which themes does the editor have?
Give me an overview of sqlite3
Who wrote the documentation?
Where are the documents?
What is this?
What does the document base cost?
Delete the topics
What are the main parts of the engine?
How many documents are in the collection?
Was ist ein Thema?
Worum geht es im Vertrag mit Huber?
Welche Themen hat die Sitzung am Montag?
Wie kann man Dokumente zusammenfassen?
Gib mir die Telefonnummer
Что такое обзор?
Какая тема у письма от Анны?
О чем договор с поставщиком?
Как обобщить документы?
Где обзор выпуска 2.0?
"""


@pytest.mark.parametrize("question", WHOLE.strip().splitlines())
def test_a_question_without_a_word_of_its_own_is_about_the_whole(question: str):
    assert asks_for_overview(question)
    assert asks_for_overview(question.upper())


@pytest.mark.parametrize("question", OTHER.strip().splitlines())
def test_a_word_more_or_another_wish_makes_it_a_question_like_any_other(question: str):
    assert not asks_for_overview(question)
