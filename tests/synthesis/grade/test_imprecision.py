import pytest

from app.synthesis.body import EstimateInput
from app.synthesis.grade.imprecision import judge_imprecision, still_needed, table_levels
from app.synthesis.grade.information_size import (
    InformationSize,
    binary_information_size,
    continuous_information_size,
    measure_information,
    participants_still_needed,
)
from app.vocabulary import Measure, MidStanding
from tests.synthesis.factories import estimate, result
from tests.synthesis.grade.bodies import body, direction_entry, entry, pooled, pooled_body, ratio_body
from tests.synthesis.reference_values import load

OIS_BINARY = load("worked-examples")["examples"]["ois_binary"]


class TestContinuousInformationSize:
    @pytest.mark.parametrize(("sd_in_mids", "participants"), [(5.0, 785), (2.0, 126), (2.175, 149)], ids=["SMD 0.2", "SMD 0.5", "21.75/10"])
    def test_worked_examples(self, sd_in_mids: float, participants: int) -> None:
        assert continuous_information_size(sd_in_mids) == participants

    def test_four_hundred_is_the_floor(self) -> None:
        size = measure_information(pooled_body(-21.0, -32.6, -9.4, studies=(entry("haller", -21.0, 5.92, n=54, sd=21.75),)))
        assert (size.needed, size.fraction) == (400, 0.135)

    def test_above_the_floor_the_computed_size_counts(self) -> None:
        size = measure_information(pooled_body(-21.0, -32.6, -9.4, studies=(entry("a", -21.0, 5.9, n=54, sd=40.0),)))
        assert size.needed == continuous_information_size(4.0) == 503

    def test_a_standardised_difference_needs_785(self) -> None:
        assert (
            measure_information(pooled_body(-0.4, -0.8, 0.0, measure=Measure.SMD, mid=0.2, standing=MidStanding.CONVENTION)).needed == 785
        )

    def test_a_mid_by_convention_needs_785(self) -> None:
        one = entry("a", -2.0, 1.0, n=40, sd=7.0)
        assert measure_information(pooled_body(-2.0, -4.0, 0.0, studies=(one,), mid=1.4, standing=MidStanding.CONVENTION)).needed == 785

    @pytest.mark.parametrize("mid", [None, 10.0])
    def test_without_a_standard_deviation_785(self, mid: float | None) -> None:
        size = measure_information(pooled_body(-2.0, -4.0, 0.0, mid=mid))
        assert (size.needed, size.n) == (785, 50)


class TestBinaryInformationSize:
    @pytest.mark.parametrize("row", [row for row, rrr in enumerate(OIS_BINARY["given"]["rrr"]) if rrr == 0.25])
    def test_agrees_with_power_prop_test(self, row: int) -> None:
        exact = 2 * OIS_BINARY["computed"]["n_per_arm_pooled"][row]
        assert 0 <= binary_information_size(OIS_BINARY["given"]["cer"][row]) - exact < 1

    def test_unknown_control_risk_is_taken_as_three_in_ten(self) -> None:
        size = measure_information(ratio_body(0.72, 0.48, 1.1))
        assert (size.control_risk, size.needed, size.events) == (0.3, binary_information_size(0.3), None)

    def test_the_scarcer_of_participants_and_events_counts(self) -> None:
        one = entry("a", -0.3, 0.2, n=2000, events_treatment=12.0, events_control=18.0, n_treatment=1000, n_control=1000)
        size = measure_information(ratio_body(0.72, 0.48, 1.1, studies=(one,)))
        assert (size.control_risk, size.events, size.fraction) == (0.018, 30.0, min(2000 / size.needed, 0.1))

    def test_events_count_only_when_every_study_gives_them(self) -> None:
        known = entry("a", -0.3, 0.2, n=200, events_treatment=2.0, events_control=10.0, n_treatment=100, n_control=100)
        size = measure_information(ratio_body(0.72, 0.48, 1.1, k=2, studies=(known, entry("b", -0.3, 0.2, n=200))))
        assert (size.events, size.control_risk) == (None, 0.1)

    def test_no_event_among_the_controls_leaves_the_risk_unknown(self) -> None:
        none = entry("a", 0.3, 0.2, n=200, events_treatment=1.0, events_control=0.0, n_treatment=100, n_control=100)
        assert measure_information(ratio_body(1.2, 0.9, 1.6, studies=(none,))).control_risk == 0.3


