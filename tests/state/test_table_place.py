from pathlib import Path

import pytest

from tests.support.backed_up import backed_up, copy_home
from tests.support.object_stores import SECRET
from tests.support.workplace import Workplace, five_files
from xnai_pipelines.doctor.examine import examine
from xnai_pipelines.errors import HomeError, SettingsError
from xnai_pipelines.releases.forget import forget
from xnai_pipelines.settings import given_settings
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import CHUNKS
from xnai_pipelines.state.table_claim import claim_tables
from xnai_pipelines.state.table_place import PATIENCE, Bucket, place_of
from xnai_pipelines.state.tables import Tables


def found(work: Workplace, question: str) -> list[tuple[str, float]]:
    return [(hit.source, hit.score) for hit in work.search().search(question)]


def test_a_home_in_an_object_store_ingests_finds_edits_and_forgets_as_one_in_a_folder(
    work: Workplace, searchable_once: Workplace, prefix: str, tmp_path: Path
):
    in_a_folder = copy_home(searchable_once, tmp_path / "in_a_folder")
    claim_tables(work.home, prefix)
    five_files(work).ingest()

    assert found(work, "river rain") == found(in_a_folder, "river rain")
    assert not work.home.lancedb.exists()
    assert work.tables.size_bytes() > 0

    work.write("notes/rain.txt", "Hail fell on the hills.\n")
    assert work.ingest().embeddings.encoded == 1
    assert found(work, "hail")[0][0] == "notes/rain.txt"

    (work.documents / "notes/rain.txt").unlink()
    report = forget(work.context(), work.documents, "notes/rain.txt")
    assert all(table.rows_found == 0 and table.versions <= 1 for table in report.tables)
    assert not [one for one in examine(work.home, max_backup_hours=48, max_drill_days=8) if one.urgency == "fault"]


def test_a_backup_leaves_the_tables_to_the_versioning_of_their_bucket(work: Workplace, prefix: str):
    claim_tables(work.home, prefix)
    work.write("guide.md", "# Guide\n\nRun the installer.\n")
    work.ingest()

    report = backed_up(work)

    assert report.omitted == {prefix: "tables in an object store, kept by its versioning"}
    assert report.unasked == f"The tables are in {prefix}, and its versioning must keep them."
    assert report.release == 1


def test_a_home_stays_where_its_tables_are(tmp_path: Path, prefix: str):
    home = Home(tmp_path / "home")
    claim_tables(home, prefix)
    claim_tables(home, None)
    claim_tables(home, prefix)
    assert place_of(home) == Bucket(prefix)
    with pytest.raises(SettingsError, match=f"are in {prefix}"):
        claim_tables(home, f"{prefix}/elsewhere")

    with pytest.raises(SettingsError, match="tables of another home"):
        claim_tables(Home(tmp_path / "other"), prefix)

    local = Home(tmp_path / "local")
    Tables.of(local).ensure(CHUNKS)
    with pytest.raises(SettingsError, match=f"are in {local.lancedb}"):
        claim_tables(local, f"{prefix}/local")


def test_a_store_that_does_not_answer_is_named_without_its_secret(
    tmp_path: Path, prefix: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(PATIENCE, "client_max_retries", "0")
    home = Home(tmp_path / "home")
    with pytest.raises(HomeError, match=r"s3://nowhere/x cannot be reached \(NoSuchBucket\)"):
        claim_tables(home, "s3://nowhere/x")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(HomeError, match=r"cannot be reached \(no answer\)") as refused:
        claim_tables(home, prefix)
    assert SECRET not in str(refused.value)
    assert not home.root.joinpath("tables.json").exists()


@pytest.mark.parametrize("address", ["s3://id:a-secret-of-the-store@tables/x", "s3://tables/x?key=1", "file:///x", "x"])
def test_only_an_address_without_credentials_is_one_of_tables(address: str):
    with pytest.raises(SettingsError, match="must be s3://BUCKET/PREFIX, without credentials") as refused:
        given_settings(lancedb_uri=address)
    assert SECRET not in str(refused.value)
