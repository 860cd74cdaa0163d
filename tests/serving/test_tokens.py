"""A token is shown once and stored as a hash; what is not current is none."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from xnai_pipelines.errors import OptionError
from xnai_pipelines.serving.caller import Doorkeeper
from xnai_pipelines.serving.tokens import Scope, create_token, revoke_token, token_of, tokens
from xnai_pipelines.state.layout import Home

NOW = datetime.now(UTC)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def made(home, **changed):
    return create_token(
        home, **{"name": "ci", "scopes": (Scope.SEARCH,), "groups": ("hr",), "lifetime": timedelta(days=1), **changed}
    )


def test_a_token_is_found_by_its_text_until_it_expires_or_is_revoked(home):
    text, token = made(home)
    other, _ = made(home, name="other")
    assert token_of(text, tokens(home), NOW) == token
    assert token_of(text, tokens(home), NOW + timedelta(days=2)) is None
    assert revoke_token(home, token.token_id) == token
    assert token_of(text, tokens(home), NOW) is None
    assert token_of(other, tokens(home), NOW)


def test_tokens_that_change_twice_within_a_tick_of_the_clock_are_read_again(home):
    file, (first, _) = home.secrets / "tokens.json", made(home)
    doorkeeper = Doorkeeper(home, authenticated=True)
    assert anyio.run(doorkeeper.caller, f"Bearer {first}").name.startswith("ci/")
    before, again = file.stat(), file.with_name("again")
    os.link(file, again)  # a file system gives a number again that is free
    second, _ = made(home, name="second")
    again.write_bytes(file.read_bytes())
    again.replace(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert anyio.run(doorkeeper.caller, f"Bearer {second}").name.startswith("second/")


def test_another_secret_another_prefix_and_nothing_are_no_token(home):
    text, token = made(home)
    for wrong in ("", "xnai", f"xnai_{token.token_id}_", f"xnai_{token.token_id}_{token.digest}", text[:-1], text[1:]):
        assert token_of(wrong, tokens(home), NOW) is None


def test_the_secret_is_stored_nowhere_and_only_the_owner_reads_the_file(home):
    text, _ = made(home)
    file = home.secrets / "tokens.json"
    assert text.split("_", 2)[2] not in file.read_text(encoding="utf-8")
    assert json.loads(file.read_text(encoding="utf-8"))["tokens"][0]["groups"] == ["hr"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.secrets.stat().st_mode) == 0o700


def test_changes_at_the_same_time_lose_none(home):
    revoked = [made(home, name=f"old-{number}")[1].token_id for number in range(8)]
    with ThreadPoolExecutor(16) as many:
        for token_id in revoked:
            many.submit(revoke_token, home, token_id)
            many.submit(made, home, name="new")
    assert [token.name for token in tokens(home)] == ["new"] * 8


@pytest.mark.parametrize("changed", [{"name": "a b"}, {"name": ""}, {"scopes": ()}, {"lifetime": timedelta(0)}])
def test_what_would_be_no_token_is_refused(home, changed):
    with pytest.raises(OptionError):
        made(home, **changed)
    with pytest.raises(OptionError, match="no token"):
        revoke_token(home, "unknown")