class TestParticipantsStillNeeded:
    def test_difference_to_the_target_never_below_zero(self) -> None:
        size = InformationSize(54, 400, None, None, 0.135, "")
        assert (participants_still_needed(size, 0.5), participants_still_needed(size, 1.0)) == (146, 346)
        assert participants_still_needed(InformationSize(500, 400, None, None, 1.25, ""), 1.0) == 0

    def test_events_may_ask_for_more(self) -> None:
        size = InformationSize(1000, 600, 100.0, 300, 1 / 3, "")
        assert (participants_still_needed(size, 0.5), participants_still_needed(size, 1.0)) == (500, 2000)

    def test_without_any_event_it_cannot_be_told(self) -> None:
        assert participants_still_needed(InformationSize(1000, 600, 0.0, 300, 0.0, ""), 1.0) is None


class TestTableLevels:
    @pytest.mark.parametrize(
        ("crossings", "fraction", "levels"),
        [
            (0, 0.50, 0), (0, 0.4999, 1), (0, 0.30, 1), (0, 0.2999, 2),
            (1, 0.50, 1), (1, 0.4999, 2), (1, 0.30, 2), (1, 0.2999, 2),
            (2, 0.50, 2), (2, 0.4999, 2), (2, 0.30, 2), (2, 0.2999, 3),
        ],
    )  # fmt: skip
    def test_every_cell_at_its_boundaries(self, crossings: int, fraction: float, levels: int) -> None:
        assert table_levels(crossings, fraction)[0] == levels


class TestJudgeImprecision:
    def test_haller_2016(self) -> None:
        judgement = judge_imprecision(pooled_body(-21.0, -32.6, -9.4, studies=(entry("haller", -21.0, 5.92, n=54, sd=21.75),)))
        assert (judgement.inputs["crossings"], judgement.inputs["fraction"], judgement.levels) == (0, 0.135, 2)
        assert judgement.inputs["participants_still_needed"] == {"f_0_5": 146, "f_1_0": 346}

    @pytest.mark.parametrize(
        ("ci", "mid", "words"),
        [
            ((-9.0, 9.0), 10.0, "holds only differences too small to matter"),
            ((-9.0, 9.0), None, "includes null; whether the difference matters could not be judged"),
            ((1.0, 9.0), None, "excludes null; whether the difference matters could not be judged"),
            ((-30.0, 12.0), 10.0, "includes both null and an important difference the other way"),
            ((-30.0, -12.0), 10.0, "includes neither null nor an important difference the other way"),
        ],
    )
    def test_reason_says_what_the_interval_holds(self, ci: tuple[float, float], mid: float | None, words: str) -> None:
        assert words in judge_imprecision(pooled_body(sum(ci) / 2, *ci, mid=mid)).reason

    def test_reason_counts_events(self) -> None:
        one = entry("a", -0.3, 0.2, n=200, events_treatment=2.0, events_control=10.0, n_treatment=100, n_control=100)
        assert "12 events of 300 needed" in judge_imprecision(ratio_body(0.72, 0.48, 1.1, studies=(one,))).reason

    def test_only_participants_of_studies_with_numbers_count(self) -> None:
        judgement = judge_imprecision(body(entry("a", n=54, sd=20.0), direction_entry("b", n=900), effect=pooled()))
        assert judgement.inputs["n"] == 54

    @pytest.mark.parametrize(("n", "levels"), [(400, 1), (399, 2), (0, 2)])
    def test_nothing_pooled_goes_by_participants(self, n: int, levels: int) -> None:
        judgement = judge_imprecision(body(direction_entry(n=n)))
        assert judgement.levels == levels

    def test_an_effect_without_standard_error_takes_two_levels(self) -> None:
        bare = direction_entry("a", n=900, result=result(estimate=estimate(-3.0, p=0.01, p_is_upper_bound=True)))
        judgement = judge_imprecision(body(bare, direction_entry("b", n=900)))
        assert (judgement.levels, judgement.rule) == (2, "imprecision/no-standard-error")
        assert judgement.inputs["without_standard_error"] == ["a"]

    @pytest.mark.parametrize("printed", [estimate(-3.0, -5.0, -1.0), estimate(None, p=0.01), estimate(-3.0, se=1.0)])
    def test_an_interval_that_could_not_be_pooled_is_no_bare_value(self, printed: EstimateInput) -> None:
        assert judge_imprecision(body(direction_entry(n=900, result=result(estimate=printed)))).levels == 1

    def test_nothing_pooled_has_no_information_size(self) -> None:
        assert still_needed(body(direction_entry())) == {"f_0_5": None, "f_1_0": None}
