"""People are told once, within a bounded time, and no secret is told with it."""

import json
import logging
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from unittest import mock

import pytest
from werkzeug import Response

from tests.support.waiting import NEVER_SECONDS
from xnai_pipelines.autonomy.alerts.alert import Alert, AlertSeverity, Delivery, DeliveryOutcome
from xnai_pipelines.autonomy.alerts.send import LogSink, send
from xnai_pipelines.autonomy.alerts.webhook import WebhookSink
from xnai_pipelines.errors import WebhookError

SECRET = "T00-B00-XXXXsecretXXXX"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


def alert(cause="retrieval_evaluation", at=NOON, **fields):
    return Alert(
        **{
            "kind": "run_failure",
            "title": "A run failed",
            "text": "The evaluation stopped.",
            "severity": AlertSeverity.ERROR,
            "at": at,
            "tags": {"cause": cause, "run_id": "1234"},
            "link": "http://localhost:3000/runs/1234",
            **fields,
        }
    )


@pytest.fixture
def log(tmp_path):
    return LogSink(tmp_path / "home" / "alerts.jsonl")


@pytest.fixture
def path(request):
    """A path of its own for each test, since breakers belong to addresses and live as long as the process."""
    return f"/services/{SECRET}/{sha256(request.node.name.encode()).hexdigest()}"


@pytest.fixture
def webhook(httpserver, path):
    return WebhookSink(httpserver.url_for(path), timeout=NEVER_SECONDS)


@pytest.fixture
def dead_port():
    """A port that is taken and listens to nobody."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def silent_port():
    """A port that accepts connections and sends a byte of an answer every 50 ms, for ever."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip(connection):
            with connection:
                while not over.wait(0.05):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        def accept():
            while not over.is_set():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=drip, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1]
        over.set()
        listening.shutdown(socket.SHUT_RDWR)


def records(log):
    return [json.loads(line) for line in log.path.read_text(encoding="utf-8").splitlines()]


def outcomes(deliveries):
    return [delivery.outcome for delivery in deliveries]


def test_an_alert_reaches_the_log_and_the_webhook(httpserver, log, webhook, path):
    httpserver.expect_request(path, method="POST").respond_with_data("ok")
    told = send(alert(), log, webhook)
    assert told == (
        Delivery("log", DeliveryOutcome.DELIVERED),
        Delivery(f"http://{httpserver.host}:{httpserver.port}", DeliveryOutcome.DELIVERED),
    )
    request, _ = httpserver.log[0]
    assert request.content_type == "application/json; charset=utf-8"
    assert request.json["text"] == ("Error: A run failed\nThe evaluation stopped.\nhttp://localhost:3000/runs/1234")
    assert request.json["alert"]["tags"] == {"cause": "retrieval_evaluation", "run_id": "1234"}
    logged, delivered = records(log)
    assert logged == {"alert": request.json["alert"]}
    assert delivered["delivery"]["outcome"] == "delivered"


def test_without_a_webhook_the_log_alone_is_told(log):
    assert send(alert(), log) == (Delivery("log", DeliveryOutcome.DELIVERED),)
    assert records(log)[0]["alert"]["title"] == "A run failed"


@pytest.mark.slow
@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_passing_fault_is_tried_again(httpserver, log, webhook, path, status):
    httpserver.expect_ordered_request(path).respond_with_data("later", status=status)
    httpserver.expect_ordered_request(path).respond_with_data("ok")
    assert outcomes(send(alert(), log, webhook)) == [DeliveryOutcome.DELIVERED, DeliveryOutcome.DELIVERED]
    assert len(httpserver.log) == 2


@pytest.mark.parametrize(
    ("status", "headers", "reason"),
    [
        (404, {}, "answered 404 Not Found"),
        (302, {"Location": "http://localhost:9/elsewhere"}, "answered 302 Found; redirects are not followed"),
    ],
)
def test_a_refusal_is_not_tried_again(httpserver, log, webhook, path, status, headers, reason):
    httpserver.expect_request(path).respond_with_response(Response("no", status, headers))
    _, delivery = send(alert(), log, webhook)
    assert (delivery.outcome, delivery.reason) == (DeliveryOutcome.FAILED, reason)
    assert len(httpserver.log) == 1
    assert records(log)[-1]["delivery"]["reason"] == reason


