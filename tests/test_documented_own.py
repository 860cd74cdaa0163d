"""The commands that the pages show on a person's own documents run, and print what the pages claim."""

import json

import pytest

from tests.support.documented import PAGES, Block, World, blocks, world

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),  # several commands, each a process of its own
]

OWN = [block for block in blocks(PAGES) if block.world == "own"]
FIRST_RUN = OWN[0]  # of README.md: it makes the home that the others use


@pytest.fixture(scope="module")
def own(tmp_path_factory, built_encoder, fp32_encoder, mlflow_database) -> World:
    """A home of a person's own documents and questions, after its first run."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "docs/security").mkdir(parents=True)
    (folder / "docs/security/keys.md").write_text("# Keys\n\nTo rotate the signing keys, run `rotate`, then restart.\n")
    (folder / "docs/security/safe.md").write_text("# Safe\n\nThe safe is in the basement. Its code changes in May.\n")
    asked = [{"question": "How do we rotate the signing keys?", "documents": ["security/keys.md"], "split": "test"}]
    for number in range(92):  # too short for generated questions, which would be asked ten times
        steps = " ".join(f"Part {number}, step {step}." for step in range(3))
        (folder / f"docs/{number}.md").write_text(f"# Part\n\n{steps}\n")
        if number < 32:  # the others are enough to calibrate with
            split = "test" if number < 30 else "train"  # as many as may judge an adapter, and some to train on
            asked.append({"question": f"Which steps has part {number}?", "documents": [f"{number}.md"], "split": split})
    (folder / "questions.jsonl").write_text("".join(f"{json.dumps(question)}\n" for question in asked))
    home = folder / ".xnai-docs"
    own = world(folder, [home], mlflow_database, built_encoder, fp32_encoder)
    own.made[FIRST_RUN.asked] = FIRST_RUN.run(folder, own.environment)
    own.environment["XNAI_HOME"] = str(home)
    return own


@pytest.mark.parametrize("block", OWN, ids=str)
def test_a_documented_block_runs_and_prints_what_it_claims(own: World, block: Block):
    own.hold(block)
