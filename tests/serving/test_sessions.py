"""A person signs in with a token; what the browser keeps cannot be read by a script or used from another site."""

import httpx
import pytest

from tests.support.served import bearer, revoke
from tests.support.waiting import NEVER_SECONDS
from xnai_pipelines.serving.sessions import LIFETIME_SECONDS, MAX_SESSIONS, Sessions

QUESTION = {"question": "When is the office closed?"}


@pytest.fixture
def browser(client):
    with httpx.Client(base_url=client.base_url, timeout=NEVER_SECONDS, trust_env=False) as browser:
        yield browser


def signed_in(browser, home, *groups):
    """Sign in; return the header that requests which change something need."""
    token = bearer(home, *groups)["Authorization"].removeprefix("Bearer ")
    response = browser.post("/session", json={"token": token})
    assert response.status_code == 200, response.text
    return {"X-CSRF-Token": response.json()["csrf"]}


def test_a_token_becomes_a_cookie_that_scripts_and_other_sites_do_not_get(tenants, browser):
    token = bearer(tenants.home)["Authorization"].removeprefix("Bearer ")
    response = browser.post("/session", json={"token": token})
    cookie = response.headers["set-cookie"]
    assert all(one in cookie for one in ("HttpOnly", "SameSite=strict", "Path=/"))
    assert not [one for one in (token, response.json()["csrf"]) if one in cookie]


def test_a_session_has_the_rights_of_its_token(tenants, browser):
    csrf = signed_in(browser, tenants.home, "blue")
    assert browser.get("/session").json()["name"] == "somebody"
    assert set(browser.get("/v1/sources").json()["sources"]) == {"blue/office.md", "blue/pay.md", "holidays.md"}
    assert browser.post("/v1/answer", json=QUESTION, headers=csrf).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "another"}, {"X-CSRF-Token": "\xff"}])
def test_without_the_sessions_csrf_token_nothing_is_done(tenants, browser, headers):
    signed_in(browser, tenants.home)
    sent = {name: value.encode("latin-1") for name, value in headers.items()}
    for method, path in (("POST", "/v1/answer"), ("POST", "/v1/feedback"), ("DELETE", "/session")):
        response = browser.request(method, path, json=QUESTION, headers=sent)
        assert (response.status_code, response.json()["error"]) == (403, "ForbiddenError")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_sends_is_refused(tenants, browser, site):
    csrf = signed_in(browser, tenants.home)
    response = browser.post("/v1/answer", json=QUESTION, headers={**csrf, "Sec-Fetch-Site": site})
    assert response.status_code == 403


def test_after_signing_out_the_cookie_is_worth_nothing(tenants, browser):
    csrf = signed_in(browser, tenants.home)
    cookies = dict(browser.cookies)
    assert browser.delete("/session", headers=csrf).status_code == 204
    browser.cookies.update(cookies)
    assert browser.get("/session").status_code == 401


def test_a_session_ends_with_its_token(tenants, browser):
    headers = bearer(tenants.home)
    browser.post("/session", json={"token": headers["Authorization"].removeprefix("Bearer ")})
    assert browser.get("/session").status_code == 200
    revoke(tenants.home, headers)
    assert browser.get("/session").status_code == 401


@pytest.mark.parametrize("token", ["no", "xnai_0_0", " ", "é"])
def test_another_token_opens_nothing(browser, token):
    response = browser.post("/session", json={"token": token})
    assert (response.status_code, response.json()["message"]) == (401, "The token is not valid, or has expired.")
    assert not browser.cookies


def request_with(value):
    return {
        "type": "http",
        "scheme": "http",
        "method": "GET",
        "headers": [(b"cookie", f"xnai_session={value}".encode())],
    }


def test_a_session_ends_after_its_time_and_the_oldest_makes_room():
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    first, _ = sessions.open("Bearer one")
    second, _ = sessions.open("Bearer two")
    assert sessions.of(request_with(first)).authorization == "Bearer one"
    for _ in range(MAX_SESSIONS - 1):
        last, _ = sessions.open("Bearer three")
    assert sessions.of(request_with(first)) is None
    assert sessions.of(request_with(second)) is not None
    now[0] = LIFETIME_SECONDS
    assert sessions.of(request_with(last)) is None


def test_a_session_is_found_beside_cookies_that_others_have_set():
    sessions = Sessions()
    value, session = sessions.open("Bearer one")
    scope = {**request_with(value), "headers": [(b"cookie", b"a=b c; {}; xnai_session=" + value.encode())]}
    assert sessions.of(scope) is session


def test_the_secrets_of_a_session_are_not_in_its_text():
    _, session = Sessions().open("Bearer one")
    assert "one" not in repr(session)
    assert session.csrf not in repr(session)