@pytest.mark.slow
def test_a_dead_endpoint_is_left_alone_after_three_attempts(log, dead_port, path):
    webhook = WebhookSink(f"http://127.0.0.1:{dead_port}{path}", timeout=NEVER_SECONDS)
    attempts = mock.patch.object(WebhookSink, "_post", autospec=True, side_effect=WebhookSink._post)
    with attempts as attempted:
        _, first = send(alert(), log, webhook)
        assert first == Delivery(f"http://127.0.0.1:{dead_port}", DeliveryOutcome.FAILED, "refuses connections")
        for night in range(100):
            _, later = send(alert(f"cause {night}"), log, webhook)
            assert later.reason == "paused for 5 minutes after 3 consecutive failures"
    assert attempted.call_count == 3
    assert sum("delivery" in record for record in records(log)) == 1, "what was not tried is not logged"


@pytest.mark.slow
def test_an_endpoint_that_never_ends_its_answer_costs_the_time_limit_once(log, silent_port, path):
    webhook = WebhookSink(f"http://127.0.0.1:{silent_port}{path}", timeout=1)
    _, first = send(alert(), log, webhook)  # which would not end before the answer does
    assert first.reason == "did not answer in time"
    _, later = send(alert("another"), log, webhook)
    if later.reason == "did not answer in time":  # the third attempt had no time left in the first delivery
        _, later = send(alert("a third"), log, webhook)
    assert later.reason == "paused for 5 minutes after 3 consecutive failures"


def test_an_endpoint_that_came_back_is_told_again(httpserver, log, webhook, path, monkeypatch):
    httpserver.expect_request(path).respond_with_data("broken", status=500)
    assert send(alert(), log, webhook)[1].reason == "answered 500 Internal Server Error"
    httpserver.clear()
    httpserver.expect_request(path).respond_with_data("ok")
    assert send(alert(), log, webhook)[1].outcome is DeliveryOutcome.PAUSED
    wait_over = time.time() + 301
    monkeypatch.setattr("purgatory.domain.model.time.time", lambda: wait_over)
    log_told, webhook_told = send(alert(), log, webhook)
    assert log_told.outcome is DeliveryOutcome.REPEATED
    assert webhook_told.outcome is DeliveryOutcome.DELIVERED, "a failed delivery does not count as told"


def test_the_same_alert_is_not_sent_again_within_the_quiet_time(httpserver, log, webhook, path):
    httpserver.expect_request(path).respond_with_data("ok")
    assert outcomes(send(alert(), log, webhook)) == [DeliveryOutcome.DELIVERED] * 2
    # Another run, the same cause; a clock that was set back; another cause; another kind; and after the quiet time.
    assert outcomes(send(alert(at=NOON + timedelta(hours=5)), log, webhook)) == [DeliveryOutcome.REPEATED] * 2
    assert outcomes(send(alert(at=NOON - timedelta(hours=1)), log, webhook)) == [DeliveryOutcome.REPEATED] * 2
    assert outcomes(send(alert("embeddings"), log, webhook)) == [DeliveryOutcome.DELIVERED] * 2
    assert outcomes(send(alert(kind="given_up"), log, webhook)) == [DeliveryOutcome.DELIVERED] * 2
    assert outcomes(send(alert(at=NOON + timedelta(hours=6)), log, webhook)) == [DeliveryOutcome.DELIVERED] * 2
    assert len(httpserver.log) == 4


def test_what_was_sent_is_known_after_a_restart_and_beside_torn_lines(log):
    send(alert(), log)
    with log.path.open("ab") as file:
        file.write(b'[]\n{"alert": 3}\n{"delivery": {"at": "yesterday"}}\n{"alert": {"kind": "run_fai')
    assert outcomes(send(alert(), log)) == [DeliveryOutcome.REPEATED]
    assert outcomes(send(alert("another"), log)) == [DeliveryOutcome.DELIVERED]
    assert json.loads(log.path.read_bytes().splitlines()[-1])["alert"]["tags"]["cause"] == "another"


