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

    def test_a_form_that_is_not_filled_in_yet_lacks_its_judgement(self) -> None:
        assert read().lacks == ("overall", "RoB 2 needs an overall judgement")
        assert read(tool="pedro").lacks == ("score", "PEDro needs a score from 0 to 10")
        assert (read(overall="low").lacks, read(answers=ALL_LOW).lacks, read(tool="pedro", score=7).lacks) == (None, None, None)

    def test_open_answers_give_no_judgement_so_one_must_be_recorded_with_its_reason(self) -> None:
        member, message = read(answers={"1.1": "yes"}).lacks or ("", "")
        assert (member, "RoB 2 needs an overall judgement: the answers leave it open: 1.2, " in message) == ("overall", True)
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

    @pytest.mark.parametrize(("tool", "more"), [("cochrane-2011", {"overall": "low"}), ("pedro", {"score": 7})])
    def test_other_tools_have_no_such_answers(self, tool: str, more: dict[str, Any]) -> None:
        [(place, said)] = refused(tool=tool, answers=ALL_LOW, **more)
        assert (place, "belong to the tools rob-2 and robins-i" in said) == (("answers",), True)


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
        assert (place, "and there are none" in said) == (("override_reason",), True)

    def test_one_for_domains_alone_is_taken(self) -> None:
        entry = read(overall="low", domains={"randomisation-process": "high"}, override_reason="It changes nothing here.")
        assert entry.counted == "low"

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


MODERATE = {
    "1.1": "yes", "1.2": "no", "1.4": "yes", "1.5": "probably-yes", "1.6": "no",
    "2.1": "no", "2.4": "yes",
    "3.1": "yes", "3.2": "yes", "3.3": "no",
    "4.1": "no",
    "5.1": "yes", "5.2": "no", "5.3": "no",
    "6.1": "no", "6.3": "yes", "6.4": "no",
    "7.1": "no", "7.2": "no", "7.3": "no",
}  # fmt: skip
"""Of ROBINS-I: confounding controlled for, nothing else against the study."""
UNCONTROLLED = MODERATE | {"1.4": "no"}


class TestAnswersToRobinsI:
    def test_give_the_judgement_where_they_settle_it(self) -> None:
        entry = read(tool="robins-i", answers=MODERATE)
        assert entry.computed is not None
        levels = {row.domain: row.level for row in entry.computed.domains}
        assert levels["confounding"] == "moderate"
        assert levels["selection-of-the-reported-result"] is None  # low or moderate
        assert (entry.overall, entry.counted) == (None, "moderate")  # moderate whichever of the two it is
        assert StudyRiskOfBias.model_validate_json(entry.model_dump_json()) == entry

    def test_where_they_leave_a_choice_nothing_is_chosen(self) -> None:
        _, said = read(tool="robins-i", answers=UNCONTROLLED).lacks or ("", "")
        assert "ROBINS-I needs an overall judgement: the answers leave it open: serious or critical" in said

    def test_a_choice_within_what_is_left_needs_its_reason(self) -> None:
        [(place, said)] = refused(tool="robins-i", answers=UNCONTROLLED, overall="serious")
        assert place == ("override_reason",)
        assert "overall is serious, and the answers leave it open: serious or critical" in said
        entry = read(tool="robins-i", answers=UNCONTROLLED, overall="serious", override_reason="Severity at the start was not measured.")
        assert entry.counted == "serious"

    def test_a_recorded_domain_settles_the_whole(self) -> None:
        [(place, said)] = refused(tool="robins-i", answers=UNCONTROLLED, domains={"confounding": "critical"})
        assert (place, "confounding is critical, the answers give serious or critical" in said) == (("override_reason",), True)
        reason = "Only the worst off were treated."
        entry = read(tool="robins-i", answers=UNCONTROLLED, domains={"confounding": "critical"}, override_reason=reason)
        assert (entry.overall, entry.counted) == (None, "critical")
        assert entry.as_counted()["domains"] == {
            "confounding": "critical",
            "classification-of-interventions": "low",
            "deviations-from-intended-interventions": "low",
            "missing-data": "low",
            "measurement-of-outcomes": "low",
        }

    def test_judging_otherwise_needs_a_reason(self) -> None:
        [(place, said)] = refused(tool="robins-i", answers=MODERATE, overall="low")
        assert (place, "overall is low, the answers give moderate" in said) == (("override_reason",), True)

    def test_information_that_lacks_in_a_domain_is_said_of_the_whole(self) -> None:
        reason = "The report says nothing of drop-outs."
        entry = read(tool="robins-i", answers=MODERATE, domains={"missing-data": "no-information"}, override_reason=reason)
        assert entry.counted == "no-information"

    def test_answers_for_one_effect_alone(self) -> None:
        [(place, said)] = refused(tool="robins-i", answers=MODERATE | {"4.3": "yes"}, overall="moderate")
        assert (place, "one effect or for the other" in said) == (("answers",), True)

    @pytest.mark.parametrize("answers", [{"1.1": "no-information"}, {"2.7": "yes"}, {"3.1": "not-applicable"}])
    def test_an_answer_or_a_question_that_the_tool_does_not_have(self, answers: dict[str, str]) -> None:
        [(place, said)] = refused(tool="robins-i", answers=answers, overall="moderate")
        assert place == ("answers",)
        assert next(iter(answers)) in said

    def test_a_judgement_without_answers_counts_as_before(self) -> None:
        entry = read(tool="robins-i", overall="serious")
        assert (entry.counted, entry.computed) == ("serious", None)
        assert read(tool="robins-i").lacks == ("overall", "ROBINS-I needs an overall judgement")
