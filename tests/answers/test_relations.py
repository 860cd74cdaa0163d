"""A date, name or place answers only if the text tells of what is asked: a year of birth is no year of death."""

import pytest

from xnai_pipelines.answers.asked_for import asked_for
from xnai_pipelines.answers.spans import answering_span


@pytest.mark.parametrize(
    ("question", "quote", "marked"),
    [
        ("When did she die?", "She was born in 1871 in Hull, the year of the fire.", None),
        ("When did she die?", "She was born in 1871 and died in 1933.", "1933"),
        ("When was she born?", "She was born in 1871 and died in 1933.", "1871"),
        ("When was she born?", "In 1871 she was born, and in 1933 she died.", "1871"),
        ("When did she die?", "She married in 1896, and died of pneumonia.", None),
        ("When did she die?", "She passed away on 3 May 1933.", "3 May 1933"),
        ("When was she born?", "Edith Marlow (4 March 1871 – 3 May 1933) measured stars.", "4 March 1871"),
        ("When did she die?", "Edith Marlow (4 March 1871 – 3 May 1933) measured stars.", "3 May 1933"),
        ("Wann ist sie gestorben?", "Edith Marlow (* 4. März 1871 in Hull; † 1933) maß Sterne.", "1933"),
        ("When was she born?", "Edith Marlow (b. 1871) measures stars.", "1871"),
        ("When did she die?", "Edith Marlow (b. 1871) measures stars.", None),
        ("When did she marry?", "Edith Marlow (4 March 1871 – 3 May 1933) measured stars.", None),
        ("When was the novel published?", "The Salt Road (1964) was filmed in Chile.", "1964"),
        ("When was it published?", "The graph is based on a 1999 paper by Mann.", "1999"),
        ("When was it published?", "It was set in 1999 and written from then on.", None),
        (
            "When was the hall built?",
            "A plan, designed in 1999, brought the hall (2003), a gym (2009) and buildings.",
            None,
        ),
        ("When was the bridge opened?", "It was built in 1902.", None),
        ("Who designed the bridge?", "The bridge was built by Harriet Vole.", None),
        ("Who designed the bridge?", "It was designed by Harriet Vole and built by Tom Ruddick.", "Harriet Vole"),
        ("In what year did the man who built it die?", "It was built in 1902.", None),
        ("Wann ist sie gestorben?", "Sie wurde 1871 in Hull geboren.", None),
        ("Wann wurde die Brücke eröffnet?", "Die Brücke wurde 1902 eröffnet.", "1902"),
        ("Quand est-elle morte ?", "Elle est née en 1871.", None),
        ("Quand est-elle née ?", "Elle est née en 1871.", "1871"),
        ("¿Cuándo murió?", "Nació en 1871 en Cádiz.", None),
        ("Когда она умерла?", "Она родилась в 1871 году.", None),
        ("Когда она умерла?", "Она родилась в 1871 году, умерла в 1933 году.", "1933 году"),
        ("When does the museum open?", "Daily from 9:00.", "9:00"),
        ("When did the war spread?", "It reached the coast in 1871.", "1871"),
        ("Where was she born?", "She lived in Leeds until 1902.", None),
        ("Where was she born?", "Born in 1871, she lived in Leeds.", None),
        ("Where did she live?", "She was born in Hull and lived in Leeds.", "Leeds"),
        ("Where is he buried?", "He died in Bath.", None),
        ("Où est-elle morte ?", "Elle est née à Saumur.", None),
        ("Où est-elle née ?", "Elle est née à Saumur en 1861.", "Saumur"),
        ("Где она умерла?", "Она родилась в Вологде.", None),
        ("Где она родилась?", "Она родилась в Вологде.", "Вологде"),
        ("¿Dónde murió?", "Nació en Zamora en 1840.", None),
        ("Where was the bridge built?", "The bridge spans the river at Ruthin.", None),
        ("Who founded the distillery?", "It was founded in Oban in 1794.", None),
        ("Who founded the distillery?", "It was founded in Oban by Hugh Stevenson.", "Hugh Stevenson"),
        ("À qui la fabrique a-t-elle été vendue ?", "Elle fut vendue à Jean Martin.", "Jean Martin"),
    ],
)
def test_what_is_told_of_something_else_is_not_marked(question: str, quote: str, marked: str | None):
    found = answering_span(question, quote)
    assert (found and quote[slice(*found)]) == marked


@pytest.mark.parametrize(
    ("question", "text", "above", "tells"),
    [
        ("When did she die?", "She was born in 1871.", "", False),
        ("When did she die?", "It was in 1933, at sea.", "Edith Marlow Death", True),
        ("When did she die?", "She died soon after the war.", "", True),
        ("When was 4.2 released?", "Tables are printed.", "changelog.md 4.2 (2021-05-03)", True),
        ("When did it rain?", "It was built in 1902.", "", True),
        ("How did she die?", "She was born in 1871.", "", True),
        ("Where was she born?", "She lived in Leeds.", "", False),
        ("Where was the bridge built?", "The bridge spans the river.", "", True),
        ("When did she live there?", "It was in 1871.", "", True),
        ("Who founded the distillery?", "It was founded in Oban.", "", False),
        ("Wo ist sie gestorben?", "Sie wurde in Hull geboren.", "", False),
    ],
)
def test_whether_a_text_tells_of_what_is_asked_for(question: str, text: str, above: str, tells: bool):
    wanted = asked_for(question)
    assert (wanted is None or wanted.tells(text, above)) is tells
