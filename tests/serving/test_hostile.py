"""What a hostile client sends is refused in time and in few bytes, and shows nothing."""

import json
import socket
from collections import defaultdict
from contextlib import closing, suppress
from dataclasses import replace

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.serving.test_tenants import ids
from tests.support.homes import small_disk  # noqa: F401 - a fixture
from tests.support.served import bearer, served
from tests.support.waiting import NEVER_SECONDS
from xnai_pipelines.serving import connection
from xnai_pipelines.serving.audit import AccessLog, AccessRecord
from xnai_pipelines.state.day_files import file_of_day
from xnai_pipelines.state.layout import Home

OF_RED = ("4,000", "zephyrine", "red/pay", "INV-2041")
PLACES = {"document_id": "0" * 32}
BODIES = {
    "question": "bonus of the board", "query": "bonus of the board", "input": "bonus of the board", "model": "xnai",
    "messages": [{"role": "user", "content": "What is the bonus of the board?"}],
}  # fmt: skip


def schema_of(client):
    return client.get("/openapi.json").json()


def raw(client):
    """Return a connection to the service."""
    return closing(socket.create_connection((client.base_url.host, client.base_url.port)))


def answer_of(connected):
    """Return all that the service sends until it closes the connection, also if that was before it was asked."""
    received = []
    with suppress(ConnectionError):
        received.extend(iter(lambda: connected.recv(65_536), b""))
    return b"".join(received)


@pytest.mark.slow
def test_no_request_of_the_described_form_ends_in_a_fault(tenants, client):
    schema = schemathesis.openapi.from_dict(schema_of(client))
    headers = bearer(tenants.home, "blue")
    operations = [found.ok() for found in schema.get_all_operations()]

    @settings(
        max_examples=40, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.sampled_from(operations).flatmap(lambda operation: operation.as_strategy()))
    def ask(case):
        response = case.call(base_url=str(client.base_url), headers=headers)
        assert response.status_code < 500, (case.as_curl_command(), response.text)

    ask()


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_no_route_shows_one_tenant_what_the_other_may_read(tenants, client, warm):
    for state in (None, client.service.current.newest):  # empty
        client.service.cache.keep_only(state)
    places = {**PLACES, "document_id": ids(tenants)["red/pay.md"]}
    shown = {}
    for group in ("red", "blue") if warm else ("blue", "red"):
        headers, texts = bearer(tenants.home, group), []
        for path, methods in schema_of(client)["paths"].items():
            for method in methods:
                fields = {"get": {}}.get(method) or {"json": _body(client, path, method)}
                where = path.format_map(defaultdict(lambda: "a", places))
                response = client.request(method.upper(), where, headers=headers, **fields)
                assert response.status_code < 500
                texts.append(response.text)
        shown[group] = "".join(texts)
    assert all(secret in shown["red"] for secret in OF_RED)
    assert not [secret for secret in OF_RED if secret in shown["blue"]]


