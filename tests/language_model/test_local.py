"""A language model in a file is asked as a server is; what it writes is verified as everything else."""

from pathlib import Path

import pytest

from tests.support.waiting import NEVER_SECONDS
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.language_model.answerer import LanguageModelAnswerer
from xnai_pipelines.answers.language_model.prompt import messages
from xnai_pipelines.answers.streamed import Streamed
from xnai_pipelines.errors import OptionError
from xnai_pipelines.language_model.local import is_model_file, local_model, packaged_model

TEXT = "The pump was built in 1912 by Ada Lindqvist."
EVIDENCE = [Evidence("d", "pump.md", "Pump", ("c",), 0, len(TEXT), TEXT, (), None, 1.0)]


def test_a_model_is_named_by_a_file_or_by_a_servers_name_of_it():
    assert is_model_file("/models/Small.GGUF")
    assert not is_model_file("llama3.2")


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(OptionError, match=r"no model file .*absent\.gguf"):
        local_model(Path("absent.gguf"), threads=1, seconds=1.0)


@pytest.mark.slow
def test_a_small_model_answers_and_shows_nothing_unproven(tmp_path: Path):
    from dataclasses import replace

    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF and no more")
    with pytest.raises(OptionError, match=r"broken\.gguf cannot be loaded"):
        local_model(broken, threads=1, seconds=1.0)

    model = replace(local_model(packaged_model(), threads=1, seconds=NEVER_SECONDS), max_tokens=12)
    reply = Streamed(model.reply(messages("Who built the pump?", EVIDENCE)))
    assert "".join(reply)
    assert reply.result.failure == ""
    assert reply.result.usage.reply_tokens <= 12
    stranger = Streamed(replace(model, api_key=None).reply(messages("Who?", EVIDENCE)))
    assert list(stranger) == []
    assert stranger.result.failure == "answered with status 401"

    written = Streamed(LanguageModelAnswerer(model)("Who built the pump?", EVIDENCE))
    for sentence in written:
        assert sentence.citations
        assert all(one.quote == TEXT[one.start : one.end] for one in sentence.citations)
    assert written.result.answerer.endswith(".gguf")
