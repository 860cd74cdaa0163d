"""What a person does in the chat page, in the system's Chromium: ask, look at a quote, judge, sign in; by keyboard."""

import json
import re
import shutil

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.support.served import bearer, revoke, served
from tests.support.waiting import STEP_SECONDS
from xnai_pipelines.questions.feedback import read_feedback

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
QUESTION = "When is the office closed?"
NOT_ANSWERED = "Which satellite photographs volcanoes on Neptune?"
QUOTE = "The office is closed at night."

HOSTILE = {"text": "<img src=x onerror=alert(1)>", "state": "unsupported", "citations": [], "reason": "<b>No</b>"}

pytestmark = [pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"), pytest.mark.slow]


@pytest.fixture(scope="module")
def chromium():
    expect.set_options(timeout=1_000 * STEP_SECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def open_service(tenants):
    with served(tenants.home, authenticated=False) as client:
        yield client


@pytest.fixture
def visit(chromium):
    """Return a function that opens a page; what its console complains of fails the test."""
    complaints, contexts = [], []

    def visit(address, **how) -> Page:
        contexts.append(chromium.new_context(**{"locale": "en-US", **how}))
        page = contexts[-1].new_page()
        page.set_default_timeout(1_000 * STEP_SECONDS)
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(str(address))
        return page

    yield visit
    for context in contexts:
        context.close()
    assert [one for one in complaints if not re.search("status of 40[13]", one)] == []


def ask(page, question=QUESTION):
    page.get_by_label("Question", exact=True).fill(question)
    page.keyboard.press("Enter")
    page.locator("article[aria-busy=false]").last.wait_for()


def sign_in(page, home):
    headers = bearer(home)
    page.get_by_label("Access token").fill(headers["Authorization"].removeprefix("Bearer "))
    page.get_by_role("button", name="Sign in").click()
    return headers


def test_an_answer_has_citations_whose_quote_is_shown_in_its_document(visit, open_service):
    page = visit(open_service.base_url)
    ask(page)
    citation = page.locator(".sentence .cite").first
    citation.hover()
    card = page.get_by_role("tooltip")
    expect(card.locator("mark")).to_have_text(QUOTE)
    expect(card).to_contain_text("Everybody has thirty holidays.")  # what stands around it
    expect(card).to_contain_text("holidays.md")
    citation.click()
    expect(page.locator(".reader mark")).to_have_text(QUOTE)
    expect(page.locator(".source.reads")).to_contain_text("Holidays")
    expect(page.locator(".legend")).to_contain_text("Quoted word for word")
    expect(page.get_by_role("status")).to_have_text(re.compile("Answer with"))


def test_a_refusal_shows_the_nearest_passages(visit, open_service):
    page = visit(open_service.base_url)
    ask(page, NOT_ANSWERED)
    expect(page.locator(".refusal")).to_contain_text("The documents do not answer this.")
    assert 1 <= page.locator(".nearest li").count() <= 3


def test_all_is_reached_by_keyboard(visit, open_service):
    page = visit(open_service.base_url)
    expect(page.get_by_label("Question", exact=True)).to_be_focused()
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    page.locator("article[aria-busy=false]").wait_for()
    citation = page.locator(".sentence .cite").first
    for _ in range(40):
        if citation.evaluate("one => one === document.activeElement"):
            break
        page.keyboard.press("Shift+Tab")
    expect(citation).to_be_focused()
    expect(page.get_by_role("tooltip").locator("mark")).to_have_text(QUOTE)
    page.keyboard.press("Enter")
    expect(page.locator(".source.reads .head")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".reader")).to_be_focused()
    page.keyboard.press("Escape")
    expect(citation).to_be_focused()


def test_a_judgement_reaches_the_feedback(visit, open_service, tenants):
    page = visit(open_service.base_url)
    ask(page)
    page.get_by_role("button", name="Yes").click()
    expect(page.locator(".noted")).to_have_text("Noted. It counts in the next evaluation.")
    expect(page.get_by_role("button", name="Yes")).to_have_attribute("aria-pressed", "true")
    kept = [one for one in read_feedback(tenants.home.feedback).judgements if one.who == "anyone"]
    assert (kept[-1].question, kept[-1].right) == (QUESTION, True)
    page.route("**/v1/answer", lambda _: None)  # a question that is not answered yet is not kept
    page.get_by_label("Question", exact=True).fill(NOT_ANSWERED)
    page.keyboard.press("Enter")
    page.locator("article[aria-busy=true]").wait_for()
    page.get_by_role("button", name="No", exact=True).click()
    expect(page.get_by_role("button", name="No", exact=True)).to_have_attribute("aria-pressed", "true")
    assert NOT_ANSWERED not in page.evaluate("localStorage.getItem('xnai.history')")


def test_filters_choose_the_documents(visit, open_service):
    page = visit(open_service.base_url)
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Folder or file").fill("nowhere/")
    ask(page)
    expect(page.locator(".refusal")).to_have_text("There are no documents to answer from.")
    page.get_by_role("button", name="Remove filter nowhere/").click()
    ask(page)
    expect(page.locator(".sentence").last).to_contain_text(QUOTE)


def test_history_is_kept_in_the_browser_until_it_is_cleared(visit, open_service):
    page = visit(open_service.base_url)
    ask(page)
    page.reload()
    page.locator(".conversations").get_by_role("button", name=QUESTION, exact=True).click()
    expect(page.locator(".sentence").first).to_contain_text(QUOTE)
    page.get_by_role("button", name="Clear history").click()
    expect(page.locator("article")).to_have_count(0)
    assert page.evaluate("localStorage.getItem('xnai.history')") is None


def test_a_reload_goes_on_with_the_open_conversation_and_a_new_question_with_none(visit, open_service):
    page = visit(open_service.base_url)
    ask(page)
    page.reload()
    expect(page.locator(".sentence").first).to_contain_text(QUOTE)
    expect(page.get_by_label("Question", exact=True)).to_be_focused()
    page.get_by_role("button", name="New question").click()
    page.reload()
    expect(page.locator(".conversations").get_by_role("button", name=QUESTION, exact=True)).to_be_visible()
    expect(page.locator("article")).to_have_count(0)


def test_on_a_telephone_in_russian_a_tap_opens_the_sources(visit, open_service):
    page = visit(
        open_service.base_url,
        locale="ru-RU",
        viewport={"width": 390, "height": 800},
        has_touch=True,
        color_scheme="dark",
    )
    page.get_by_label("Вопрос", exact=True).fill(QUESTION)
    page.get_by_role("button", name="Отправить").tap()
    page.locator("article[aria-busy=false]").wait_for()
    page.locator(".sentence .cite").first.tap()
    expect(page.locator(".reader mark")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Закрыть").tap()
    expect(page.locator(".reader")).to_be_hidden()


def test_a_person_signs_in_and_out(visit, client, tenants):
    page = visit(client.base_url)
    page.get_by_label("Access token").fill("nonsense")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The token is not valid, or has expired.")
    sign_in(page, tenants.home)
    ask(page)
    expect(page.locator(".sentence").first).to_contain_text(QUOTE)
    assert page.evaluate("document.cookie") == ""
    page.route("**/session", lambda route: route.fulfill(status=403, json={"message": "Load the page again."}))
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("Load the page again.")).to_be_visible()
    page.unroute("**/session")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Access token")).to_be_visible()
    assert page.evaluate("localStorage.getItem('xnai.history')") is None


def test_who_signs_in_after_a_session_has_ended_finds_nothing_of_another(visit, client, tenants):
    page = visit(client.base_url)
    headers = sign_in(page, tenants.home)
    ask(page)
    revoke(tenants.home, headers)
    page.get_by_label("Question", exact=True).fill(QUESTION)
    page.keyboard.press("Enter")
    page.get_by_label("Access token").wait_for()
    assert page.evaluate("localStorage.getItem('xnai.history')") is not None
    sign_in(page, tenants.home)
    expect(page.get_by_label("Question", exact=True)).to_be_visible()
    expect(page.locator("article, .conversations li, .source")).to_have_count(0)
    assert page.evaluate("localStorage.getItem('xnai.history')") is None


def test_what_a_document_says_is_never_markup(visit, open_service):
    page = visit(open_service.base_url)
    answer = {"asked": QUESTION, "sentences": [HOSTILE], "notes": [], "answerer": "extractive", "refusal": None}
    body = f"event: answer\ndata: {json.dumps(answer)}\n\n"
    page.route("**/v1/answer", lambda route: route.fulfill(content_type="text/event-stream", body=body))
    ask(page)
    expect(page.locator(".sentence p").first).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator(".sentence :is(img, b)").count() == 0


def test_what_answers_in_a_quote_is_emphasised_where_it_answers(visit, open_service):
    page = visit(open_service.base_url)
    quote = "\U0001f6f6 Of 12 boats in 2012, 12 were sold."
    span = {"start": 123, "end": 125, "text": "12"}
    cited = {
        "document_id": "d",
        "source": "a.md",
        "start": 100,
        "end": 136,
        "quote": quote,
        "heading_path": [],
        "page": None,
    }
    sentence = {"text": quote, "state": "verbatim", "reason": None, "citations": [{**cited, "span": span}]}
    answer = {"asked": QUESTION, "sentences": [sentence], "notes": [], "answerer": "extractive", "refusal": None}
    body = f"event: answer\ndata: {json.dumps(answer)}\n\n"
    page.route("**/v1/answer", lambda route: route.fulfill(content_type="text/event-stream", body=body))
    ask(page)
    expect(page.locator(".sentence strong")).to_have_text("12")
    following = "node => node.nextSibling.textContent"
    assert page.locator(".sentence strong").evaluate(following) == " were sold."


def test_text_runs_in_its_own_direction_and_code_and_tables_keep_their_lines(visit, open_service):
    page = visit(open_service.base_url, viewport={"width": 360, "height": 700})
    texts = [
        "تفحص المضخة كل ربيع.",
        "| Part | Price |\n| --- | --- |\n| Valve | 12 |",
        "```sh\nmake all\n```",
        "x" * 400,
    ]
    long = "y" * 400
    sentences = [{**HOSTILE, "text": text, "reason": long} for text in texts]
    answer = {"asked": long, "sentences": sentences, "notes": [long], "answerer": "extractive", "refusal": None}
    body = f"event: answer\ndata: {json.dumps(answer)}\n\n"
    page.route("**/v1/answer", lambda route: route.fulfill(content_type="text/event-stream", body=body))
    ask(page, "كيف؟")
    directions = "nodes => nodes.map(node => getComputedStyle(node).direction)"
    assert page.locator(".asked, .state + p, .state + pre").evaluate_all(directions) == ["rtl", "rtl", *["ltr"] * 3]
    expect(page.locator(".sentence pre")).to_have_text([re.compile(r"^\| Part"), re.compile("^make all")])
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator(".scroller").evaluate("node => node.scrollWidth - node.clientWidth") == 0
    page.goto(f"{open_service.base_url}/docs")
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_code_is_between_single_or_double_backticks(visit, open_service):
    page = visit(open_service.base_url)
    sentence = {**HOSTILE, "text": "Read ``s`` (a ``str`` or `bytes`), `a` and ``b `c` d``."}
    answer = {"asked": QUESTION, "sentences": [sentence], "notes": [], "answerer": "extractive", "refusal": None}
    body = f"event: answer\ndata: {json.dumps(answer)}\n\n"
    page.route("**/v1/answer", lambda route: route.fulfill(content_type="text/event-stream", body=body))
    ask(page)
    expect(page.locator(".state + p code")).to_have_text(["s", "str", "bytes", "a", "b `c` d"])


def test_the_policy_of_the_page_allows_its_own_files_alone(open_service):
    response = open_service.get("/")
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]+src=\"/page/)|style=\"|\son\w+=\"|https?://", response.text)
    tag = open_service.get("/page/app.js").headers["ETag"]
    assert open_service.get("/page/app.js", headers={"If-None-Match": tag}).status_code == 304
    assert open_service.get("/page/..%2froutes.py").status_code == 404
