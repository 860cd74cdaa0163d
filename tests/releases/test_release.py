"""A challenger is released whole or not at all, once, and only where it was promoted against what answers now."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import mlflow
import pytest

from tests.support.adaptation_world import (
    EXACT_SEARCH_ROWS,
    TRAINING,
    base_encoder,
    challenge,
    decide,
    release_promoted,
    source,
    tracker_of,
)
from tests.support.workplace import Workplace
from xnai_pipelines.adapters.logged import find_adapter
from xnai_pipelines.adapters.make import read_adapter_report, train_adapter
from xnai_pipelines.answers.policy import refusal_policy
from xnai_pipelines.errors import DecisionError, ReleaseError, TrackingUnavailableError
from xnai_pipelines.evaluation.evaluate import question_set
from xnai_pipelines.evaluation.logged import first_evaluation, per_question
from xnai_pipelines.evaluation.make import evaluate_retrieval
from xnai_pipelines.graph.record import PARTS, MadeTable, record_part
from xnai_pipelines.models.logged import find_model
from xnai_pipelines.questions.make import read_questions
from xnai_pipelines.releases.challenger import index_challenger
from xnai_pipelines.releases.decision import PromotionOutcome, decisions, last_decision
from xnai_pipelines.releases.evaluate import last_comparison
from xnai_pipelines.releases.gate import Gate
from xnai_pipelines.releases.logged import aliases, mirror_releases
from xnai_pipelines.releases.plots import comparison_plot
from xnai_pipelines.releases.release import ReleaseOutcome
from xnai_pipelines.releases.rollback import roll_back
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.query import Mode
from xnai_pipelines.state.manifest import Release, Releases
from xnai_pipelines.state.schemas import TRAINING_PAIRS, embeddings_spec

pytestmark = pytest.mark.slow

ASKED = [f"{words} the {thing} number {n}?" for words in ("Who cleans", "Where is") for thing, n in [
    ("oak table", 0), ("clay pot", 1), ("tin whistle", 0), ("glass jar", 1)
]]  # fmt: skip


def releases_of(work: Workplace) -> Releases:
    return Releases(work.home.releases)


def challenger_of(work: Workplace) -> Release:
    challenger = releases_of(work).challenger()
    assert challenger
    return challenger


def answers(index: SearchIndex) -> list[list[tuple[str, float]]]:
    return [[(hit.chunk_id, hit.score) for hit in index.search(question, mode=Mode.VECTOR)] for question in ASKED]


def test_a_promoted_challenger_is_released_with_all_that_its_manifest_names(adapted: Workplace):
    challenger, tracker = challenger_of(adapted), tracker_of(adapted.home)
    mirror_releases(adapted.context(), tracker)
    first = releases_of(adapted).require()
    assert aliases(tracker) == {"champion": first.vector_space, "challenger": challenger.vector_space}

    for part in PARTS:  # the graph was made again since the challenger was embedded
        graph = record_part(adapted.home, part, MadeTable("", f"{part} of today", 1))

    outcome = release_promoted(adapted)
    assert (outcome.release, outcome.released) == (2, True)
    current = releases_of(adapted).require()
    assert (current.release, current.embeddings_table) == (2, challenger.embeddings_table)
    assert current.graph == graph.revision
    assert current.adapter == read_adapter_report(adapted.home).adapter
    assert current.questions == question_set(read_questions(adapted.tables))
    compared = last_comparison(adapted.home).comparison
    assert current.vector_space == compared.challenger.vector_space != first.vector_space
    assert current.metrics["vector.ndcg_at_10"] > 0.95
    assert current.table_versions[current.embeddings_table] == adapted.tables.version(adapted.embeddings)
    assert releases_of(adapted).challenger() is None
    assert refusal_policy(adapted.home, current).release == 2
    assert [move.reason for move in releases_of(adapted).moves()] == ["embedded", "promoted over release 1"]
    adapted.check_whole()

    assert aliases(tracker) == {"champion": current.vector_space}
    baseline = first_evaluation(tracker, 2)
    assert baseline
    assert (baseline.tags["release"], baseline.tags["vector_space"]) == ("2", current.vector_space)
    assert per_question(tracker, baseline.run_id).num_rows == 80 * 3  # questions, modes
    assert release_promoted(adapted).reason == "There is no challenger."


def test_aliases_set_wrong_by_hand_are_repaired_from_the_manifests(adapted: Workplace):
    tracker, challenger = tracker_of(adapted.home), challenger_of(adapted)
    mirror_releases(adapted.context(), tracker)
    right = aliases(tracker)
    client = mlflow.MlflowClient(adapted.home.mlflow_uri, adapted.home.mlflow_uri)
    wrong = find_model(tracker, challenger.vector_space)
    assert wrong
    client.set_registered_model_alias("xnai-encoder", "champion", str(wrong.number))
    client.delete_registered_model_alias("xnai-encoder", "challenger")
    assert aliases(tracker) == {"champion": challenger.vector_space}
    mirror_releases(adapted.context(), tracker)
    assert aliases(tracker) == right


def test_a_rejected_challenger_leaves_the_release_and_a_record_why(adapted: Workplace):
    decision = decide(adapted, gate=Gate(min_gain=0.9)).decision
    assert decision.outcome is PromotionOutcome.REJECTED
    outcome = release_promoted(adapted)
    assert (outcome.release, outcome.released) == (1, False)
    assert outcome.reason.startswith("The challenger was rejected: ")
    assert releases_of(adapted).require().release == adapted.search().release.release == 1
    recorded = last_decision(adapted.home, challenger_of(adapted).vector_space)
    assert recorded == decision
    trained = find_adapter(tracker_of(adapted.home), decision.adapter or "")
    client = mlflow.MlflowClient(adapted.home.mlflow_uri)
    assert trained
    assert client.get_run(trained.run_id).data.tags["decision"] == "rejected"
    # asked again on the same grounds it is the same record
    decide(adapted, gate=Gate(min_gain=0.9))
    assert len(decisions(adapted.home.decisions)) == 2  # with the promotion by the fixture's gate


def test_a_decision_has_the_cost_of_its_challenger_and_keeps_the_time_that_making_it_took(adapted: Workplace):
    first = decide(adapted, gate=Gate(min_gain=0.9), began=datetime.now(UTC) - timedelta(minutes=7)).decision
    compared = last_comparison(adapted.home).comparison.challenger
    assert first.minutes == pytest.approx(7, abs=1)
    assert (first.shipped_mb, first.query_ms) == (compared.model_bytes / 1e6, compared.query_ms_p95)
    assert decide(adapted, gate=Gate(min_gain=0.9), began=datetime.now(UTC)).decision.minutes == first.minutes


def test_the_plot_logged_with_a_decision_shows_the_loss_that_its_gate_allowed(adapted: Workplace, tmp_path: Path):
    run = decide(adapted, gate=Gate(max_slice_loss=0.3)).mlflow_run
    client = mlflow.MlflowClient(adapted.home.mlflow_uri)
    logged = Path(client.download_artifacts(run.run_id, "differences.png", str(tmp_path)))
    assert logged.read_bytes() == comparison_plot(last_comparison(adapted.home).comparison, 0.3)


def test_a_decision_names_what_the_challenger_was_trained_on_though_another_adapter_was_trained_since(
    adapted: Workplace,
):
    challenger, trained = challenger_of(adapted), read_adapter_report(adapted.home)
    later = replace(TRAINING, seed=8, max_steps=1)
    adapted.tables.open("training_pairs").delete(f"pair_id = '{min(adapted.rows(TRAINING_PAIRS))}'")
    train_adapter(adapted.context(), tracker_of(adapted.home), base_encoder(), later, threads=1)
    assert read_adapter_report(adapted.home).pairs_sha256 != trained.pairs_sha256

    decision = decide(adapted, ask=True).decision
    assert (decision.adapter, decision.pairs_sha256) == (challenger.adapter, trained.pairs_sha256)
    assert decision.config == json.loads(TRAINING.description)


def test_a_challenger_that_was_not_compared_is_not_judged_by_an_earlier_ones_comparison(adapted: Workplace):
    index_challenger(adapted.context(), adapted.encoder, exact_search_rows=EXACT_SEARCH_ROWS)
    with pytest.raises(ReleaseError, match=rf"challenger {adapted.encoder.vector_space} was not evaluated"):
        decide(adapted)


def test_a_challenger_is_not_released_with_the_figures_of_another(adapted: Workplace):
    path = adapted.home.state / "comparison.json"
    path.write_text(path.read_text().replace(challenger_of(adapted).vector_space, "another"))
    with pytest.raises(ReleaseError, match="was not evaluated; the last comparison is of another"):
        release_promoted(adapted)
    assert releases_of(adapted).require().release == 1


def test_a_challenger_that_awaits_approval_is_released_by_the_person_who_approves(adapted: Workplace):
    assert decide(adapted, ask=True).decision.outcome is PromotionOutcome.AWAITING_APPROVAL
    waiting = release_promoted(adapted)
    assert (waiting.released, waiting.reason) == (False, "The challenger awaits approval: `xnai approve`.")
    assert adapted.search().release.release == 1
    with pytest.raises(DecisionError, match="name"):
        release_promoted(adapted, " ")

    assert release_promoted(adapted, "Ada").released
    assert adapted.search().release.release == 2
    decision = last_decision(adapted.home, releases_of(adapted).require().vector_space)
    assert decision
    assert (decision.outcome, decision.approved_by) == (PromotionOutcome.PROMOTED, "Ada")


def test_an_approval_of_a_challenger_that_awaits_none_is_refused(adapted: Workplace):
    with pytest.raises(DecisionError, match="does not await approval: it is already promoted"):
        release_promoted(adapted, "Ada")
    assert adapted.search().release.release == 1


def test_a_challenger_judged_against_another_release_than_the_current_one_is_not_released(adapted: Workplace):
    adapted.ingest(new_release=True)
    outcome = release_promoted(adapted)
    assert not outcome.released
    # 2 is the number that the challenger would get
    assert "judged against release 1, but release 3 answers searches now. Retrain" in outcome.reason

    roll_back(adapted.context(), 1)
    decide(adapted, ask=True)
    roll_back(adapted.context(), 3)
    with pytest.raises(DecisionError, match="against release 1, but release 3 answers searches now"):
        release_promoted(adapted, "Ada")
    assert adapted.search().release.release == 3
    adapted.check_whole()


def test_two_promotions_at_once_make_one_release(adapted: Workplace):
    outcomes: list[ReleaseOutcome] = []
    start = threading.Barrier(2)

    def promote() -> None:
        start.wait()
        outcomes.append(release_promoted(adapted))

    threads = [threading.Thread(target=promote) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((outcome.release, outcome.released) for outcome in outcomes) == [(2, False), (2, True)]
    assert [move.release for move in releases_of(adapted).moves()] == [1, 2]
    assert [kept.release for kept in releases_of(adapted).all()] == [1, 2]
    adapted.check_whole()
    client = mlflow.MlflowClient(adapted.home.mlflow_uri, adapted.home.mlflow_uri)
    versions = [version.tags["vector_space"] for version in client.search_model_versions("name='xnai-encoder'")]
    assert len(versions) == len(set(versions))


def test_what_changed_between_measuring_and_release_is_right_in_the_released_table(adapted: Workplace):
    deleted, edited = source("oak table", 0), source("clay pot", 1)
    (adapted.documents / deleted).unlink()
    adapted.write(edited, "# The clay pot 1\n\nThe clay pot number 1 was broken by a goat.\n")
    adapted.write("lighthouse.md", "# The lighthouse\n\nThe lighthouse stands on a cliff.\n")
    adapted.ingest()
    before = releases_of(adapted).require()

    assert release_promoted(adapted).released
    adapted.check_whole()
    for kept in (before, releases_of(adapted).require()):
        rows = adapted.rows(embeddings_spec(kept.embeddings_table, kept.dimension)).values()
        assert {row["source"] for row in rows} == adapted.sources()
        assert {"lighthouse.md"} < adapted.sources()
    found = adapted.search().search("Who broke the clay pot number 1?", mode=Mode.VECTOR)[0]
    assert (found.source, "goat" in found.text) == (edited, True)


def test_a_document_deleted_just_before_the_release_is_in_no_table_after_it(adapted: Workplace):
    deleted = source("oak table", 0)
    (adapted.documents / deleted).unlink()
    adapted.ingest_documents()  # and no table of vectors yet
    before = releases_of(adapted).require()
    assert release_promoted(adapted).released
    spec = embeddings_spec(before.embeddings_table, before.dimension)
    assert deleted not in {row["source"] for row in adapted.rows(spec).values()}


def test_search_answers_from_the_old_or_the_new_release_throughout_and_never_mixes(adapted: Workplace):
    old, champion = adapted.search(), releases_of(adapted).require()
    expected = {index.release.release: answers(index) for index in (
        old, SearchIndex.open(adapted.home.root, release=challenger_of(adapted))
    )}  # fmt: skip
    assert expected[1] != expected[2]
    seen: list[tuple[int, list[list[tuple[str, float]]]]] = []
    done, begun = threading.Event(), threading.Event()

    def ask() -> None:
        while not done.is_set():
            index = adapted.search()
            seen.append((index.release.release, answers(index)))
            begun.set()

    asking = threading.Thread(target=ask)
    asking.start()
    begun.wait()
    assert release_promoted(adapted).released
    done.set()
    asking.join()
    seen.append((2, answers(adapted.search())))
    assert seen[0][0] == 1
    assert [number for number, _ in seen] == sorted(number for number, _ in seen)
    for number, found in seen:
        assert found == expected[number]
    # opened before, it still answers from the table that it was opened on
    assert (old.release, answers(old)) == (champion, expected[1])


def test_a_release_stands_where_mlflow_is_down_and_the_aliases_follow_later(adapted: Workplace):
    database, away = adapted.home.root / "mlflow.db", adapted.home.root / "away.db"
    database.rename(away)
    database.mkdir()
    with pytest.raises(TrackingUnavailableError):
        release_promoted(adapted)
    assert adapted.search().release.release == 2
    database.rmdir()
    away.rename(database)
    tracker = tracker_of(adapted.home)
    assert release_promoted(adapted).reason == "There is no challenger."
    assert aliases(tracker) == {"champion": releases_of(adapted).require().vector_space}
    evaluate_retrieval(adapted.context(), tracker, (), threads=1, force=False)
    baseline = first_evaluation(tracker, 2)
    assert baseline


def test_a_new_challenger_takes_the_place_and_the_table_of_an_earlier_one(adapted: Workplace):
    earlier = challenger_of(adapted)
    index_challenger(adapted.context(), adapted.encoder, exact_search_rows=EXACT_SEARCH_ROWS)
    assert challenger_of(adapted).vector_space == adapted.encoder.vector_space
    assert earlier.embeddings_table not in adapted.tables.names()
    challenge(adapted)
    assert challenger_of(adapted).embeddings_table == earlier.embeddings_table


@pytest.mark.parametrize("act", [release_promoted, challenge])
def test_without_a_first_release_there_is_nothing_to_challenge(adapted: Workplace, act: Callable[[Workplace], object]):
    for name in ("current.json", "moves.jsonl"):
        (adapted.home.releases / name).unlink()
    with pytest.raises(ReleaseError, match="Nothing is released"):
        act(adapted)
