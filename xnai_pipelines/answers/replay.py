"""Gives an answer again: its question, release and parameters are kept, what it says is not."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from xnai_pipelines.answers.answer import Answer
from xnai_pipelines.answers.ask import ANSWERS_VERSION, EXTRACTIVE, Answerer, prepare_again, stream
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.signature import public_key, signed, signing_key
from xnai_pipelines.answers.streamed import Streamed
from xnai_pipelines.errors import NotFoundError, ReplayError
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.state.layout import Home, changed_at
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.records import read_record, write_record

MOST_KEPT = 1_000  # answers; the oldest are forgotten
BEYOND = 100  # answers, above which the folder is cut back to that

_ID = re.compile(r"[0-9a-f]{32}")


def keep(answer: Answer, home: Home) -> None:
    """Keep what an answer is made from, so that `replay` can give it again. Nothing of the documents is kept.

    Raises:
        OSError: The folder cannot be written.
    """
    folder = home.answers
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_record(_path(home, answer.answer_id), replace(answer, sentences=(), refusal=None))
    kept = list(folder.glob("*.json"))
    if len(kept) > MOST_KEPT + BEYOND:
        for path in sorted(kept, key=changed_at)[:-MOST_KEPT]:
            path.unlink(missing_ok=True)


def replay(answer_id: str, home: Home, answerer_of: Callable[[str], Answerer], *, threads: int) -> Answer:
    """Return a kept answer again, byte for byte.

    Args:
        answer_id: Its id.
        home: Home that gave it.
        answerer_of: Returns what writes answers with a language model of this name.
        threads: CPU threads of the encoder.

    Raises:
        NotFoundError: There is no such answer.
        ReleaseError: Its release is no longer kept.
        ReplayError: Another version gave it, documents or the graph have changed, the language model wrote something
            else, or it was signed by a key that the home no longer has.
    """
    kept = kept_answer(answer_id, home)
    if kept.parameters.version != ANSWERS_VERSION:
        raise ReplayError(
            f"Answer {answer_id} was given by another version of this program, which chooses quotes in another way."
        )
    release = Releases(home.releases).read(kept.release)
    passages = Passages(SearchIndex.open(home.root, threads=threads, release=release), home)
    answerer = None if kept.answerer == EXTRACTIVE else answerer_of(kept.answerer)
    prepared = prepare_again(passages, kept, to_write=answerer is not None)
    again = Streamed(stream(prepared, answerer, 0.0)).drained()
    if again.answer_id != answer_id:
        model = "" if answerer is None else ", or the language model wrote something else"
        raise ReplayError(
            f"Release {kept.release} gives another answer now: documents have been edited or deleted since, or the "
            f"graph was made again{model}."
        )
    again = replace(again, notes=kept.notes, usage=kept.usage, seconds=kept.seconds)
    if kept.signature is None:
        return again
    key = signing_key(home)
    if public_key(key) != kept.signature.public_key:
        raise ReplayError(
            f"Answer {answer_id} was signed by the key {kept.signature.public_key}, and {home.secrets} has another "
            "now. Restore that key to give the answer again."
        )
    return signed(again, key, datetime.fromisoformat(kept.signature.signed_at))


def kept_answer(answer_id: str, home: Home) -> Answer:
    """Return what is kept of an answer: all but its sentences or refusal.

    Raises:
        NotFoundError: There is no such answer.
    """
    kept = read_record(_path(home, answer_id), Answer) if _ID.fullmatch(answer_id) else None
    if kept is None:
        raise NotFoundError(f"There is no answer {answer_id!r} in {home.answers}. The last {MOST_KEPT:,} are kept.")
    return kept


def _path(home: Home, answer_id: str) -> Path:
    return home.answers / f"{answer_id}.json"
