"""The aliases champion and challenger follow the releases; nothing else in the registry is touched."""

import mlflow
import pytest

from xnai_pipelines.tracking import NotTrackedError, Tracker, TrackingUnavailableError

# MLflow's own mapping of its tables, with SQLAlchemy 2.1.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning")


@pytest.fixture
def registry(tracker):
    """The tracker with the vector spaces old and new registered."""
    for space in ("old", "new"):
        tracker.log_model(
            vector_space=space, variant=space, base_sha256="53aa", shipped_bytes=1, params={}, metrics={}, card=b"{}",
            tags={},
        )  # fmt: skip
    return tracker


@pytest.fixture
def client(database):
    return mlflow.MlflowClient(f"sqlite:///{database}")


def stored(client, name="xnai-encoder"):
    # a number in SQLite's answer, text in a server's
    return {alias: str(number) for alias, number in client.get_registered_model(name).aliases.items()}


def test_a_challenger_becomes_the_champion_and_goes_back(registry, client):
    assert registry.mirror_aliases(champion="old", challenger="new") == {"champion": "old", "challenger": "new"}
    assert (stored(client), registry.aliases()) == (
        {"champion": "1", "challenger": "2"},
        {"champion": "old", "challenger": "new"},
    )
    assert registry.mirror_aliases(champion="new", challenger=None) == {"champion": "new", "challenger": None}
    assert stored(client) == {"champion": "2"}
    assert registry.mirror_aliases(champion="old", challenger=None) == {"champion": "old"}
    assert registry.aliases() == {"champion": "old"}


def test_aliases_that_say_it_already_are_left_alone(registry):
    registry.mirror_aliases(champion="old", challenger=None)
    assert registry.mirror_aliases(champion="old", challenger=None) == {}


def test_aliases_that_a_person_moved_or_removed_are_repaired(registry, client):
    registry.mirror_aliases(champion="old", challenger="new")
    client.set_registered_model_alias("xnai-encoder", "champion", "2")
    client.delete_registered_model_alias("xnai-encoder", "challenger")
    assert registry.mirror_aliases(champion="old", challenger="new") == {"champion": "old", "challenger": "new"}
    assert stored(client) == {"champion": "1", "challenger": "2"}


def test_a_champion_whose_version_a_person_deleted_is_told_and_set_when_it_is_registered_again(registry, client):
    registry.mirror_aliases(champion="old", challenger=None)
    client.delete_model_version("xnai-encoder", "1")
    assert registry.aliases() == {}
    with pytest.raises(NotTrackedError, match="no version of the vector space old"):
        registry.mirror_aliases(champion="old", challenger=None)


def test_a_version_without_a_vector_space_is_no_champion(registry, client):
    bare = client.create_model_version("xnai-encoder", "mlflow-artifacts:/1").version
    client.set_registered_model_alias("xnai-encoder", "champion", bare)
    assert registry.aliases() == {"champion": ""}
    assert registry.mirror_aliases(champion="old", challenger=None) == {"champion": "old"}


def test_a_vector_space_without_a_version_is_told_and_nothing_is_changed(registry, client):
    registry.mirror_aliases(champion="old", challenger="new")
    with pytest.raises(NotTrackedError, match="no version of the vector space unknown"):
        registry.mirror_aliases(champion="new", challenger="unknown")
    assert stored(client) == {"champion": "1", "challenger": "2"}


def test_before_the_first_model_there_are_no_aliases_and_none_to_remove(tracker):
    assert tracker.aliases() == {}
    assert tracker.mirror_aliases(champion=None, challenger=None) == {}
    with pytest.raises(NotTrackedError, match="no version of the vector space old"):
        tracker.mirror_aliases(champion="old", challenger=None)


def test_other_aliases_and_other_models_are_left_alone(registry, client):
    client.set_registered_model_alias("xnai-encoder", "smallest", "2")
    client.create_registered_model("another")
    client.create_model_version("another", "mlflow-artifacts:/2", tags={"vector_space": "old"})
    client.set_registered_model_alias("another", "champion", "1")
    registry.mirror_aliases(champion="new", challenger="old")
    registry.mirror_aliases(champion=None, challenger=None)
    assert stored(client) == {"smallest": "2"}
    assert stored(client, "another") == {"champion": "1"}


def test_a_registry_that_is_down_is_told_from_an_empty_one():
    with pytest.raises(TrackingUnavailableError, match="Connection refused"):
        Tracker("http://127.0.0.1:9", None).mirror_aliases(champion="old", challenger=None)
