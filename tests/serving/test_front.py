"""Every request is authenticated, bounded and noted; what is refused says why, and a fault shows no path."""

import gzip
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import anyio
import pytest
import uvicorn

from tests.support.served import GENEROUS, bearer, revoke, served
from tests.support.waiting import until
from xnai_pipelines.errors import OptionError, SettingsError
from xnai_pipelines.serving import front, operations
from xnai_pipelines.serving.connection import behind
from xnai_pipelines.serving.hosts import Hosts
from xnai_pipelines.serving.run import run_service
from xnai_pipelines.serving.tokens import Scope
from xnai_pipelines.settings import given_settings

JSON = {"Content-Type": "application/json"}
BODY = {"question": "When is the office closed?"}
ROUTES = [
    ("POST", "/v1/search"), ("POST", "/v1/answer"), ("POST", "/v1/context"), ("GET", "/v1/documents/00"),
    ("GET", "/v1/sources"), ("GET", "/v1/releases"), ("GET", "/v1/status"), ("GET", "/metrics"), ("GET", "/v1/unknown"),
]  # fmt: skip


FAULT = ("/v1/releases", 500)
NO_TOKENS = [None, "", "Bearer", "Bearer nonsense", "Basic eDp5", "Bearer xnai_0_0", "bearer \xff"]


def log_lines(home):
    """Return the lines that are written whole."""
    texts = [path.read_text().rpartition("\n")[0] for path in sorted(home.access.iterdir())]
    return [json.loads(line) for text in texts for line in text.splitlines()]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer nonsense", "Basic eDp5", "Bearer xnai_0_0", "bearer \xff"]
)
def test_without_a_current_token_every_route_is_closed_in_the_same_way(client, method, path, header):
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    response = client.request(method, path, headers=headers, json=BODY)
    assert (response.status_code, response.json()["error"]) == (401, "NotAuthenticatedError")
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_revoked_token_is_refused_from_the_next_request_on(tenants, client):
    headers = bearer(tenants.home)
    assert client.get("/v1/status", headers=headers).status_code == 200
    revoke(tenants.home, headers)
    assert client.get("/v1/status", headers=headers).status_code == 401


@pytest.mark.parametrize(("method", "path"), ROUTES[:-1])
def test_a_token_opens_what_its_scopes_say(tenants, client, method, path):
    headers = bearer(tenants.home, scopes=(Scope.FEEDBACK,))
    response = client.request(method, path, headers=headers, json=BODY if method == "POST" else None)
    assert (response.status_code, response.json()["error"]) == (403, "ForbiddenError")


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"question": ""}', 422),
        (b'{"question": "?!"}', 400),
        (b'{"question": "a", "k": 0}', 422),
        (b'{"question": "a", "k": 1e9}', 422),
        (b'{"question": "a", "mode": "best"}', 422),
        (b'{"question": "a", "url": "http://x"}', 422),
        (b'{"question": "\\ud800 office"}', 422),
        (b'{"question": "' + b"office " * 1_000 + b'"}', 422),
        (b'{"question": ["a"]}', 422),
        (b"\xff\xfe", 422),
        (b"[" * 10_000, 400),
        (b"{}", 422),
        (b'{"question": "' + b"a" * 1_000_000 + b'"}', 413),
    ],
    ids=range(13),
)
def test_a_request_of_another_form_is_refused_with_a_sentence(tenants, client, content, status):
    headers = {**bearer(tenants.home), "Content-Type": "application/json"}
    response = client.post("/v1/search", content=content, headers=headers)
    assert response.status_code == status, response.text
    assert response.json()["message"].endswith(".")


def test_a_body_that_does_not_say_how_large_it_is_is_cut_off(tenants, client):
    headers = {**bearer(tenants.home), "Content-Type": "application/json"}
    response = client.post("/v1/search", content=iter([b" " * 10_000] * 50), headers=headers)
    assert response.status_code == 413


