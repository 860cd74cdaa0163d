"""Any transformer is quantized to a file, and a causal language model trained on conversations, from the terminal."""

import json
from pathlib import Path

import pytest

from tests.support.pipeline import Said, command, json_of, variables
from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.adapters.conversations import read_conversations
from xnai_pipelines.adapters.progress import TrainingStep
from xnai_pipelines.adapters.training import Training, train_causal
from xnai_pipelines.encoders.stored.file import load
from xnai_pipelines.encoders.stored.scheme import Method
from xnai_pipelines.state.artefacts import read_card

WEIGHTS = "adapter_model.safetensors"
CONFIG = {"rank": 4, "alpha": 8, "epochs": 4, "batch_size": 8, "learning_rate": 0.02, "max_length": 64, "device": "cpu"}
SET = [part for name, value in CONFIG.items() for part in ("--set", f"{name}={value}")]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return variables(home=tmp_path / "home")


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """Forty lines, each after a blank one."""
    file = tmp_path / "texts.txt"
    file.write_text("".join(f"\nline {number} tells of {number * number} stones\n" for number in range(40)))
    return file


@pytest.fixture
def conversations(tmp_path: Path) -> Path:
    file = tmp_path / "conversations.jsonl"
    rows = ({"instruction": f"count to {n}", "output": "one two " * (1 + n % 3)} for n in range(24))
    file.write_text("\n".join(map(json.dumps, rows)))
    return file


def refused(said: Said) -> str:
    assert said.code in (1, 2)
    assert not said.out
    assert said.err.startswith("xnai: ")
    assert len(said.err.strip().splitlines()) == 1
    return said.err


def test_a_causal_model_is_quantized_to_a_file_and_its_perplexity_told(tiny_gpt, texts, home, tmp_path):
    out = tmp_path / "model.arrow"
    arguments = ("quantize", "--model", str(tiny_gpt), "--variant", "int4_gptq", "--out", str(out))
    measured = ("--calibration", str(texts), "--perplexity", str(texts))
    found = json_of(command(home, *arguments, *measured, "--json"))
    model = load(out)
    assert model.scheme.method is Method.GPTQ
    assert model.calibration_sha256 is not None
    assert found["file"] == str(out)
    assert found["file_bytes"] == out.stat().st_size
    assert found["ratio"] == pytest.approx(4 * found["weights"] / found["file_bytes"])
    assert found["perplexity_before"] > 1
    assert found["perplexity_after"] == pytest.approx(found["perplexity_before"], rel=0.3)
    assert found["perplexity_after"] != found["perplexity_before"]


def test_an_encoder_is_quantized_without_texts(tiny_bert, home, tmp_path):
    out = tmp_path / "model.arrow"
    said = command(home, "quantize", "--model", str(tiny_bert), "--variant", "int4_rtn", "--out", str(out))
    assert said.code == 0, said.err
    assert str(out) in said.out
    assert "4-bit RTN codes" in said.out
    assert f"{out.stat().st_size:,}" in said.out
    assert "perplexity" not in said.out


