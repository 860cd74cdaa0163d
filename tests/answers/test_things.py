"""Numbers, times, measures, versions and paths are found where they stand, and taken for nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xnai_pipelines.answers.things import Thing, things


@pytest.mark.parametrize(
    ("text", "thing", "written"),
    [
        ("It was opened in 1934 and rests on piers.", Thing.TIME, "1934"),
        ("It runs 1500 metres.", Thing.LENGTH, "1500 metres"),
        ("Signed on 12 May 2024.", Thing.TIME, "12 May 2024"),
        ("Geöffnet ab 11 Uhr.", Thing.TIME, "11 Uhr"),
        ("Построен 5 марта 1903 года.", Thing.TIME, "5 марта 1903 года"),
        ("Closed on Mondays.", Thing.TIME, "Mondays"),
        ("It lasts seven years.", Thing.DURATION, "seven years"),
        ("Elle pèse 1,5 kg.", Thing.WEIGHT, "1,5 kg"),
        ("It costs $1,499.50 now.", Thing.PRICE, "$1,499.50"),
        ("For 12 euros.", Thing.PRICE, "12 euros"),
        ("Some 43.8% agree.", Thing.SHARE, "43.8%"),
        ("About two million people.", Thing.NUMBER, "two million"),
        ("New in version 3.11.", Thing.VERSION, "3.11"),
        ("Since Python 3.10 it works.", Thing.VERSION, "3.10"),
        ("Use v2.4.1-rc1 instead.", Thing.VERSION, "v2.4.1"),
        ("Call +49 30 5550 117.", Thing.PHONE, "+49 30 5550 117"),
        ("Write to ada@harbour.example.", Thing.EMAIL, "ada@harbour.example"),
        ("It is in /var/backups/ledger.", Thing.PATH, "/var/backups/ledger"),
        ("See https://example.org/a_b?c=1.", Thing.PATH, "https://example.org/a_b?c=1"),
        ("Edit collector.toml first.", Thing.PATH, "collector.toml"),
        ("Open Settings > Security and choose a key.", Thing.PATH, "Settings > Security"),
    ],
)
def test_a_thing_is_found_where_it_stands(text: str, thing: Thing, written: str):
    language = {"Geöffnet": "de", "Построен": "ru", "Elle": "fr"}.get(text.split()[0], "en")
    assert [(found.thing, text[found.start : found.end]) for found in things(text, language)] == [(thing, written)]


@pytest.mark.parametrize("text", ["The Astra 2A satellite", "AS-207", "They may march.", "so it was", "a/b and c"])
def test_what_only_looks_like_one_is_none(text: str):
    assert things(text, "en") == ()


@given(st.text(max_size=200), st.sampled_from(["en", "de", "fr", "ru", ""]))
def test_things_are_in_order_within_the_text_and_apart(text: str, language: str):
    found = things(text, language)
    edges = [edge for one in found for edge in (one.start, one.end)]
    assert edges == sorted(edges)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
