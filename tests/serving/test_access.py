"""Rules decide who reads a document: the last that matches, for every part of a file, and nobody if they are broken."""

import pytest

from xnai_pipelines.errors import AccessRulesError
from xnai_pipelines.serving import access
from xnai_pipelines.serving.access import read_access_rules

RULES = """
"hr/**": [hr]
"hr/public/**": [everyone]
"*.key": [admins]
"räume/**": [hausverwaltung]
"lists/people.csv": [hr, board]
"""


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "access.yaml").write_text(RULES, encoding="utf-8")
    return read_access_rules(tmp_path)


@pytest.mark.parametrize(
    ("source", "readers"),
    [
        ("handbook/start.md", None),
        ("hr/salaries.md", {"hr"}),
        ("hr/public/holidays.md", None),
        ("hr/public/signing.key", {"admins"}),
        ("ra\u0308ume/plan.md", {"hausverwaltung"}),
        ("lists/people.csv#row-7", {"hr", "board"}),
        ("lists/people.csv", {"hr", "board"}),
        ("lists/people.csv.md", None),
        ("mails/a.mbox!secret.key", {"admins"}),
        ("safe/vault.key!notes.md#2", {"admins"}),
        ("#odd#.md", None),
    ],
)
def test_the_last_rule_that_matches_a_document_or_the_file_that_holds_it_decides(rules, source, readers):
    assert rules.readers(source) == readers
    assert rules.reader(frozenset())(source) == (readers is None)
    assert rules.reader(frozenset(readers or ()))(source)


def test_without_the_file_all_may_read_all(tmp_path):
    assert read_access_rules(tmp_path).readers("anything") is None


@pytest.mark.parametrize(
    "content",
    ["", "- hr", "hr/**: hr", "hr/**: []", "'!hr/**': [hr]", "1: [hr]", "hr/**: [1]", "a: [b", "hr/**: ['']", "\x00",
     "hr\\: [hr]", "'[z-a]': [hr]", "'#hr/**': [hr]", "'[': [hr]", "/: [hr]", "' ': [hr]"],
)  # fmt: skip
def test_rules_of_another_form_are_refused_by_name(tmp_path, content):
    (tmp_path / "access.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(AccessRulesError, match=r"access\.yaml"):
        read_access_rules(tmp_path)


def test_nobody_is_served_while_the_documents_folder_is_not_mounted(tmp_path):
    """Without the folder its rules are unknown: that must not look like a folder whose documents all may read."""
    with pytest.raises(AccessRulesError, match="Mount it"):
        read_access_rules(tmp_path / "not mounted")


def test_the_half_of_a_file_that_is_being_written_decides_nothing(tmp_path, rules, monkeypatch):
    path = tmp_path / "access.yaml"
    path.write_text('"lists/**": [hr]\n')
    monkeypatch.setattr(access.time, "sleep", lambda _: path.write_text('"lists/**": [hr]\n"hr/**": [board]\n'))
    assert read_access_rules(tmp_path, rules) is rules
    monkeypatch.undo()
    assert read_access_rules(tmp_path, rules).readers("hr/salaries.md") == {"board"}
