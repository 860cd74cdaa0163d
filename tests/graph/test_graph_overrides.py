"""`graph.yaml` wins over every rule, and says what is wrong with it."""

import pytest

from tests.support.graphs import extractions, read
from xnai_pipelines.documents.identity import document_id
from xnai_pipelines.errors import GraphRulesError
from xnai_pipelines.graph.entities import entity_rows
from xnai_pipelines.graph.mentions import entity_id, mention_rows
from xnai_pipelines.graph.overrides import Overrides, read_overrides
from xnai_pipelines.graph.reading import reading_of
from xnai_pipelines.graph.resolution import resolve

TEXT = "We met Ann Lee of Acme. By then Lee knew Figure Two and the Acme Corporation."


def said(folder, text):
    (folder / "graph.yaml").write_text(text, encoding="utf-8")
    return read_overrides(folder)


def keys_of(user: Overrides, text: str = TEXT) -> dict[str, set[str]]:
    reading = reading_of(extractions({"a.md": read("a.md", text)}))
    resolved = resolve(reading, user)
    found: dict[str, set[str]] = {}
    for row in mention_rows(reading, resolved).to_pylist():
        (key,) = (key for key in resolved.keys if entity_id(key) == row["entity_id"])
        found.setdefault(key, set()).add(row["surface"])
    return found


def test_an_alias_is_merged(tmp_path):
    user = said(tmp_path, "aliases: {Acme: [Acme Corporation]}")
    assert keys_of(user, "We met Acme. They said that Acme Corporation grew.")["acme"] == {"Acme", "Acme Corporation"}


def test_a_pair_that_is_never_merged_stays_apart(tmp_path):
    text = "We met Ann Lee. By then Lee left."
    assert keys_of(Overrides(), text) == {"ann lee": {"Ann Lee", "Lee"}}
    assert keys_of(said(tmp_path, "never_merge: [[Lee, Ann Lee]]"), text) == {"ann lee": {"Ann Lee"}, "lee": {"Lee"}}


CHAIN = "A knowledge graph (KG) helps.\n\n**knowledge graphs** are large, said Bo of the **knowledge graph**."


def test_two_forms_that_are_never_merged_stay_apart_although_both_are_merged_with_a_third(tmp_path):
    assert keys_of(Overrides(), CHAIN)["knowledge graph"] == {"knowledge graph", "knowledge graphs", "KG"}
    apart = keys_of(said(tmp_path, "never_merge: [[knowledge graphs, KG]]"), CHAIN)
    assert apart["knowledge graph"] == {"knowledge graph", "KG"}
    assert apart["knowledge graphs"] == {"knowledge graphs"}


def test_what_is_merged_by_way_of_a_form_that_leaves_goes_with_it():
    documents = {
        "a.md": read("a.md", "All knowledge graphs (KGs) are large."),
        "b.md": read("b.md", "**knowledge graph**: one.\n\n**knowledge graphs**: two.\n\nWe met KGs here."),
    }
    reading = reading_of(extractions(documents))
    user = Overrides(apart=frozenset({frozenset({"knowledge graphs", "knowledge graph"})}))
    for given, end in ((Overrides(), "knowledge graph"), (user, "knowledge graphs")):
        rows = mention_rows(reading, resolve(reading, given)).to_pylist()
        mine = [
            row["entity_id"] for row in rows if row["surface"] == "KGs" and row["document_id"] == document_id("b.md")
        ]
        assert mine == [entity_id(end)]


def test_a_pair_that_is_both_merged_and_kept_apart_is_refused(tmp_path):
    with pytest.raises(GraphRulesError, match="'B' and 'C' apart"):
        said(tmp_path, "aliases: {A: [B, C]}\nnever_merge: [[B, C]]")


def test_a_stopped_name_is_no_entity(tmp_path):
    assert "figure two" in keys_of(Overrides())
    assert "figure two" not in keys_of(said(tmp_path, "stop_names: [Figure Two]"))


def test_a_stopped_name_is_none_in_code_that_differs_by_case(tmp_path):
    text = "The class `Path` of the function `path`."
    assert {"Path", "path"} <= keys_of(Overrides(), text).keys()
    assert not {"Path", "path"} & keys_of(said(tmp_path, "stop_names: [Path]"), text).keys()


def test_an_alias_of_an_alias_is_the_form_at_the_end(tmp_path):
    user = said(tmp_path, "aliases: {Acme: [Acme Corp], Acme Corp: [Acme Corporation], A: [B], B: [A]}")
    assert user.aliases == {"acme corp": "acme", "acme corporation": "acme", "b": "a"}


def test_a_type_is_the_users(tmp_path):
    user = said(tmp_path, "types: {Ann Lee: person}")
    reading = reading_of(extractions({"a.md": read("a.md", "We met Ann Lee.")}))
    rows = entity_rows(mention_rows(reading, resolve(reading, user)), {entity_id(k): t for k, t in user.types.items()})
    assert rows["type"].to_pylist() == ["person"]


@pytest.mark.parametrize(
    ("text", "said_of"),
    [
        ("[a", "cannot be read"),
        ("- a", "not a mapping"),
        ("alias: {}", "'alias'"),
        ("aliases: [a]", "`aliases`"),
        ("never_merge: [[a]]", "never_merge"),
        ("types: {a: 1}", "`types`"),
    ],
)
def test_a_file_of_another_form_is_refused_with_what_it_may_have(tmp_path, text, said_of):
    with pytest.raises(GraphRulesError, match=said_of):
        said(tmp_path, text)


def test_without_a_file_nothing_is_said(tmp_path):
    assert read_overrides(tmp_path) == Overrides() == read_overrides(None)
