"""The report scores documents by their aspects, puts those that people ask for first, and keeps a history."""

import pytest

from tests.support.health_corpora import corpus_of, examination_of
from tests.support.parsing_files import tarred
from tests.support.workplace import Workplace
from xnai_pipelines.documents.health.demand import Demand, topics
from xnai_pipelines.documents.health.examine import examine
from xnai_pipelines.documents.health.make import health_history, inspect_documents, last_health
from xnai_pipelines.documents.health.report import HealthHistory, objections, worsened
from xnai_pipelines.documents.health.rules import HealthRules
from xnai_pipelines.documents.identity import document_id

BAD = "# Bad\n\n[a](gone.md) TODO: write this.\n"
GOOD = "# Good\n\n" + "The pump moves water from the lower tank to the upper tank. " * 10


def test_the_score_is_the_weighted_mean_of_the_aspects_that_apply():
    report = examine(examination_of({"bad.md": BAD, "good.md": GOOD}), None)
    [bad, good] = report.pages
    assert good.score == 1.0
    # links lose an error; content a warning for the placeholder and an info for few words
    assert bad.aspects == {"links": 0.5, "content": 0.7, "freshness": 1.0, "uniqueness": 1.0}
    weights = {"links": 0.25, "content": 0.25, "freshness": 0.2, "uniqueness": 0.1}
    mean = sum(weights[name] * value for name, value in bad.aspects.items()) / sum(weights.values())
    assert bad.score == pytest.approx(mean, abs=1e-4)
    assert report.first == ("bad.md",)
    assert report.figures()["findings.broken_link"] == 1.0


def test_of_two_bad_pages_the_one_that_people_ask_for_comes_first():
    files = {"a.md": BAD, "b.md": BAD.replace("TODO: write this.", ""), "good.md": GOOD}
    assert examine(examination_of(files), None).first[0] == "a.md"
    demand = Demand(4, {document_id("b.md"): 3.0, document_id("good.md"): 9.0})
    report = examine(examination_of(files, landings=demand.landings), demand)
    assert report.first == ("b.md", "a.md")
    assert report.pages[0].landings == 3.0


def test_questions_without_an_answer_are_grouped_by_the_word_that_they_share():
    asked = ["How do I rotate the key?", "Where is the key?", "Who pays for lunch?", "Can I revoke a key?"]
    found = topics(asked, {"how", "the", "where", "who", "for", "can"})
    assert [(topic.name, topic.questions) for topic in found] == [("key", 3), ("Who pays for lunch?", 1)]


def test_a_run_keeps_its_report_and_adds_a_point_to_the_history(work: Workplace):
    work.write("bad.md", BAD)
    work.write(
        "page.html", "<html><body><h1>Page</h1><p>Words. <a href='gone.html'>gone</a> <a href='bad.md'>x</a></p>"
    )
    work.write("site.tar", tarred({"a.html": "<h1>A</h1><p><a href='b.html'>b</a>", "b.html": "<h1>B</h1><p>Words"}))
    work.write("data.csv", "id,text\n1,One row of words.\n")
    work.ingest_documents()
    for _ in range(2):
        report = inspect_documents(work.context(), work.documents, HealthRules(), None)
    assert last_health(work.home) == report
    assert len(health_history(work.home).points) == 2
    broken = {finding.source for page in report.pages for finding in page.findings if finding.kind == "broken_link"}
    assert broken == {"bad.md", "page.html"}
    assert {page.source for page in report.pages} == {
        "bad.md",
        "page.html",
        "data.csv#1",
        "site.tar!a.html",
        "site.tar!b.html",
    }


def test_what_a_run_objects_to_is_news_only_once(work: Workplace):
    work.write("bad.md", BAD)
    work.ingest_documents()
    rules = HealthRules(quality=0.9)
    inspect_documents(work.context(), None, rules, None)
    first = health_history(work.home)
    assert len(worsened(first, rules)) == len(objections(first.points[0], rules)) == 3
    assert worsened(HealthHistory(first.points * 2), rules) == ()
    assert worsened(HealthHistory(), rules) == ()


def test_an_inspection_of_nothing_is_healthy():
    report = examine(examination_of({}), None)
    assert (report.documents, report.score, report.first) == (0, 1.0, ())
    assert corpus_of({}).folders == {""}