def _body(client, path, method):
    """Return a request with the fields that the description of a route asks for."""
    schema = schema_of(client)
    wanted = schema["paths"][path][method].get("requestBody")
    if wanted is None:
        return {}
    name = wanted["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    fields = schema["components"]["schemas"][name]["properties"]
    return {name: value for name, value in BODIES.items() if name in fields}


def test_a_head_that_never_ends_is_closed(client, monkeypatch):
    for begun in (b"", b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "):
        with monkeypatch.context() as impatient:
            impatient.setattr(connection, "HEAD_SECONDS", 0.05)
            with raw(client) as connected:
                with suppress(ConnectionError):  # it may be closed by now
                    connected.sendall(begun)
                assert answer_of(connected) == b""
    assert client.get("/health").status_code == 200


def test_a_head_without_end_is_closed_before_it_fills_the_memory(client):
    with raw(client) as connected:
        connected.sendall(b"GET /health HTTP/1.1\r\nX-Large: ")
        with pytest.raises(ConnectionError):
            connected.sendall(b"x" * 2**30)


def test_a_client_that_does_not_read_is_cut_off(client, monkeypatch):
    with monkeypatch.context() as impatient:
        impatient.setattr(connection, "READ_SECONDS", 0.05)
        with raw(client) as connected:
            connected.settimeout(NEVER_SECONDS)
            with pytest.raises(ConnectionError):
                connected.sendall(2**20 * b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert client.get("/health").status_code == 200


def test_a_probe_is_answered_though_the_connections_are_used_up(tenants, monkeypatch):
    monkeypatch.setitem(connection.OPTIONS, "limit_concurrency", 1)
    before = connection.BoundedConnection.refused
    with served(tenants.home) as crowded:
        assert [crowded.get(path).status_code for path in ("/health", "/v1/status", "/ready")] == [200, 503, 200]
        assert f"xnai_refused_connections_total {before + 1}.0" in crowded.service.metrics.text().decode()


def test_connections_far_beyond_the_limit_are_closed(tenants, monkeypatch):
    monkeypatch.setitem(connection.OPTIONS, "limit_concurrency", 1)
    monkeypatch.setattr(connection, "SPARE", 0)
    with served(tenants.home) as crowded, raw(crowded), raw(crowded) as second:
        assert answer_of(second) == b""


def test_a_body_that_does_not_arrive_is_given_up(tenants, client, monkeypatch):
    monkeypatch.setattr(client.service, "limits", replace(client.service.limits, seconds=0.05))
    token = bearer(tenants.home)["Authorization"]
    head = f"POST /v1/search HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {token}\r\nConnection: close\r\n"
    with raw(client) as connected:
        connected.sendall(f"{head}Content-Length: 50\r\n\r\n{{".encode())
        assert b"did not arrive" in answer_of(connected)


def test_what_is_not_http_is_refused(client):
    for sent in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x00" * 100):
        with raw(client) as connected:
            connected.sendall(sent)
            assert answer_of(connected).startswith(b"HTTP/1.1 400")


def test_two_lengths_are_one_too_many(client):
    head = b"POST /v1/search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    with raw(client) as connected:
        connected.sendall(head + b"0\r\n\r\nGET /v1/status HTTP/1.1\r\n\r\n")
        answered = answer_of(connected)
    assert answered.count(b"HTTP/1.1 ") == 1
    assert b" 200 " not in answered


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd",
        "..%2f..%2fsecrets%2ftokens.json",
        "%2e%2e/%2e%2e/home.json",
        "0' OR '1'='1",
        "0%00",
        "*",
        "%",
    ],
)
def test_an_id_reaches_no_file_and_no_query(tenants, client, name):
    response = client.get(f"/v1/documents/{name}", headers=bearer(tenants.home))
    assert response.status_code == 404
    assert "root:" not in response.text


@pytest.mark.parametrize(
    "question",
    [
        "office\u202eecffo", "\ufeffoffice\u200b\u200d", "o\u0336ffice", "ｏｆｆｉｃｅ", "office\x00", "\U0001f3e2 o",
        "office" + "\u0301" * 900, "ﷺ" * 500 + " office", "\u2028office\u2029", "İ office ß ﬁ",
    ],
)  # fmt: skip
def test_strange_letters_are_words_or_nothing(tenants, client, question):
    response = client.post("/v1/search", json={"question": question}, headers=bearer(tenants.home, "blue"))
    assert response.status_code in (200, 400)
    assert not [secret for secret in OF_RED if secret in response.text]


def test_an_address_in_a_question_is_not_fetched(tenants, client, httpserver):
    headers = bearer(tenants.home)
    for path in ("/v1/search", "/v1/answer", "/v1/context"):
        client.post(path, json={"question": f"What does {httpserver.url_for('/secret')} say?"}, headers=headers)
    assert not httpserver.log


def test_a_full_disk_costs_lines_of_the_access_log_and_nothing_else(small_disk):  # noqa: F811
    log = AccessLog(Home(small_disk))
    access = AccessRecord("2026-01-01T00:00:00.000+00:00", "a/1", "127.0.0.1", "GET", "/v1/status", 200, 1.0)
    assert log.write(access)
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="space"):
        filler.write_bytes(b"x" * 2**24)
    for _ in range(200):
        log.write(access)
    assert not log.write(access)
    filler.unlink()
    assert log.write(access)
    lines = file_of_day(small_disk / "access", "2026-01-01").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[-1])["route"] == "/v1/status"
    log.close()
