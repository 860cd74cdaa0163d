"""A home of a few sentences answers what they say and refuses what they do not, in any language."""

from pathlib import Path

import pytest

from tests.support.asked import ask
from tests.support.workplace import Workplace
from xnai_pipelines.answers.passages import ENOUGH_PASSAGES, Passages
from xnai_pipelines.encoders.encoder import Encoder

PARKING = {"parking.txt": "Parking is free on Sundays.\n"}
OFFICE = {"office.txt": "يفتح المكتب في الساعة التاسعة صباحا\n"}
MUSEUM = {
    "library.md": "# المكتبة\n\nتغلق المكتبة أبوابها يوم الجمعة. يمكن استعارة خمسة كتب لمدة أسبوعين.\n",
    "museum.md": "# المتحف\n\nثمن تذكرة المتحف عشرة دنانير. الدخول مجاني للأطفال.\n",
}
BUS = {
    "museum.md": "Музей работает со вторника по воскресенье.\n",
    "bus.txt": "Автобус номер 12 идёт до вокзала. Билет стоит 40 рублей.\n",
}


def opened(root: Path, encoder: Encoder, documents: dict[str, str]) -> Passages:
    work = Workplace(root, encoder)
    for name, text in documents.items():
        work.write(name, text)
    work.ingest()
    return Passages(work.search(), work.home)


@pytest.mark.parametrize(
    ("documents", "answered", "refused"),
    [
        (PARKING, ["When is parking free?", "On which day is parking free?"], ["When does the library open?"]),
        (OFFICE, ["متى يفتح المكتب؟", "في أي ساعة يفتح المكتب؟"], ["كم سعر التذكرة؟", "من بنى الجسر القديم؟"]),
        (MUSEUM, ["متى تغلق المكتبة؟", "كم ثمن تذكرة المتحف؟"], ["أين تقع محطة القطار؟", "من هو رئيس الجامعة؟"]),
        (BUS, ["Когда работает музей?", "Сколько стоит билет?"], ["Кто написал эту оперу?", "Где находится больница?"]),
    ],
    ids=["one sentence", "one line of Arabic", "Arabic", "Russian"],
)
def test_what_a_few_sentences_say_is_answered_and_nothing_else(
    tmp_path: Path, built_encoder: Encoder, documents: dict[str, str], answered: list[str], refused: list[str]
):
    passages = opened(tmp_path, built_encoder, documents)
    assert [question for question in answered if ask(passages, question).refusal] == []
    assert [question for question in refused if not ask(passages, question).refusal] == []


def test_a_heading_alone_is_no_answer_though_a_title_that_is_a_sentence_is_one(tmp_path: Path, built_encoder: Encoder):
    passages = opened(tmp_path, built_encoder, {"a.txt": "Opening hours of the pool\n\nIt opens at seven.\n"})
    assert ask(passages, "When does the pool open?").sentences[0].text == "It opens at seven."


def test_a_word_that_the_only_passage_has_is_nearly_as_rare_as_one_that_none_has(
    tmp_path: Path, built_encoder: Encoder
):
    passages = opened(tmp_path, built_encoder, PARKING)
    found, missing = passages.rarity(("parking",)), passages.rarity(("bridge",))
    assert found < missing < 1.5 * found
    assert passages.index.contents.passages < ENOUGH_PASSAGES
