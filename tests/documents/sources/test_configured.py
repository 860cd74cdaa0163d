"""A list of sources is read whole or refused, with the line, the value and what is allowed."""

from pathlib import Path

import pytest

from xnai_pipelines.documents.sources.configured import add_site, crawl_spec, crawled_sites, read_sources, remove_site
from xnai_pipelines.documents.sources.specs import GitSpec
from xnai_pipelines.errors import SourcesError
from xnai_pipelines.state.layout import Home

GOOD = """
sources:
  - kind: git
    name: handbook
    url: https://git.example.org/handbook.git
  - {kind: s3, name: policies, prefix: legal/policies, bucket: policies, endpoint: "http://127.0.0.1:9000"}
  - kind: crawl
    name: manual
    url: HTTPS://Manual.Example.org:443/en/index.html
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def read(home: Home, text: str):
    file = home.root.parent / "sources.yaml"
    file.write_text(text)
    return read_sources(home, file)


def test_a_list_is_read_with_its_defaults(home: Home):
    git, store, site = read(home, GOOD)
    assert (git.prefix, git.ref, store.prefix) == ("handbook", "HEAD", "legal/policies")
    assert (site.url, site.included) == ("https://manual.example.org/en/index.html", ("/en/*",))


@pytest.mark.parametrize("text", ["", "sources: []", "# nothing\n"])
def test_an_empty_list_names_no_source(home: Home, text: str):
    assert read(home, text) == ()


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{kind: git, name: Bad Name, url: 'https://h/x'}", ["line 2", "sources[1].name", "small letters", "Bad Name"]),
        ("{kind: git, name: a, url: 'ext::sh -c id'}", ["sources[1].url", "https, ssh, git or file"]),
        ("{kind: git, name: a, url: '--upload-pack=x'}", ["sources[1].url"]),
        ("{kind: git, name: a, url: 'https://h/x', ref: '--exec=x'}", ["sources[1].ref"]),
        ("{kind: git, name: a, url: 'https://h/x', prefix: ../up}", ["sources[1].prefix"]),
        ("{kind: git, name: a, url: 'https://h/x', depht: 3}", ["sources[1].depht", "no such option"]),
        ("{kind: ftp, name: a}", ["kind", "git, s3, crawl"]),
        ("{kind: git, name: a}", ["sources[1].url", "required"]),
        ("{kind: crawl, name: a, url: 'https://h/', depth: 99}", ["sources[1].depth", "64"]),
        ("{kind: crawl, name: a, url: 'ftp://h/'}", ["http or https"]),
        ("{kind: s3, name: a, bucket: b, endpoint: 'http://k:s@h'}", ["sources[1].endpoint"]),
    ],
)
def test_what_is_wrong_is_said_with_its_line(home: Home, entry: str, said: list[str]):
    with pytest.raises(SourcesError) as error:
        read(home, f"sources:\n  - {entry}\n")
    assert [words for words in said if words not in str(error.value)] == []


def test_a_password_in_a_url_is_refused_and_not_shown(home: Home):
    with pytest.raises(SourcesError) as error:
        read(home, "sources:\n  - {kind: git, name: a, url: 'https://me:hunter2@h/x'}\n")
    assert "hunter2" not in str(error.value)
    assert "XNAI_SOURCE_<NAME>_TOKEN" in str(error.value)


@pytest.mark.parametrize("text", ["sources: [\n", "- a\n", "a: &b 1\nc: *b\n", "\0"])
def test_what_is_no_list_of_sources_is_refused(home: Home, text: str):
    with pytest.raises(SourcesError, match=r"sources\.yaml"):
        read(home, text)


@pytest.mark.parametrize("second", ["name: a, prefix: c", "name: b, prefix: a", "name: b, prefix: a/b"])
def test_names_and_prefixes_are_distinct(home: Home, second: str):
    one, other = "{kind: git, name: a, url: 'https://h/x'}", f"{{kind: git, {second}, url: 'https://h/y'}}"
    with pytest.raises(SourcesError):
        read(home, f"sources:\n  - {one}\n  - {other}\n")


def test_a_named_list_that_is_missing_is_an_error(home: Home, tmp_path: Path):
    assert read_sources(home, tmp_path / "none.yaml") == ()
    with pytest.raises(SourcesError, match="XNAI_SOURCES"):
        read_sources(home, tmp_path / "none.yaml", required=True)


def test_a_crawled_site_joins_the_list_replaces_itself_and_leaves(home: Home):
    listed = read(home, GOOD)
    site = crawl_spec(url="https://h/a/", name="h", depth=2)
    add_site(home, site, listed)
    assert read(home, GOOD) == (*listed, site)
    deeper = crawl_spec(url="https://h/a/", name="h", depth=3)
    assert add_site(home, deeper, read(home, GOOD)) == (*listed, deeper)
    assert crawled_sites(home) == (deeper,)
    with pytest.raises(SourcesError):
        add_site(home, crawl_spec(url="https://h/", name="handbook"), read(home, GOOD))
    remove_site(home, "h")
    assert read(home, GOOD) == listed
    with pytest.raises(SourcesError):
        remove_site(home, "h")


def test_specs_of_code_have_plain_defaults():
    assert GitSpec(kind="git", name="a", url="https://h/x").max_mb == 256
