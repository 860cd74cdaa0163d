"""`xnai graph` answers in tables for people and JSON for scripts, and says what is wrong with a name."""

import json

import pytest

from tests.support.pipeline import command, variables
from tests.support.workplace import Workplace
from xnai_pipelines.graph.make import bring_graph

PAGES = {
    "lee.md": "# Ann Lee\n\nAnn Lee was born in Oslo. She married Bo Ek of Acme Corp.\n",
    "ek.md": "# Bo Ek\n\nBo Ek works for Acme Corp in Oslo. By then Ek knew Ann Lee.\n",
    "acme.md": "# Acme Corp\n\nAcme Corp is a company in Oslo, founded by Cy Oz.\n",
}


@pytest.mark.slow
def test_the_commands_of_the_graph_answer_in_tables_and_json(work: Workplace, tmp_path):
    narrow = {**variables(work), "COLUMNS": "100"}
    for name, text in PAGES.items():
        work.write(name, text)
    work.ingest()
    bring_graph(work.context())

    shown = command(narrow, "graph", "entity", "Ann Lee")
    assert shown.code == 0, shown.err
    assert "born in" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 100
    entity = json.loads(command(narrow, "graph", "entity", "Ann Lee", "--json").out)
    born = next(one for one in entity["neighbours"] if one["type"] == "born_in")
    assert born["form"] == "Oslo"

    path = command(narrow, "graph", "path", "Ann Lee", "Cy Oz")
    assert path.out.startswith("Ann Lee")
    assert "Cy Oz" in path.out
    assert "lee.md" in command(narrow, "graph", "why", born["relation_id"]).out
    target = tmp_path / "page.html"
    assert command(narrow, "graph", "show", "Ann Lee", "-o", str(target)).code == 0
    assert "<h1>Ann Lee</h1>" in target.read_text(encoding="utf-8")

    wrong = command(narrow, "graph", "entity", "Acme Crop")
    assert wrong.code == 2
    assert "Do you mean 'Acme Corp'" in wrong.err
    found = command(narrow, "search", "Where was Ann Lee born?", "--mode", "graph")
    assert "by names Ann Lee" in found.out
