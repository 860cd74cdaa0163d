"""Decisions are kept as files, and approval is for what is still current."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.decisions import NOW, PROMOTED, REJECTED, decision
from xnai_pipelines.errors import DecisionError
from xnai_pipelines.releases.decision import (
    Outcome,
    approve,
    decisions,
    outcome_of,
    read_decision,
    write_decision,
)


def test_a_decision_is_the_same_after_it_was_written(tmp_path):
    written = decision()
    path = write_decision(tmp_path / "promotions", written)
    assert path.parent == tmp_path / "promotions"
    assert read_decision(path) == written


def test_decisions_are_listed_newest_first_and_the_same_judgement_has_one_record(tmp_path):
    old, new = decision(), decision(vector_space="fedcba", decided_at=NOW + timedelta(days=1))
    again = decision(decided_at=NOW - timedelta(days=1))
    for one in (old, new, again):
        write_decision(tmp_path, one)
    assert decisions(tmp_path) == [new, again]
    write_decision(tmp_path, decision(judged_on="champion 4, questions q"))
    assert len(decisions(tmp_path)) == 3
    assert decisions(tmp_path / "nothing") == []


def test_a_person_is_asked_about_promotions_alone():
    assert outcome_of(PROMOTED, ask=True) is Outcome.AWAITING_APPROVAL
    assert outcome_of(PROMOTED, ask=False) is Outcome.PROMOTED
    assert outcome_of(REJECTED, ask=True) is Outcome.REJECTED


def test_an_approval_names_who_gave_it_and_replaces_the_record(tmp_path):
    waiting = decision(Outcome.AWAITING_APPROVAL)
    write_decision(tmp_path, waiting)
    approved = approve(waiting, " Ada ", NOW + timedelta(hours=1), current_release=3)
    assert (approved.outcome, approved.approved_by) == (Outcome.PROMOTED, "Ada")
    assert approved.approved_at == NOW + timedelta(hours=1)
    write_decision(tmp_path, approved)
    assert decisions(tmp_path) == [approved]


@pytest.mark.parametrize(
    ("outcome", "who", "release", "reason"),
    [
        (Outcome.REJECTED, "Ada", 3, "does not await approval: it is already rejected"),
        (Outcome.PROMOTED, "Ada", 3, "does not await approval: it is already promoted"),
        (Outcome.AWAITING_APPROVAL, " ", 3, "needs the approver's name"),
        (Outcome.AWAITING_APPROVAL, "Ada", 4, "judged against release 3, but release 4 answers searches now"),
    ],
)
def test_what_cannot_be_approved_says_why(outcome, who, release, reason):
    with pytest.raises(DecisionError, match=reason):
        approve(decision(outcome), who, NOW, current_release=release)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"outcome": "promoted"}'])
def test_a_damaged_record_is_named(tmp_path, text):
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(DecisionError, match=r"broken\.json is damaged .*Delete it"):
        decisions(tmp_path)


def test_a_vector_space_that_is_no_name_and_a_time_without_zone_are_refused(tmp_path):
    with pytest.raises(ValueError, match="is not a vector space"):
        write_decision(tmp_path, decision(vector_space="../1"))
    with pytest.raises(ValueError, match="needs a time zone"):
        write_decision(tmp_path, replace(decision(), decided_at=NOW.replace(tzinfo=None)))
    assert list(tmp_path.iterdir()) == []
