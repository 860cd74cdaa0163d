"""An issuer's tokens are accepted if it signed them, for this service, for now; its keys may change at any time."""

import base64
import json
import time

import anyio
import pytest

from tests.support.issuer import TestIssuer
from tests.support.served import served
from xnai_pipelines.errors import IssuerUnavailableError, NotAuthenticatedError, SettingsError
from xnai_pipelines.serving.issuer import Issuer, is_safe
from xnai_pipelines.serving.oidc import BETWEEN_SECONDS, KEYS_SECONDS, SKEW_SECONDS, OidcCallers
from xnai_pipelines.serving.tokens import Scope
from xnai_pipelines.settings import given_settings

WRONG = {
    "another audience": {"aud": "wiki"},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://evil.example"},
    "expired": {"exp": int(time.time()) - SKEW_SECONDS - 5},
    "never expires": {"exp": None},
    "not valid yet": {"nbf": int(time.time()) + SKEW_SECONDS + 10**6},
    "nobody": {"sub": None},
    "a number": {"sub": 7},
    "an expiry in words": {"exp": "tomorrow"},
}


class Clock:
    seconds = 0.0

    def __call__(self):
        return time.time() + self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def issuer(httpserver):
    return TestIssuer(httpserver)


@pytest.fixture
def callers(issuer, clock):
    return OidcCallers(Issuer(issuer.url, "xnai", admin_group="operators"), clock)


def caller(callers, token):
    return anyio.run(callers.caller, token)


def refused(callers, token):
    with pytest.raises(NotAuthenticatedError):
        caller(callers, token)
    return True


def test_a_valid_token_names_its_caller_and_groups(issuer, callers):
    found = caller(callers, issuer.token(groups=["blue", "red", 7]))
    assert (found.name, found.groups) == ("oidc/ada", {"blue", "red"})
    assert found.scopes == {Scope.SEARCH, Scope.ANSWER, Scope.READ, Scope.FEEDBACK}
    assert caller(callers, issuer.token(groups="blue", aud=["wiki", "xnai"])).groups == {"blue"}
    assert caller(callers, issuer.token(groups=None)).groups == frozenset()


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
def test_a_token_for_others_or_another_time_is_refused(issuer, callers, claims):
    assert refused(callers, issuer.token(**claims))


def test_clocks_may_differ_by_a_minute(issuer, callers, clock):
    token = issuer.token()
    clock.seconds = 300 + SKEW_SECONDS - 10
    assert caller(callers, token)
    clock.seconds = 300 + SKEW_SECONDS + 10
    assert refused(callers, token)


def unsigned(issuer, algorithm):
    parts = ({"alg": algorithm, "kid": issuer.key.kid}, json.loads(_payload(issuer.token())))
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*coded, ""])


def _payload(token):
    part = token.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_token_that_the_issuer_did_not_sign_is_refused(issuer, callers):
    good = issuer.token()
    header, payload, signature = good.split(".")
    other = base64.urlsafe_b64encode(_payload(good).replace(b"ada", b"eve")).rstrip(b"=").decode()
    assert caller(callers, good)
    for token in (
        unsigned(issuer, "none"), unsigned(issuer, "None"), unsigned(issuer, "RS256"), issuer.confused_token(),
        issuer.foreign_token(), f"{header}.{other}.{signature}", f"{header}.{payload}.", "..", "a.b.c",
        "\ud800.é.x", f"{header}.{'A' * 10_000}.{signature}",
    ):  # fmt: skip
        assert refused(callers, token)


def test_admin_needs_the_group_and_two_factors(issuer, callers):
    for groups, amr, admin in (
        (["operators"], ["pwd", "mfa"], True), (["operators"], ["pwd"], False), (["operators"], None, False),
        (["operators"], "mfa", False), (["blue"], ["mfa"], False),
    ):  # fmt: skip
        found = caller(callers, issuer.token(groups=groups, amr=amr))
        assert (Scope.ADMIN in found.scopes) is admin


def test_without_an_admin_group_nobody_is_admin(issuer):
    callers = OidcCallers(Issuer(issuer.url, "xnai"))
    assert Scope.ADMIN not in caller(callers, issuer.token(groups=[None, ""], amr=["mfa"])).scopes


def test_a_new_key_is_fetched_and_made_up_ones_do_not_make_the_service_ask_again_and_again(issuer, callers, clock):
    assert caller(callers, issuer.token())
    issuer.rotate()
    clock.seconds += BETWEEN_SECONDS + 1
    assert caller(callers, issuer.token())
    fetched = issuer.fetched
    for number in range(5):
        assert refused(callers, issuer.token(header={"alg": "RS256", "kid": f"made-up-{number}"}))
    assert issuer.fetched == fetched


def test_a_withdrawn_key_is_forgotten_within_the_hour(issuer, callers, clock):
    old = issuer.key
    assert caller(callers, issuer.token())
    issuer.rotate()
    clock.seconds += KEYS_SECONDS + 1
    expires = int(clock()) + 60
    assert refused(callers, issuer.token(old, {"alg": "RS256", "kid": old.kid}, exp=expires))


def test_an_issuer_that_is_down_costs_nobody_whose_key_is_known(issuer, callers, clock):
    assert caller(callers, issuer.token())
    issuer.broken = True
    clock.seconds += KEYS_SECONDS + 1
    assert caller(callers, issuer.token(exp=int(clock()) + 60))


def test_an_issuer_that_is_slow_keeps_one_caller_waiting_and_not_all(issuer, callers, clock):
    assert caller(callers, issuer.token())
    clock.seconds += KEYS_SECONDS + 1
    token, answered = issuer.token(exp=int(clock()) + 60), []

    async def ask(name):
        await callers.caller(token)
        answered.append(name)
        issuer.goes_on.set()

    async def both():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, "who fetches")
            await anyio.wait_all_tasks_blocked()
            tasks.start_soon(ask, "who does not")

    issuer.goes_on.clear()
    anyio.run(both)
    assert answered == ["who does not", "who fetches"]


def test_an_issuer_that_never_answered_lets_nobody_in_and_is_named_as_the_cause(issuer, callers):
    issuer.broken = True
    for _ in range(2):  # the second while it is left alone
        with pytest.raises(IssuerUnavailableError):
            caller(callers, issuer.token())


def test_a_key_that_cannot_be_used_costs_no_other(issuer, callers):
    issuer.more_keys = [{"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA", "kid": "new"}, {"kty": "RSA"}, "?"]
    assert caller(callers, issuer.token())


def test_an_issuers_caller_finds_what_its_groups_may_read(tenants, issuer):
    with served(tenants.home, issuer=OidcCallers(Issuer(issuer.url, "xnai"))) as client:
        headers = {"Authorization": f"Bearer {issuer.token()}"}
        found = client.post("/v1/search", json={"question": "bonus of the board"}, headers=headers).json()
        assert {hit["source"] for hit in found["hits"]} == {"blue/pay.md", "blue/office.md", "holidays.md"}
        assert client.get("/metrics", headers=headers).status_code == 403
        headers = {"Authorization": f"Bearer {unsigned(issuer, 'none')}"}
        assert client.get("/v1/status", headers=headers).status_code == 401
        assert client.post("/session", json={"token": issuer.token()}).json()["name"] == "ada"


@pytest.mark.parametrize("address", ["http://login.example", "ftp://login.example", "https://", "ftp://localhost"])
def test_an_issuer_that_others_could_pretend_to_be_is_refused(address):
    assert not is_safe(address)
    with pytest.raises(SettingsError, match="oidc_issuer"):
        given_settings(oidc_issuer=address)
