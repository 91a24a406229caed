"""The forms as records and answers use them: RoB 2 and ROBINS-I in one shape."""

from typing import Any

import pytest

from app.synthesis.grade.forms import FORMS, judgement_to_json
from app.synthesis.grade.rob2 import ADDING_UP
from app.synthesis.grade.signalling import Answer
from app.vocabulary import RiskOfBiasTool

ROB_2, ROBINS_I = FORMS[RiskOfBiasTool.ROB_2], FORMS[RiskOfBiasTool.ROBINS_I]


def said(tool: RiskOfBiasTool, **answers: str) -> dict[str, Any]:
    """`q1_1="yes"` answers question 1.1."""
    given = {name.removeprefix("q").replace("_", "."): Answer(word) for name, word in answers.items()}
    return judgement_to_json(FORMS[tool], FORMS[tool].judge(given))


class TestRob2:
    def test_says_for_each_domain_what_led_there_or_what_leaves_it_open(self) -> None:
        answer = said(RiskOfBiasTool.ROB_2, q1_1="yes", q1_2="yes", q1_3="no", q5_2="probably-no")
        assert (answer["overall"], answer["possible"]) == (None, ["low", "some-concerns", "high"])
        assert answer["domains"]["randomisation-process"] == {
            "level": "low",
            "possible": ["low"],
            "questions": ["1.2", "1.1", "1.3"],
            "open_because": None,
        }
        missing = answer["domains"]["missing-outcome-data"]
        assert (missing["questions"], missing["level"], bool(missing["open_because"])) == (["3.1"], None, True)
        assert answer["reasons"][0] == "Randomisation process: low by the answers to 1.2, 1.1, 1.3."
        assert len(answer["reasons"]) == len(ROB_2.domains)

    def test_several_domains_with_concerns_are_pointed_out(self) -> None:
        answers = {"1.1": "no", "1.2": "yes", "1.3": "no", "2.1": "no", "2.2": "no", "2.6": "yes", "3.1": "yes"}
        answers |= {"4.1": "no", "4.2": "no", "4.3": "no", "5.1": "no", "5.2": "no", "5.3": "no"}
        judged = ROB_2.judge({number: Answer(given) for number, given in answers.items()})
        answer = judgement_to_json(ROB_2, judged)
        assert (answer["overall"], answer["several_some_concerns"]) == ("some-concerns", True)
        assert judged.reasons[-1] == ADDING_UP

    def test_one_high_domain_settles_the_whole_though_others_are_open(self) -> None:
        assert said(RiskOfBiasTool.ROB_2, q5_2="yes", q5_3="no")["overall"] == "high"


class TestRobinsI:
    def test_without_answers_all_is_open_and_nothing_invented(self) -> None:
        answer = said(RiskOfBiasTool.ROBINS_I)
        assert answer["overall"] is None
        assert {row["level"] for row in answer["domains"].values()} == {None}
        assert answer["possible"] == ["low", "moderate", "serious", "critical", "no-information"]
        assert [row["questions"][0] for row in answer["domains"].values()] == ["1.1", "2.1", "3.1", "4.1", "5.1", "6.3", "7.1"]

    def test_a_choice_left_to_the_assessor_is_said_with_the_criteria(self) -> None:
        answer = said(RiskOfBiasTool.ROBINS_I, q1_1="yes", q1_2="no", q1_4="no")
        confounding = answer["domains"]["confounding"]
        assert (confounding["level"], confounding["possible"]) == (None, ["serious", "critical"])
        assert confounding["questions"] == ["1.1", "1.2", "1.4"]
        assert "an assessor decides: serious if an important confounder" in answer["reasons"][0]
        assert answer["possible"] == ["serious", "critical"]  # whatever the other domains are


class TestForms:
    @pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.name)
    def test_every_question_belongs_to_a_domain_of_the_form(self, form: Any) -> None:
        assert {question.domain for question in form.questions.values()} == set(form.domains)
        assert all(number == question.number for number, question in form.questions.items())
