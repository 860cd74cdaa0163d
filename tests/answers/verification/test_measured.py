"""Numbers are compared with what is written onto them: unit, sign, comparison, and the last zero of a version."""

import pytest

from tests.support.claims import supported


@pytest.mark.parametrize(("passage", "same", "other"), [
    ("The crate weighs 500mg.", "The crate weighs 500 mg.", "The crate weighs 500kg."),
    ("The disk has 16MB.", "The disk has 16 megabytes.", "The disk has 16GB."),
    ("The line carries 10 Mb.", "The line carries 10Mb.", "The line carries 10 MB."),
    ("The plant gives 5mW.", "The plant gives 5 mW.", "The plant gives 5MW."),
    ("The boat cost £5m.", "The boat cost £5 million.", "The boat cost £5bn."),
    ("The town has 5k boats.", "The town has 5,000 boats.", "The town has 5 boats."),
    ("The quay opens at 5 a.m.", "The quay opens at 5am.", "The quay opens at 5 p.m."),
    ("The film is in 3D.", "The film is in 3D.", "The film is in 2D."),
    ("Run it on Python 3.10.", "Run it on Python 3.10.", "Run it on Python 3.1."),
    ("Version 1.1.10 mends it.", "Version 1.1.10 mends it.", "Version 1.11.0 mends it."),
    ("A ticket costs 2.50 $.", "A ticket costs 2.5 $.", "A ticket costs 25 $."),
    ("The boat costs 1,499.50 €.", "The boat costs 1499.5 €.", "The boat costs 1.4995 €."),
    ("The boat costs 1.499,50 €.", "The boat costs 1,499.50 €.", "The boat costs 14,995 €."),
    ("The hold is kept at -5 degrees.", "The hold is kept at minus 5 degrees.", "The hold is kept at 5 degrees."),
    ("The error is ±3 degrees.", "The error is ±3 degrees.", "The error is 3 degrees."),
    ("Act if load > 5.", "Act if load > 5.", "Act if load < 5."),
    ("Act if load ≥ 5.", "Act if load >= 5.", "Act if load 5."),
    ("It holds if a != b.", "It holds if a != b.", "It holds if a == b."),
    ("Set b=1 on board.", "Set b=1 on board.", "Set a=1 on board."),
    ("Mix it 3:1 with sand.", "Mix it 3:1.", "Mix it 3:2 with sand."),
    ("It opens at 9:30 and closes at 11:45.", "It opens at 9:30.", "It opens at 11:45."),
    ("Pages 5-10 are torn.", "Pages 5-10 are torn.", "Pages 5-11 are torn."),
])  # fmt: skip
def test_a_number_is_the_same_only_with_what_belongs_to_it(passage: str, same: str, other: str):
    assert supported(same, passage)
    assert not supported(other, passage)


def test_units_and_signs_are_read_in_other_languages():
    assert supported(
        "Зимой держат минус 40 градусов и дают 5 мг соли.", "Зимой держат -40 градусов и дают 5мг соли.", "ru"
    )
    assert not supported("Зимой дают 5кг соли.", "Зимой дают 5мг соли.", "ru")


@pytest.mark.parametrize(("passage", "same", "other", "language"), [
    ("The lease ends on 31.08.2026.", "The lease ends on 31 August 2026.", "The lease ends on 31 July 2026.", "en"),
    ("Der Bau endet am 1.8.2026.", "Der Bau endet am 01.08.2026.", "Der Bau endet am 08.01.2026.", "de"),
    ("The way is 1.5 km long.", "The way is 1,500 m long.", "The way is 150 m long.", "en"),
    ("The film lasts 90 minutes.", "The film lasts 1.5 hours.", "The film lasts 2.5 hours.", "en"),
    ("Die Crew zählt 21 Matrosen.", "Die Crew zählt einundzwanzig Matrosen.", "Die Crew zählt zwölf Matrosen.", "de"),
    ("Half of the crew left.", "50 % of the crew left.", "15 % of the crew left.", "en"),
    ("Drei Viertel der Gäste kamen.", "75 % der Gäste kamen.", "25 % der Gäste kamen.", "de"),
    ("Две трети мест проданы.", "2/3 мест проданы.", "1/3 мест проданы.", "ru"),
    ("Children of 6 to 12 pay less.", "Children of 6-12 pay less.", "Children of 6-18 pay less.", "en"),
    ("Дети от 6 до 12 лет не платят.", "Дети 6–12 лет не платят.", "Дети 6–18 лет не платят.", "ru"),
    ("The hall holds no more than 300 people.", "The hall holds at most 300 people.",
     "The hall holds at least 300 people.", "en"),
    ("Der Saal fasst nicht mehr als 300 Gäste.", "Der Saal fasst höchstens 300 Gäste.",
     "Der Saal fasst mehr als 300 Gäste.", "de"),
    ("Насос весит более 80 кг.", "Насос весит свыше 80 кг.", "Насос весит менее 80 кг.", "ru"),
])  # fmt: skip
def test_what_is_written_in_two_ways_is_compared_by_what_it_means(passage: str, same: str, other: str, language: str):
    assert supported(same, passage, language)
    assert not supported(other, passage, language)
