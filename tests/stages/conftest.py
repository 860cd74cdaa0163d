from pathlib import Path

import pytest
from tests.workplace import Workplace

from xnai_pipelines.encoding import Encoder


@pytest.fixture
def work(tmp_path: Path, built_encoder: Encoder) -> Workplace:
    """An empty folder of documents and its home."""
    return Workplace(tmp_path, built_encoder)


@pytest.fixture
def filled(work: Workplace) -> Workplace:
    """A folder of Markdown, text, JSON Lines, CSV, a broken PDF and files that are not read."""
    work.write("guide.md", "# Guide\n\n## Install\n\nRun the installer.\n\n## Remove\n\nDelete the folder.\n")
    work.write("notes/rain.txt", "Rain fell on the hills for three days, and the river rose.\n")
    work.write("notes/sun.txt", "The sun dried the meadows in an afternoon.\n")
    work.write(
        "corpus.jsonl",
        '{"_id": "1", "title": "Whales", "text": "Whales breathe air."}\n'
        '{"_id": "2", "title": "Sharks", "text": "Sharks breathe water."}\n'
        "not json\n",
    )
    work.write("table.csv", "id,text\na,Copper conducts electricity.\nb,Rubber does not.\n")
    work.write("broken.pdf", b"%PDF-1.7\n" + b"\x00\x01garbage" * 20)
    work.write(".hidden.md", "# Secret\n")
    work.write("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(64))
    return work
