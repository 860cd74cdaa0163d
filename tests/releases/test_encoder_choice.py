"""Which base encoder adapters are trained on and new releases have: the release's, until the setting is changed."""

from pathlib import Path

import pytest

from tests.support.decisions import decision
from tests.support.defs_automation import publish
from tests.support.pipeline import settled, variables
from xnai_pipelines.cli.app import checked_encoders
from xnai_pipelines.cli.pipeline import require_release_encoder
from xnai_pipelines.errors import OptionError, UnsupportedEncoderError, VectorSpaceError
from xnai_pipelines.releases.decision import PromotionOutcome, write_decision
from xnai_pipelines.releases.encoders import EncoderChoice
from xnai_pipelines.settings import given_settings
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import EncoderOrigin


def encoder(home: Path, setting: str | None = None) -> EncoderChoice:
    return EncoderChoice(Home(home), setting)


@pytest.mark.parametrize(
    ("released", "setting", "expected"),
    [
        (EncoderOrigin(), None, None),
        (EncoderOrigin("org/model", "org/model"), None, "org/model"),
        (EncoderOrigin("org/model", "org/model"), "org/other", "org/other"),
        (EncoderOrigin("org/promoted", None), None, "org/promoted"),
        (EncoderOrigin("org/promoted", "org/model"), "org/model", "org/promoted"),
        (EncoderOrigin("org/promoted", "org/model"), "org/other", "org/other"),
    ],
)
def test_the_releases_base_stays_until_the_setting_names_another(tmp_path, released, setting, expected):
    publish(Home(tmp_path), origin=released)
    assert encoder(tmp_path, setting).origin() == EncoderOrigin(expected, setting)


def test_a_folder_is_remembered_by_its_absolute_path(tmp_path, monkeypatch):
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path)
    assert encoder(tmp_path).origin("model") == EncoderOrigin(str(tmp_path / "model"), None)


def test_a_base_whose_folder_is_gone_is_named(tmp_path):
    publish(Home(tmp_path), origin=EncoderOrigin("/gone/model", None))
    with pytest.raises(UnsupportedEncoderError, match="'/gone/model' is neither"):
        encoder(tmp_path).original()


def test_a_promoted_release_is_searched_although_the_settings_name_another_encoder(tmp_path):
    home = Home(tmp_path)
    publish(home)
    settings = given_settings(home=tmp_path, variant="fp32")
    for outcome in (PromotionOutcome.REJECTED, PromotionOutcome.AWAITING_APPROVAL):
        write_decision(home.decisions, decision(outcome, vector_space="space_of_minilm"))
        with pytest.raises(VectorSpaceError, match="they cannot be compared"):
            require_release_encoder(settings)
    write_decision(home.decisions, decision(PromotionOutcome.PROMOTED, vector_space="space_of_minilm"))
    require_release_encoder(settings)


def test_the_terminal_refuses_a_model_of_the_hub_that_the_setting_does_not_name(tmp_path, monkeypatch):
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path)
    with settled(variables(home=tmp_path, encoder="org/mine")):
        assert checked_encoders(["org/mine", "model"]) == ["org/mine", str(tmp_path / "model")]
        assert checked_encoders(["+org/mine", "+model"]) == ["+org/mine", f"+{tmp_path / 'model'}"]
        with pytest.raises(OptionError, match="'org/other' is neither a folder nor multilingual-e5-small"):
            checked_encoders(["org/other"])
