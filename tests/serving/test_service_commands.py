"""The service and its tokens from the command line."""

import json
import signal
import socket
import ssl
import threading
from contextlib import suppress

import httpx
import pytest

from tests.support.certificate import write_certificate
from tests.support.commands import free_port
from tests.support.pipeline import command, start_xnai, variables
from tests.support.served import bearer
from tests.support.waiting import NEVER_SECONDS, until


def reached(address, headers=None):
    try:
        return httpx.get(address, headers=headers, timeout=NEVER_SECONDS, trust_env=False)
    except httpx.TransportError:
        return None


def test_tokens_are_made_listed_and_revoked(tenants):
    environment = variables(tenants)
    said = command(environment, "token", "create", "ci", "--scope", "search", "--group", "red", "--json")
    made = json.loads(said.out)
    assert (made["scopes"], made["groups"]) == (["search"], ["red"])
    assert "digest" not in made
    listed = command(environment, "token", "list")
    assert made["token_id"] in listed.out
    assert made["token"] not in listed.out
    assert "is revoked" in command(environment, "token", "revoke", made["token_id"]).out
    assert made["token_id"] not in command(environment, "token", "list").out
    refused = command(environment, "token", "create", "ci", "--scope", "everything")
    assert refused.code == 2
    assert "search, answer, read" in refused.err


def test_a_port_that_cannot_be_used_is_named_in_a_sentence_and_nothing_is_announced(tenants):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = command(variables(tenants, service_port=port), "serve")
    assert (said.code, said.out) == (3, "")
    assert said.err.startswith(f"xnai: The service cannot use port {port} of 127.0.0.1 (Address already in use).")
    assert "XNAI_SERVICE_PORT" in said.err


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_home_is_served_until_the_process_ends(tenants, ending):
    port = free_port()
    environment, address = variables(tenants, service_port=port), f"http://127.0.0.1:{port}"
    process = start_xnai(environment, "serve")
    ready = until(lambda: reached(f"{address}/ready") or process.poll() is not None)
    assert ready is not True, process.communicate()
    assert ready.json() == {"status": "ready"}
    assert reached(f"{address}/v1/status").status_code == 401
    headers, body = bearer(tenants.home, "red"), {"question": "bonus of the board"}
    with httpx.Client(timeout=NEVER_SECONDS, trust_env=False) as client:
        found = client.post(f"{address}/v1/search", json=body, headers=headers).json()
    assert found["hits"][0]["source"] == "red/pay.md"
    process.send_signal(ending)
    process.communicate()
    assert process.returncode in (0, -ending)


@pytest.mark.slow
def test_over_tls_a_killed_service_is_started_again_and_answers_as_before(tenants, tmp_path):
    certificate, key = write_certificate(tmp_path)
    port = free_port()
    environment = variables(tenants, service_port=port, tls_certificate=certificate, tls_key=key)
    address, headers = f"https://127.0.0.1:{port}", bearer(tenants.home, "red")
    seen, stop = [], threading.Event()

    def ask():
        trusted = ssl.create_default_context(cafile=certificate)
        while not stop.is_set():
            with suppress(httpx.TransportError):
                body = {"question": "bonus of the board"}
                found = httpx.post(f"{address}/v1/search", json=body, headers=headers, verify=trusted, trust_env=False)
                seen.append((found.status_code, found.content, "Strict-Transport-Security" in found.headers))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(2):
            process, before = start_xnai(environment, "serve"), len(seen)
            until(lambda before=before, process=process: len(seen) > before + 5 or process.poll() is not None)
            assert reached(f"http://127.0.0.1:{port}/health") is None
            process.send_signal(signal.SIGKILL)
            process.communicate()
    finally:
        stop.set()
        asking.join()
    assert len({*seen}) == 1
    assert (seen[0][0], seen[0][2]) == (200, True)
