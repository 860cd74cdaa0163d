"""Decisions are kept as files, and approval is for what is still current."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.decisions import NOW, PROMOTED, decision
from xnai_pipelines.errors import DecisionError, RecordError
from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.evaluation.policy import PolicyReport
from xnai_pipelines.releases.decide import why_ask
from xnai_pipelines.releases.decision import PromotionOutcome, approve, decisions, write_decision
from xnai_pipelines.releases.markdown import remedies_markdown
from xnai_pipelines.search.policy import RankingPolicy
from xnai_pipelines.state.manifest import Release, Releases


def test_a_decision_is_the_same_after_it_was_written(tmp_path):
    written = decision()
    path = write_decision(tmp_path / "promotions", written)
    assert path.parent == tmp_path / "promotions"
    assert decisions(path.parent) == [written]


def test_decisions_are_listed_newest_first_and_the_same_judgement_has_one_record(tmp_path):
    old, new = decision(), decision(vector_space="fedcba", decided_at=NOW + timedelta(days=1))
    again = decision(decided_at=NOW - timedelta(days=1))
    for one in (old, new, again):
        write_decision(tmp_path, one)
    assert decisions(tmp_path) == [new, again]
    write_decision(tmp_path, decision(judged_on="champion 4, questions q"))
    assert len(decisions(tmp_path)) == 3
    assert decisions(tmp_path / "nothing") == []


def test_an_approval_names_who_gave_it_and_replaces_the_record(tmp_path):
    waiting = decision(PromotionOutcome.AWAITING_APPROVAL)
    write_decision(tmp_path, waiting)
    approved = approve(waiting, " Ada ", NOW + timedelta(hours=1), current_release=3)
    assert (approved.outcome, approved.approved_by) == (PromotionOutcome.PROMOTED, "Ada")
    assert approved.approved_at == NOW + timedelta(hours=1)
    write_decision(tmp_path, approved)
    assert decisions(tmp_path) == [approved]


@pytest.mark.parametrize(
    ("outcome", "who", "release", "reason"),
    [
        (PromotionOutcome.REJECTED, "Ada", 3, "does not await approval: it is already rejected"),
        (PromotionOutcome.PROMOTED, "Ada", 3, "does not await approval: it is already promoted"),
        (PromotionOutcome.AWAITING_APPROVAL, " ", 3, "needs the approver's name"),
        (PromotionOutcome.AWAITING_APPROVAL, "Ada", 4, "judged against release 3, but release 4 answers searches now"),
    ],
)
def test_what_cannot_be_approved_says_why(outcome, who, release, reason):
    with pytest.raises(DecisionError, match=reason):
        approve(decision(outcome), who, NOW, current_release=release)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"outcome": "promoted"}'])
def test_a_damaged_record_is_named(tmp_path, text):
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(RecordError, match=r"broken\.json is damaged .*Delete it"):
        decisions(tmp_path)


def test_a_vector_space_that_is_no_name_and_a_time_without_zone_are_refused(tmp_path):
    with pytest.raises(ValueError, match="is not a vector space"):
        write_decision(tmp_path, decision(vector_space="../1"))
    with pytest.raises(ValueError, match="needs a time zone"):
        write_decision(tmp_path, replace(decision(), decided_at=NOW.replace(tzinfo=None)))
    assert list(tmp_path.iterdir()) == []


def released(folder, spaces):
    releases = Releases(folder)
    for number, space in enumerate(spaces, start=1):
        table = f"embeddings_{number}_{space}"
        release = Release(number, NOW.isoformat(), table, {}, space, 384, "minilm", "fp32", None, None, {})
        releases.publish(release, "test")
    return releases


def test_what_a_person_rolled_back_asks_for_approval_until_it_is_gone_forward_to_again(tmp_path):
    releases = released(tmp_path, ["base", "adapted"])
    assert why_ask(releases, "adapted", ask=False) is None
    releases.roll_back(1, "worse")
    assert why_ask(releases, "adapted", ask=False) == "It has the vectors of release 2, which a person rolled back."
    assert why_ask(releases, "another", ask=False) is None
    releases.roll_back(2, "better after all")
    assert releases.undone() == []


def test_with_the_setting_every_promotion_asks(tmp_path):
    assert why_ask(released(tmp_path, ["base"]), "another", ask=True).startswith("A person approves every promotion")


class TestRemedies:
    def test_are_listed_with_what_each_gained_and_cost(self):
        gained = replace(PROMOTED, gain=Estimate(0.03, 0.01, 0.05))
        trial = decision(adapter=None, encoder="e5", minutes=1.25, shipped_mb=118.2, query_ms=9.81)
        later = NOW + timedelta(days=1)
        adapted = decision(PromotionOutcome.PROMOTED, verdict=gained, encoder="minilm", decided_at=later)
        table = remedies_markdown([adapted, trial], None).splitlines()
        assert table[0] == "| decided | remedy | nDCG@10 gain | minutes | query ms (p95) | MB | outcome |"
        unknown = "| not recorded | not recorded | not recorded |"
        assert table[2:] == [
            "| 2026-03-01 02:00 UTC | encoder e5 | not recorded | 1.2 | 9.8 | 118 | rejected |",
            f"| 2026-03-02 02:00 UTC | adapter lora-1 of minilm | +0.030 [+0.010, +0.050] {unknown} promoted |",
        ]

    @pytest.mark.parametrize(
        ("gain", "words"),
        [(Estimate(0.01, 0.0, 0.02), "+0.010 [+0.000, +0.020] over vectors 0.5"), (None, "not measured")],
    )
    def test_begin_with_the_ranking_policy_that_each_evaluation_chooses(self, gain, words):
        report = PolicyReport("", RankingPolicy(0.65), "best on 120 questions", {}, gain)
        [row] = remedies_markdown([], report).splitlines()[2:]
        said = f"| each evaluation | ranking policy: vectors 0.65, best on 120 questions | {words} |  |  |  | in use |"
        assert row == said
