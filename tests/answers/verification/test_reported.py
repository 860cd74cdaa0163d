"""What somebody only says, or what was once, is no fact of today; what a claim is about stays the same."""

import pytest

from tests.support.claims import objects, supported
from xnai_pipelines.answers.verification.past import past
from xnai_pipelines.answers.verification.reported import reports_dropped


@pytest.mark.parametrize(("language", "passage", "claim", "refused"), [
    ("en", "Critics said the dam would collapse.", "The dam would collapse.", True),
    ("en", "Critics said the dam would collapse.", "Critics claimed the dam would collapse.", False),
    ("en", "The dam, critics of the plan said, would collapse.", "The dam would collapse.", True),
    ("en", "According to his rivals, Marlow forged it.", "Marlow forged it.", True),
    ("en", "It is a myth that bulls hate red.", "Bulls hate red.", True),
    ("en", "Ada, who said that it was hers, won the race.", "Ada won the race.", False),
    ("en", "Ada won the race and critics said it was luck.", "Ada won the race.", False),
    ("en", "Critics said it would fall, but the dam stands.", "The dam stands.", False),
    ("de", "Laut einer Legende gründete Otto die Stadt.", "Otto gründete die Stadt.", True),
    ("fr", "Selon ses adversaires, Morel a menti.", "Morel a menti.", True),
    ("es", "Según la leyenda, Alfonso fundó la ciudad.", "Alfonso fundó la ciudad.", True),
    ("ru", "По словам соседей, Орлов продал дом.", "Орлов продал дом.", True),
])  # fmt: skip
def test_a_report_is_not_quoted_as_a_fact(language: str, passage: str, claim: str, refused: bool):
    assert objects(reports_dropped, claim, passage, language) is refused


@pytest.mark.parametrize(("language", "passage", "claim", "refused"), [
    ("en", "Ms Ortiz was the director from 2010 to 2018.", "Ms Ortiz is the director.", True),
    ("en", "Ms Ortiz was the director from 2010 to 2018.", "Ms Ortiz was the director.", False),
    ("en", "The plant used to produce tractors.", "The plant produces tractors.", True),
    ("en", "The plant is used to produce tractors.", "The plant produces tractors.", False),
    ("fr", "La tour mesurait 40 mètres jusqu'en 1950.", "La tour mesure 40 mètres.", True),
    ("ru", "До 2020 года компанией руководил Петров.", "Компанией руководит Петров.", True),
    ("ru", "До 2020 года компанией руководил Петров.", "Компанией руководил Петров.", False),
])  # fmt: skip
def test_what_was_is_not_said_of_today(language: str, passage: str, claim: str, refused: bool):
    assert objects(past, claim, passage, language) is refused


@pytest.mark.parametrize(("passage", "claim", "true"), [
    ("The former airport is a park.", "The airport is a park.", False),
    ("The airport is a park.", "The former airport is a park.", False),
    ("Duval was acquitted of theft but convicted of fraud.", "Duval was convicted of theft.", False),
    ("Duval was acquitted of theft but convicted of fraud.", "Duval was convicted of fraud.", True),
    ("The fire was caused by a short circuit.", "The fire caused a short circuit.", False),
    ("The price rose by 8 percent.", "The price rose 8 percent.", True),
    ("The mill makes more flour than bran.", "The mill makes more bran than flour.", False),
    ("The law was passed on 4 May 1911.", "The law was passed in 1911.", True),
    ("The law was passed on 4 May 1911.", "The law was passed in 1912.", False),
    ("The manual of the pump is at https://a.org/m in two languages.", "The manual is at https://a.org/m.", True),
    ("The manual of the pump is at https://a.org/m?d= and here.", "The manual is at https://a.org/m?d=ada.", False),
    ("You are the owner of the pump.", "I am the owner of the pump.", False),
])  # fmt: skip
def test_a_status_a_side_and_a_doer_are_kept(passage: str, claim: str, true: bool):
    assert supported(claim, passage) is true
