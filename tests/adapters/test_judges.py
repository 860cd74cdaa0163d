"""Nothing is trained that the gate could not judge: the refusal says how many questions there are and are needed."""

import pytest

from xnai_pipelines.adapters.training_pairs import check_judges
from xnai_pipelines.errors import NoTrainingPairsError
from xnai_pipelines.evaluation.parts import MIN_QUESTIONS
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split


def asked(number: int, origin: Origin, split: Split) -> list[Question]:
    relevant = (Relevant("document", None, 1),)
    return [Question(f"{origin}{split}{at}", f"What is {at}?", relevant, origin, split) for at in range(number)]


@pytest.mark.parametrize("origin", list(Origin))
@pytest.mark.parametrize("split", [Split.TEST, Split.VALIDATION])
def test_enough_questions_of_one_kind_that_nothing_is_trained_on_may_judge(origin: Origin, split: Split):
    check_judges(asked(MIN_QUESTIONS, origin, split))


def test_too_few_are_refused_with_how_many_there_are_and_are_needed():
    few = asked(MIN_QUESTIONS - 1, Origin.LABELLED, Split.TEST)
    others = [*asked(90, Origin.LABELLED, Split.TRAIN), *asked(90, Origin.LABELLED, Split.VALIDATION)]
    with pytest.raises(NoTrainingPairsError, match=r"29 labelled and 3 generated questions .* the gate needs 30"):
        check_judges([*few, *others, *asked(3, Origin.GENERATED, Split.TEST)])
    with pytest.raises(NoTrainingPairsError, match="0 labelled and 0 generated"):
        check_judges(asked(90, Origin.LABELLED, Split.TRAIN))
