"""Results are kept within a bound, and only those of the state that is served."""

import os

from tests.support.backed_up import copy_home
from tests.support.served import bearer, served
from tests.support.waiting import until
from xnai_pipelines.serving.cache import Cache

NOW, BEFORE = object(), object()


def test_results_take_no_more_memory_than_allowed_and_those_used_last_stay():
    cache = Cache(2_500)
    cache.keep_only(NOW)
    for name in ("first", "second"):
        cache.put(NOW, name, "x" * 500)
    assert cache.get(NOW, "first")
    cache.put(NOW, "third", "x" * 500)
    cache.put(NOW, "large", "x" * 5_000)
    assert [name for name in ("first", "second", "third", "large") if cache.get(NOW, name)] == ["first", "third"]
    assert cache.kept_bytes <= 2_500
    cache.put(NOW, "third", "x")
    cache.put(NOW, "fourth", "x" * 500)
    assert cache.get(NOW, "first")


def test_a_request_that_began_before_a_new_state_changes_nothing_in_the_cache():
    cache = Cache(2_500)
    cache.keep_only(BEFORE)
    cache.keep_only(NOW)
    cache.put(NOW, "name", "new")
    cache.put(BEFORE, "name", "old")
    assert (cache.get(NOW, "name"), cache.get(BEFORE, "name")) == ("new", None)


def test_a_service_that_nobody_asks_forgets_the_results_of_the_state_before(tenants, tmp_path):
    home = copy_home(tenants, tmp_path).home
    with served(home) as client:
        client.post("/v1/search", json={"question": "paid in quartz"}, headers=bearer(home, "blue"))
        assert client.service.cache.kept_bytes
        os.utime(home.releases / "current.json")
        until(lambda: not client.service.cache.kept_bytes)


def test_a_conversation_is_cached_by_what_counts_of_it(tenants, client):
    headers, hits = bearer(tenants.home, "blue"), client.service.cache.hits
    turns = [{"question": f"What is the bonus of the board {n}?", "answer": "Quartz."} for n in range(7)]
    for first in ("What is the office?", "When are the holidays?"):
        history = [{"question": first, "answer": "x" * 10_000}, *turns]
        asked = {"question": "When is the office closed?", "history": history}
        assert client.post("/v1/answer", json=asked, headers=headers).status_code == 200
    assert client.service.cache.hits == hits + 1


def test_lists_of_sources_are_not_kept(tenants, client):
    kept = client.service.cache.kept_bytes
    assert client.get("/v1/sources?most=777", headers=bearer(tenants.home)).json()["documents"] == 1
    assert client.service.cache.kept_bytes == kept
