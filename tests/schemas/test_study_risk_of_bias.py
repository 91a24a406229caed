"""What a study document may say of risk of bias: a judgement, or the answers that give one."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.schemas.study_risk_of_bias import StudyRiskOfBias

ALL_LOW = {
    "1.1": "yes", "1.2": "yes", "1.3": "no",
    "2.1": "no", "2.2": "no", "2.6": "yes",
    "3.1": "yes",
    "4.1": "no", "4.2": "no", "4.3": "no",
    "5.1": "yes", "5.2": "no", "5.3": "probably-no",
}  # fmt: skip
SOME_IN_RANDOMISATION = ALL_LOW | {"1.2": "no-information"}
HIGH_IN_SELECTION = ALL_LOW | {"5.2": "yes"}
SIGNED = {"tool": "rob-2", "judged_by": "two reviewers", "source": "full text"}


def read(**members: Any) -> StudyRiskOfBias:
    return StudyRiskOfBias.model_validate(SIGNED | members)


def refused(**members: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """Where and why it is refused."""
    with pytest.raises(ValidationError) as caught:
        read(**members)
    return [(error["loc"], error["msg"]) for error in caught.value.errors()]


class TestAnswers:
    @pytest.mark.parametrize(
        ("answers", "level"), [(ALL_LOW, "low"), (SOME_IN_RANDOMISATION, "some-concerns"), (HIGH_IN_SELECTION, "high")]
    )
    def test_give_the_judgement_where_none_is_recorded(self, answers: dict[str, str], level: str) -> None:
        entry = read(answers=answers)
        assert (entry.overall, entry.counted) == (None, level)
        assert StudyRiskOfBias.model_validate_json(entry.model_dump_json()) == entry

    def test_a_judgement_without_answers_counts_as_before(self) -> None:
        entry = read(overall="high")
        assert (entry.counted, entry.computed) == ("high", None)

    def test_neither_a_judgement_nor_answers(self) -> None:
        assert "needs an overall judgement" in refused()[0][1]

    def test_open_answers_give_no_judgement_so_one_must_be_recorded_with_its_reason(self) -> None:
        message = refused(answers={"1.1": "yes"})[0][1]
        assert "needs an overall judgement: the answers leave it open: 1.2, " in message
        assert "the answers leave it open" in refused(answers={"1.1": "yes"}, overall="some-concerns")[0][1]
        read_anyway = read(answers={"1.1": "yes"}, overall="some-concerns", override_reason="Judged by the published table.")
        assert read_anyway.counted == "some-concerns"

    def test_the_worst_domain_counts_as_it_is_recorded(self) -> None:
        entry = read(answers=ALL_LOW, domains={"randomisation-process": "high"}, override_reason="The list was open.")
        assert (entry.overall, entry.counted) == (None, "high")

    def test_domains_beside_answers_are_judged_in_the_words_of_the_tool(self) -> None:
        assert "not blah" in str(refused(answers=ALL_LOW, domains={"randomisation-process": "blah"}, override_reason="x"))

    @pytest.mark.parametrize(("tool", "word"), [("rob-2", "serious"), ("cochrane-2011", "critical"), ("robins-i", "some-concerns")])
    def test_the_overall_word_is_one_of_the_tool(self, tool: str, word: str) -> None:
        assert refused(tool=tool, overall=word)[0][0] == ("overall",)

    def test_one_domain_at_high_risk_is_enough(self) -> None:
        assert read(answers={"1.2": "no"}).counted == "high"

    def test_several_domains_with_concerns_are_the_assessors_to_add_up(self) -> None:
        computed = read(answers=SOME_IN_RANDOMISATION | {"5.1": "no"}).computed
        assert computed is not None
        assert computed.several_some_concerns

    @pytest.mark.parametrize(
        ("answers", "complaint"),
        [
            ({"9.9": "yes"}, "has no question 9.9"),
            ({"3.2": "no-information"}, "question 3.2 has no answer no-information"),
            ({"1.1": "not-applicable"}, "question 1.1 has no answer not-applicable"),
        ],
    )
    def test_what_the_tool_does_not_ask_is_refused(self, answers: dict[str, str], complaint: str) -> None:
        [(place, said)] = refused(answers=answers, overall="low")
        assert place == ("answers",)
        assert complaint in said

    def test_a_word_that_is_no_answer(self) -> None:
        assert refused(answers={"1.1": "maybe"}, overall="low")[0][0] == ("answers", "1.1")

    @pytest.mark.parametrize(("tool", "more"), [("robins-i", {"overall": "low"}), ("pedro", {"score": 7})])
    def test_other_tools_have_no_such_answers(self, tool: str, more: dict[str, Any]) -> None:
        [(place, said)] = refused(tool=tool, answers=ALL_LOW, **more)
        assert (place, "belong to the tool rob-2" in said) == (("answers",), True)


class TestOverrideReason:
    def test_a_judgement_unlike_the_computed_one_needs_it(self) -> None:
        [(place, said)] = refused(answers=ALL_LOW, overall="high")
        assert place == ("override_reason",)
        assert "overall is high, the answers give low" in said

    def test_with_it_the_recorded_one_counts_and_the_computed_one_stands_beside(self) -> None:
        entry = read(answers=ALL_LOW, overall="high", override_reason="The allocation list was published by mistake.")
        assert entry.counted == "high"
        assert entry.computed is not None
        assert entry.computed.overall == "low"

    def test_a_domain_unlike_the_computed_one_needs_it_too(self) -> None:
        [(place, said)] = refused(answers=ALL_LOW, overall="low", domains={"randomisation-process": "high"})
        assert (place, "randomisation-process is high, the answers give low" in said) == (("override_reason",), True)

    def test_the_same_judgement_needs_none(self) -> None:
        assert read(answers=ALL_LOW, overall="low", domains={"randomisation-process": "low", "Funding": "unclear"}).override_reason is None

    def test_one_that_overrides_nothing_is_refused(self) -> None:
        [(place, said)] = refused(overall="low", override_reason="Because.")
        assert (place, "there are no answers" in said) == (("override_reason",), True)

    def test_an_empty_one_is_none(self) -> None:
        assert refused(answers=ALL_LOW, overall="high", override_reason=" ")[0][0] == ("override_reason",)


class TestAsCounted:
    def test_what_the_answers_give_stands_where_nothing_is_recorded(self) -> None:
        counted = read(answers=SOME_IN_RANDOMISATION, domains={"missing-outcome-data": "low", "Funding": "unclear"}).as_counted()
        assert counted["overall"] == "some-concerns"
        assert counted["domains"]["randomisation-process"] == "some-concerns"
        assert (counted["domains"]["missing-outcome-data"], counted["domains"]["Funding"]) == ("low", "unclear")

    def test_what_is_recorded_with_a_reason_stays(self) -> None:
        entry = read(answers=ALL_LOW, overall="high", domains={"randomisation-process": "high"}, override_reason="Seen otherwise.")
        assert (entry.as_counted()["overall"], entry.as_counted()["domains"]["randomisation-process"]) == ("high", "high")

    def test_without_answers_it_is_the_record(self) -> None:
        entry = read(overall="low", domains={"D1": "low"})
        assert entry.as_counted() == entry.model_dump(mode="json")