@pytest.mark.parametrize(
    ("path", "sent", "sentence"),
    [
        ("/v1/search", {"data": {"question": "a"}}, "Send a JSON object as the body with the header Content-Type: app"),
        ("/v1/search", {"json": []}, "Send a JSON object as the body."),
        ("/v1/search", {"json": {"question": "a", "top_k": 3}}, "body.top_k: There is no such field. /docs lists"),
        ("/v1/search", {"content": gzip.compress(b"{}"), "headers": JSON}, "The body is not JSON in UTF-8"),
        ("/v1/search", {"content": b"{", "headers": JSON}, "The body is not valid JSON: Expecting property name"),
        ("/v1/embeddings", {"json": {"input": [[1, 2]]}}, "body.input.0: Input should be a valid string."),
        ("/v1/embeddings", {"json": {"input": []}}, "body.input: List should have at least 1 item"),
        ("/v1/embeddings", {"json": {"input": ["a"] * 65}}, "body.input: List should have at most 64 items"),
        ("/v1/embeddings", {"json": {"input": ["a", ""]}}, "body.input.1: String should have at least 1 character"),
        ("/v1/nothing", {"json": {}}, "There is no such route. /docs lists the routes."),
        ("/v1/status", {"json": {}}, "This route takes GET. /docs lists the routes."),
    ],
)
def test_a_refused_request_is_told_what_to_send(tenants, client, path, sent, sentence):
    headers = {**bearer(tenants.home), **sent.pop("headers", {})}
    answer = client.post(path, headers=headers, **sent).json()
    assert (answer.get("message") or answer["error"]["message"]).startswith(sentence)


def test_a_range_that_ends_before_it_starts_is_refused(tenants, client):
    headers = bearer(tenants.home)
    (document_id, *_) = client.get("/v1/sources", headers=headers).json()["sources"].values()
    response = client.get(f"/v1/documents/{document_id}?start=5&end=2", headers=headers)
    assert (response.status_code, response.json()["error"]) == (400, "OptionError")


def test_head_gives_the_headers_of_get_and_the_scheme_of_a_token_may_be_in_any_case(tenants, client):
    headers = {"Authorization": bearer(tenants.home)["Authorization"].replace("Bearer", "bearer")}
    for path in ("/health", "/v1/status"):
        response = client.head(path, headers=headers)
        assert (response.status_code, response.content) == (200, b"")
        assert response.headers["content-length"] == client.get(path, headers=headers).headers["content-length"]
    assert client.head("/v1/search", headers=headers).status_code == 405


def test_a_foreign_host_is_refused(tenants, client):
    response = client.get("/v1/status", headers={**bearer(tenants.home), "Host": "evil.example"})
    assert (response.status_code, response.json()["error"]) == (400, "HostError")


@pytest.mark.parametrize(
    ("given", "served"),
    [
        ([b"docs.example:8080"], True),
        ([b"DOCS.example"], True),
        ([b"[::1]:80"], True),
        ([b"a.wide.example"], True),
        ([b"wide.example"], False),
        ([b"docs.example.evil"], False),
        ([b"docs.example", b"evil"], False),
        ([b"docs.example:80:80"], False),
        ([], False),
    ],
)
def test_a_request_names_the_service_once(given, served):
    answered = []

    async def app(scope, receive, send):
        answered.append(200)

    async def send(message):
        answered.append(message.get("status"))

    scope = {"type": "http", "headers": [(b"host", value) for value in given]}
    anyio.run(Hosts(app, ("docs.example", "[::1]", "*.wide.example")), scope, None, send)
    assert answered[0] == (200 if served else 400)


def test_every_response_has_the_security_headers(tenants, client):
    for response in (
        client.get("/health"),
        client.get("/v1/status"),
        client.get("/v1/status", headers=bearer(tenants.home)),
    ):
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert "server" not in response.headers or "uvicorn" in response.headers["server"]


@pytest.mark.parametrize(
    ("scheme", "host", "stays"),
    [("https", b"docs.example:8080", True), ("https", b"LocalHost:8080", False), ("http", b"docs.example", False)],
)
def test_over_tls_browsers_are_told_to_stay_there_but_not_on_localhost(scheme, host, stays):
    found = front.headers({"type": "http", "scheme": scheme, "headers": [(b"host", host)]})
    assert ("Strict-Transport-Security" in found) is stays


@pytest.mark.parametrize(("proxies", "seen"), [((), "10.0.0.9"), (("10.0.0.0/8",), "203.0.113.7")])
def test_only_a_proxy_that_is_named_says_who_asks(proxies, seen):
    clients = []

    async def app(scope, _receive, _send):
        clients.append(scope["client"][0])

    config = uvicorn.Config(app, interface="asgi3", **behind(proxies))
    config.load()
    scope = {"type": "http", "client": ("10.0.0.9", 1), "headers": [(b"x-forwarded-for", b"203.0.113.7")]}
    anyio.run(config.loaded_app, scope, None, None)
    assert clients == [seen]


