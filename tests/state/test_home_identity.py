"""A home has an id of its own, by which it is told from others on a server."""

from xnai_pipelines.defs.resources import configured
from xnai_pipelines.settings import given_settings
from xnai_pipelines.state.identity import home_id
from xnai_pipelines.state.layout import Home


def test_the_id_stays_and_moves_with_the_home(tmp_path):
    made = home_id(Home(tmp_path / "home"))
    (tmp_path / "home").rename(tmp_path / "moved")
    assert home_id(Home(tmp_path / "moved")) == made
    assert home_id(Home(tmp_path / "home")) != made
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["home_id"]


def test_what_is_logged_to_a_server_names_the_home_and_the_homes_own_store_needs_no_name(tmp_path):
    def logs_as(**settings):
        return configured(given_settings(home=tmp_path, **settings))["tracking"].tracker().home

    assert logs_as(mlflow_uri="http://127.0.0.1:5000") == home_id(Home(tmp_path))
    assert logs_as() is None
