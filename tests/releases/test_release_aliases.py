"""The aliases champion and challenger follow the releases; nothing else in the registry is touched."""

from dataclasses import replace

import mlflow
import pytest

from xnai_pipelines.errors import NotTrackedError, TrackingUnavailableError
from xnai_pipelines.models.logged import LoggedModel, log_model
from xnai_pipelines.releases.logged import aliases, mirror_aliases
from xnai_pipelines.state.tracker import Tracker

# MLflow's own mapping of its tables, with SQLAlchemy 2.1.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning")


def register(tracker, space):
    return log_model(
        tracker,
        LoggedModel(
            vector_space=space,
            variant=space,
            base_sha256="53aa",
            shipped_bytes=1,
            params={},
            metrics={},
            card=b"{}",
        ),
        tags={},
    )


@pytest.fixture
def registry(tracker):
    """The tracker with the vector spaces old and new registered."""
    for space in ("old", "new"):
        register(tracker, space)
    return tracker


@pytest.fixture
def client(database):
    return mlflow.MlflowClient(f"sqlite:///{database}")


def stored(client, name="xnai-encoder"):
    # a number in SQLite's answer, text in a server's
    return {alias: str(number) for alias, number in client.get_registered_model(name).aliases.items()}


def test_a_challenger_becomes_the_champion_and_goes_back(registry, client):
    assert mirror_aliases(registry, champion="old", challenger="new") == {"champion": "old", "challenger": "new"}
    assert (stored(client), aliases(registry)) == (
        {"champion": "1", "challenger": "2"},
        {"champion": "old", "challenger": "new"},
    )
    assert mirror_aliases(registry, champion="new", challenger=None) == {"champion": "new", "challenger": None}
    assert stored(client) == {"champion": "2"}
    assert mirror_aliases(registry, champion="old", challenger=None) == {"champion": "old"}
    assert aliases(registry) == {"champion": "old"}


def test_aliases_that_say_it_already_are_left_alone(registry):
    mirror_aliases(registry, champion="old", challenger=None)
    assert mirror_aliases(registry, champion="old", challenger=None) == {}


def test_aliases_that_a_person_moved_or_removed_are_repaired(registry, client):
    mirror_aliases(registry, champion="old", challenger="new")
    client.set_registered_model_alias("xnai-encoder", "champion", "2")
    client.delete_registered_model_alias("xnai-encoder", "challenger")
    assert mirror_aliases(registry, champion="old", challenger="new") == {"champion": "old", "challenger": "new"}
    assert stored(client) == {"champion": "1", "challenger": "2"}


def test_a_champion_whose_version_a_person_deleted_is_told_and_set_when_it_is_registered_again(registry, client):
    mirror_aliases(registry, champion="old", challenger=None)
    client.delete_model_version("xnai-encoder", "1")
    assert aliases(registry) == {}
    with pytest.raises(NotTrackedError, match="no version for the vector space old"):
        mirror_aliases(registry, champion="old", challenger=None)


def test_a_version_without_a_vector_space_is_no_champion(registry, client):
    bare = client.create_model_version("xnai-encoder", "mlflow-artifacts:/1").version
    client.set_registered_model_alias("xnai-encoder", "champion", bare)
    assert aliases(registry) == {"champion": ""}
    assert mirror_aliases(registry, champion="old", challenger=None) == {"champion": "old"}


def test_a_vector_space_without_a_version_is_told_and_nothing_is_changed(registry, client):
    mirror_aliases(registry, champion="old", challenger="new")
    with pytest.raises(NotTrackedError, match="no version for the vector space unknown"):
        mirror_aliases(registry, champion="new", challenger="unknown")
    assert stored(client) == {"champion": "1", "challenger": "2"}


def test_before_the_first_model_there_are_no_aliases_and_none_to_remove(tracker):
    assert aliases(tracker) == {}
    assert mirror_aliases(tracker, champion=None, challenger=None) == {}
    with pytest.raises(NotTrackedError, match="no version for the vector space old"):
        mirror_aliases(tracker, champion="old", challenger=None)


def test_other_aliases_and_other_models_are_left_alone(registry, client):
    client.set_registered_model_alias("xnai-encoder", "smallest", "2")
    client.create_registered_model("another")
    client.create_model_version("another", "mlflow-artifacts:/2", tags={"vector_space": "old"})
    client.set_registered_model_alias("another", "champion", "1")
    mirror_aliases(registry, champion="new", challenger="old")
    mirror_aliases(registry, champion=None, challenger=None)
    assert stored(client) == {"smallest": "2"}
    assert stored(client, "another") == {"champion": "1"}


def test_a_registry_that_is_down_is_told_from_an_empty_one():
    with pytest.raises(TrackingUnavailableError, match="Connection refused"):
        mirror_aliases(Tracker("http://127.0.0.1:9", None), champion="old", challenger=None)


def test_homes_that_share_a_server_have_a_model_each(tracker, client):
    register(tracker, "old")  # by an earlier version, which named no home
    first, second = (replace(tracker, home=home) for home in ("first-home", "second-home"))
    models = [register(home, f"space of {home.home}").model for home in (first, second)]
    assert models == ["xnai-encoder", "xnai-encoder-second-h"]
    for home in (first, second):
        mirror_aliases(home, champion=f"space of {home.home}", challenger=None)
    assert [aliases(home)["champion"] for home in (first, second)] == ["space of first-home", "space of second-home"]
    assert stored(client, models[1]) == {"champion": "1"}
    assert register(first, "old").number == 1