def test_the_perplexity_of_an_encoder_is_refused_before_it_is_quantized(tiny_bert, texts, home, tmp_path):
    out = tmp_path / "model.arrow"
    arguments = ("--model", str(tiny_bert), "--variant", "fp16", "--out", str(out), "--perplexity", str(texts))
    assert "not a causal language model" in refused(command(home, "quantize", *arguments))
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--ratio", "8"], "--ratio needs --model FOLDER"),
        (["--perplexity", "TEXTS"], "--perplexity needs --model FOLDER"),
        (["--model", "MODEL", "--redraw"], "--redraw"),
        (["--model", "MODEL", "--out", "NEW"], "--ratio NUMBER or one --variant of fp16, int8_arrow"),
        (["--model", "MODEL", "--out", "NEW", "--variant", "fp32"], "--ratio NUMBER or one --variant of fp16"),
        (["--model", "MODEL", "--out", "NEW", "--variant", "fp16", "--ratio", "8"], "--ratio NUMBER or one --variant"),
        (["--model", "MODEL", "--out", "NEW", "--ratio", "2", "--calibration", "TEXTS"], "ratio=2.0"),
        (["--model", "MODEL", "--out", "NEW", "--ratio", "8"], "--calibration FILE"),
        (["--model", "MODEL", "--out", "NEW", "--ratio", "8", "--calibration", "FEW"], "1 calibration text"),
        (["--model", "MODEL", "--out", "NEW", "--ratio", "8", "--calibration", "BLANK"], "blank.txt has no text"),
        (
            ["--model", "MODEL", "--out", "NEW", "--variant", "fp16", "--perplexity", "BYTES"],
            "bytes.txt cannot be read",
        ),
        (["--model", "MODEL", "--out", "NEW", "--variant", "fp16", "--calibration", "TEXTS"], "not used by float16"),
        (["--model", "NOWHERE", "--out", "NEW", "--variant", "fp16"], "--model: "),
        (["--model", "EMPTY", "--out", "NEW", "--variant", "fp16"], "config.json"),
        (["--model", "MODEL", "--variant", "fp16"], "--out FILE.arrow"),
        (["--model", "MODEL", "--out", "TEXTS", "--variant", "fp16"], "--out FILE.arrow"),
        (["--model", "MODEL", "--out", "OLD", "--variant", "fp16"], "old.arrow exists"),
        (["--model", "MODEL", "--out", "FAR", "--variant", "fp16"], "is not a folder"),
        (["--model", "MODEL", "--out", "HOME", "--variant", "fp16"], "XNAI_HOME"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_quantized_is_a_sentence_that_names_the_option(
    tiny_gpt, texts, home, tmp_path, arguments, named
):
    places = {
        "MODEL": tiny_gpt, "TEXTS": texts, "NEW": tmp_path / "new.arrow", "OLD": tmp_path / "old.arrow",
        "FAR": tmp_path / "far" / "new.arrow", "HOME": tmp_path / "home" / "new.arrow", "NOWHERE": tmp_path / "nowhere",
        "EMPTY": tmp_path / "empty", "FEW": tmp_path / "few.txt", "BLANK": tmp_path / "blank.txt",
        "BYTES": tmp_path / "bytes.txt",
    }  # fmt: skip
    places["OLD"].touch()
    places["EMPTY"].mkdir()
    places["FEW"].write_text("one text\n")
    places["BLANK"].write_text("\n \n")
    places["BYTES"].write_bytes(b"\xff\xfe\xfa")
    assert named in refused(command(home, "quantize", *(str(places.get(part, part)) for part in arguments)))
    assert not places["NEW"].exists()
    assert not places["HOME"].exists()


@pytest.mark.slow
def test_an_interrupted_training_resumes_and_ends_with_the_bits_of_one_that_was_not(
    tiny_gpt, conversations, home, tmp_path
):
    read, config = read_conversations(conversations), AdapterConfig(**CONFIG)

    def interrupt(step: TrainingStep) -> None:
        if step.step == 5:
            raise KeyboardInterrupt

    resumed = tmp_path / "resumed"
    training = Training(config=config, folder=resumed, threads=1, progress=interrupt, checkpoint_seconds=0)
    with pytest.raises(KeyboardInterrupt):
        train_causal(tiny_gpt, read, training, validation=read)
    assert list(resumed.glob(".training/*/step-00000004"))
    given = ("train", "--instructions", str(conversations), "--validation", str(conversations), "--model")
    given = (*given, str(tiny_gpt), *SET, "--json", "--out")
    ended, clean = (json_of(command(home, *given, str(folder))) for folder in (resumed, tmp_path / "clean"))
    assert ended["adapter"] == clean["adapter"]
    weights = [(Path(one["folder"]) / WEIGHTS).read_bytes() for one in (ended, clean)]
    assert weights[0] == weights[1]
    assert ended["last_step"]["step"] == ended["metrics"]["steps"] == 12
    assert ended["metrics"]["validation_loss_after"] < ended["metrics"]["validation_loss_before"]
    card = read_card(Path(ended["folder"]))
    assert card["task"] == "causal"
    assert card["data"]["conversations"] == 24
    assert WEIGHTS in card["files"]
    again = command(home, *(part for part in given if part != "--json"), str(resumed))
    assert again.code == 0, again.err
    assert ended["adapter"] in again.out
    assert "validation loss after" in again.out
    assert "trained before" in again.out


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"--set": "rank"}, "--set 'rank' is not of the form name=value"),
        ({"--set": "rank=-1"}, "rank is -1"),
        ({"--model": "NOWHERE"}, "--model: "),
        ({"--model": "ENCODER"}, "not a causal language model"),
        ({"--instructions": "NOWHERE"}, "nowhere cannot be read"),
        ({"--instructions": "BAD"}, "bad.jsonl, line 1"),
        ({"--validation": "BAD"}, "bad.jsonl, line 1"),
        ({"--out": "BAD"}, "--out: "),
        ({"--out": "HOME"}, "XNAI_HOME"),
    ],
    ids=str,
)
def test_what_cannot_be_trained_is_a_sentence_and_leaves_no_adapter(
    tiny_gpt, tiny_bert, conversations, home, tmp_path, change, named
):
    places = {
        "NOWHERE": tmp_path / "nowhere", "ENCODER": tiny_bert, "BAD": tmp_path / "bad.jsonl",
        "HOME": tmp_path / "home" / "adapters",
    }  # fmt: skip
    places["BAD"].write_text("not json\n")
    given = {"--instructions": conversations, "--model": tiny_gpt, "--out": tmp_path / "out"}
    given |= {option: places.get(value, value) for option, value in change.items()}
    said = command(home, "train", *(str(part) for pair in given.items() for part in pair))
    assert named in refused(said)
    assert not list(tmp_path.rglob("card.json"))
