from collections import Counter

from app.synthesis.grade.rob2_questions import DOMAIN_NAMES, QUESTION_OF_NUMBER, QUESTIONS, Rob2Domain
from app.synthesis.grade.signalling import Answer


class TestQuestions:
    def test_are_the_twenty_two_of_the_tool(self) -> None:
        assert Counter(question.domain for question in QUESTIONS) == {
            Rob2Domain.RANDOMISATION: 3,
            Rob2Domain.DEVIATIONS: 7,
            Rob2Domain.MISSING_DATA: 4,
            Rob2Domain.MEASUREMENT: 5,
            Rob2Domain.SELECTION: 3,
        }
        assert len(QUESTION_OF_NUMBER) == len(QUESTIONS) == 22
        assert set(DOMAIN_NAMES) == set(Rob2Domain)

    def test_only_a_question_with_a_condition_can_be_not_applicable(self) -> None:
        for question in QUESTIONS:
            assert (Answer.NOT_APPLICABLE in question.answers) is (question.asked_if is not None), question.number

    def test_only_the_evidence_on_missing_data_has_no_no_information(self) -> None:
        without = [question.number for question in QUESTIONS if Answer.NO_INFORMATION not in question.answers]
        assert without == ["3.2"]

    def test_each_has_help(self) -> None:
        assert all(question.text.endswith("?") and len(question.help) > 40 for question in QUESTIONS)