@pytest.mark.parametrize("proxies", ["*", "proxy.example", "10.0.0.1/8"])
def test_a_proxy_is_an_address_or_a_network(proxies):
    with pytest.raises(SettingsError, match="trusted_proxies"):
        given_settings(trusted_proxies=proxies)


def test_health_and_ready_need_no_token(client):
    assert client.get("/health").json() == {"status": "alive"}
    assert client.get("/ready").json() == {"status": "ready"}


def test_callers_over_their_rate_wait(tenants):
    with served(tenants.home, replace(GENEROUS, requests_per_minute=5)) as client:
        headers = bearer(tenants.home)
        found = [client.get("/v1/status", headers=headers) for _ in range(7)]
        assert [response.status_code for response in found].count(200) == 5
        assert found[-1].status_code == 429
        assert int(found[-1].headers["Retry-After"]) >= 1


def test_a_full_queue_refuses_and_alone_and_together_the_bytes_are_the_same(tenants, client):
    headers = bearer(tenants.home, "blue")
    alone = client.post("/v1/search", json=BODY, headers=headers).content
    with (
        served(tenants.home, replace(GENEROUS, queue=1, cached_bytes=0), threads=1) as small,
        ThreadPoolExecutor(32) as many,
    ):
        found = list(many.map(lambda _: small.post("/v1/search", json=BODY, headers=headers), range(96)))
    assert {response.status_code for response in found} <= {200, 429}
    assert {response.content for response in found if response.status_code == 200} == {alone}
    assert all("Retry-After" in response.headers for response in found if response.status_code == 429)


def test_the_access_log_says_who_and_what_and_neither_question_nor_token(tenants, client):
    headers = bearer(tenants.home)
    client.post("/v1/search", json={"question": "a very private question"}, headers=headers)
    caller = f"somebody/{headers['Authorization'].split('_')[1]}"
    (line,) = until(lambda: [line for line in log_lines(tenants.home) if line["caller"] == caller])
    assert (line["method"], line["route"], line["status"]) == ("POST", "/v1/search", 200)
    written = "".join(path.read_text(encoding="utf-8") for path in tenants.home.access.iterdir())
    assert "private" not in written
    assert headers["Authorization"].split("_")[-1] not in written


def test_a_log_that_cannot_be_written_costs_the_line_and_is_counted(tenants, client, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    headers = bearer(tenants.home)
    client.service.log.close()
    with monkeypatch.context() as broken:
        broken.setattr(client.service.log, "_folder", tmp_path / "file" / "access")
        assert client.get("/v1/status", headers=headers).status_code == 200
        until(lambda: "xnai_unlogged_requests_total 0.0" not in client.get("/metrics", headers=headers).text)
    lines = len(log_lines(tenants.home))
    assert client.get("/v1/status", headers=headers).status_code == 200
    until(lambda: len(log_lines(tenants.home)) > lines)


def test_a_fault_is_answered_noted_and_shows_nothing(tenants, client, monkeypatch, caplog):
    def fail(*_):
        raise KeyError("/srv/handbook")

    headers = bearer(tenants.home)
    with monkeypatch.context() as broken:
        broken.setattr(operations, "Releases", fail)
        response = client.get("/v1/releases", headers=headers)
    assert (response.status_code, response.json()["error"]) == (500, "UnexpectedError")
    assert "handbook" not in response.text
    assert "nosniff" in response.headers.values()
    assert "handbook" in caplog.text
    assert until(lambda: [one for one in log_lines(tenants.home) if (one["route"], one["status"]) == FAULT])


def test_a_client_that_leaves_stops_its_request(tenants):
    begun, goes_on = threading.Event(), threading.Event()

    def hold():
        begun.set()
        goes_on.wait()

    token, body = bearer(tenants.home)["Authorization"], json.dumps(BODY)
    head = f"POST /v1/search HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {token}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with served(tenants.home) as client:
        work = client.service.workers.do
        client.service.workers.do = lambda _: work(hold)
        with socket.create_connection((client.base_url.host, client.base_url.port)) as connected:
            connected.sendall(f"{head}{body}".encode())
            begun.wait()
        until(lambda: [line for line in log_lines(tenants.home) if line["status"] == 499])
        goes_on.set()


def test_without_authentication_the_service_listens_on_this_machine_alone(tenants):
    configuration = given_settings(host="192.0.2.1").service
    with pytest.raises(OptionError, match="token create"):
        run_service(tenants.home, configuration, threads=1, authenticated=False, writer=None, serving=list)