def test_only_the_tail_of_a_long_log_is_read(log):
    send(alert(), log)
    with log.path.open("ab") as file:
        file.write(b'{"other": "' + b"x" * 600_000 + b'"}\n')
    assert log.tail() == []
    send(alert(), log)
    assert len(log.tail()) == 1


def test_a_log_that_cannot_be_written_is_a_failed_delivery_and_does_not_flood_the_webhook(
    httpserver, webhook, path, tmp_path, caplog
):
    (tmp_path / "file").write_text("in the way")
    log = LogSink(tmp_path / "file" / "alerts.jsonl")
    httpserver.expect_request(path).respond_with_data("ok")
    first, second = send(alert(), log, webhook), send(alert(), log, webhook)
    assert outcomes(first) == [DeliveryOutcome.FAILED, DeliveryOutcome.DELIVERED]
    assert outcomes(second) == [DeliveryOutcome.FAILED, DeliveryOutcome.REPEATED]
    assert first[0].reason == f"{log.path} cannot be written (File exists)"
    assert "did not reach log" in caplog.text
    assert len(httpserver.log) == 1


@pytest.mark.slow
@pytest.mark.parametrize("status", [200, 302, 404, 500, None], ids=str)
def test_the_secret_of_the_address_is_nowhere_but_in_the_request(
    httpserver, log, dead_port, path, caplog, capfd, status
):
    caplog.set_level(logging.DEBUG)
    if status:
        answer = Response(SECRET, status, {"Location": f"http://localhost:9{path}", "X-Echo": SECRET})
        httpserver.expect_request(path).respond_with_response(answer)
    host = httpserver.url_for("") if status else f"http://127.0.0.1:{dead_port}"
    webhook = WebhookSink(f"{host}{path}?token={SECRET}", timeout=NEVER_SECONDS)
    told = send(alert(), log, webhook)
    kept = log.path.read_text(encoding="utf-8")
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name != "werkzeug")
    printed = "".join(capfd.readouterr())
    for text in (repr(told), repr(webhook), str(webhook), kept, ours, printed):
        assert SECRET not in text


@pytest.mark.parametrize(
    "url",
    [
        f"ftp://example.org/{SECRET}",
        f"file:///etc/{SECRET}",
        f"{SECRET}",
        f"https:///{SECRET}",
        f"https://example.org:port/{SECRET}",
        f"https://[::1/{SECRET}",
        f"https://example.org/ {SECRET}",
        f"https://example.org/\n{SECRET}",
        f"https://user:{SECRET}@example.org/",
    ],
)
def test_an_address_that_is_no_webhooks_is_refused_without_showing_it(url):
    with pytest.raises(WebhookError, match="The webhook's URL") as refused:
        WebhookSink(url)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


def test_only_scheme_and_host_of_an_address_are_shown():
    assert WebhookSink(f"https://Hooks.example.org/services/{SECRET}").name == "https://hooks.example.org"
    assert WebhookSink(f"http://[::1]:8065/hooks/{SECRET}").name == "http://[::1]:8065"


def test_texts_notify_nobody_by_accident_and_stay_short(httpserver, log, webhook, path):
    httpserver.expect_request(path).respond_with_data("ok")
    name = "<!channel> @here <https://example.org|click> a@all.org.md \udcff"
    send(alert(title="t" * 1000, text=name + "x" * 10_000), log, webhook)
    text = httpserver.log[0][0].json["text"]
    assert "<!" not in text
    assert "@here" not in text
    assert "<https" not in text
    assert len(text) < 4_400
    assert records(log)[0]["alert"]["text"].endswith("…")


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="needs a time zone"):
        alert(at=datetime(2026, 3, 1))  # noqa: DTZ001


def test_many_threads_with_the_same_news_send_it_once(httpserver, log, webhook, path):
    httpserver.expect_request(path).respond_with_data("ok")
    threads = [threading.Thread(target=send, args=(alert(), log, webhook)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(httpserver.log) == 1
    assert len(records(log)) == 2


def test_alerts_are_kept_in_the_file_of_the_home(tmp_path: Path):
    send(alert(text="Ошибка"), LogSink(tmp_path / "alerts.jsonl"))
    assert "Ошибка" in (tmp_path / "alerts.jsonl").read_text(encoding="utf-8")
