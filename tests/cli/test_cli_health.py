"""`xnai health` shows which pages to mend first, and every finding of those that are named."""

import json

import pytest

from tests.support.pipeline import command, variables


@pytest.mark.slow
def test_the_worst_pages_come_first_and_a_prefix_shows_every_finding(work):
    work.write("bad.md", "# Bad\n\n[a](gone.md)\n\nTODO: write this.\n")
    work.ingest_documents()
    narrow = {**variables(work), "COLUMNS": "100"}
    said = command(narrow, "health")
    assert said.code == 0, said.err
    first = said.out.index("bad.md")
    assert "first" in said.out[:first]
    assert "broken link" in said.out
    assert max(map(len, said.out.splitlines())) <= 100
    named = command(narrow, "health", "--source", "bad")
    assert "bad.md:3" in named.out
    assert "bad.md:5" in named.out
    found = json.loads(command(narrow, "health", "--source", "bad", "--json").out)
    assert [page["source"] for page in found["pages"]] == ["bad.md"]
    assert found["figures"]["findings.broken_link"] == 1.0
