import pytest

from app.synthesis.body import RiskOfBiasInput, Sensitivity
from app.synthesis.grade.risk_of_bias import judge_risk_of_bias, pedro_level, study_level, threshold_levels
from app.vocabulary import ComparatorGroup, RiskOfBiasJudgement, RiskOfBiasLevel, RiskOfBiasTool
from tests.synthesis.factories import study
from tests.synthesis.grade.bodies import body, direction_entry, entry, pooled

LOW, SOME, HIGH = RiskOfBiasLevel.LOW, RiskOfBiasLevel.SOME_CONCERNS, RiskOfBiasLevel.HIGH
SHAM, INACTIVE = ComparatorGroup.SHAM, ComparatorGroup.INACTIVE


def judged(tool: RiskOfBiasTool, overall: str | None = None, score: float | None = None, outcome: str | None = None) -> RiskOfBiasInput:
    return RiskOfBiasInput(tool, None if overall is None else RiskOfBiasJudgement(overall), score, outcome)


def level_of(*rows: RiskOfBiasInput, group: ComparatorGroup = SHAM) -> RiskOfBiasLevel:
    return study_level(study(risk_of_bias=rows), "pain-intensity", group).level


class TestStudyLevel:
    @pytest.mark.parametrize(
        ("tool", "overall", "level"),
        [
            (RiskOfBiasTool.ROB_2, "low", LOW),
            (RiskOfBiasTool.ROB_2, "some-concerns", SOME),
            (RiskOfBiasTool.ROB_2, "high", HIGH),
            (RiskOfBiasTool.ROBINS_I, "low", LOW),
            (RiskOfBiasTool.ROBINS_I, "moderate", SOME),
            (RiskOfBiasTool.ROBINS_I, "serious", HIGH),
            (RiskOfBiasTool.ROBINS_I, "critical", HIGH),
            (RiskOfBiasTool.ROBINS_I, "no-information", SOME),
            (RiskOfBiasTool.COCHRANE_2011, "low", LOW),
            (RiskOfBiasTool.COCHRANE_2011, "unclear", SOME),
            (RiskOfBiasTool.COCHRANE_2011, "high", HIGH),
        ],
    )
    def test_words_of_each_tool(self, tool: RiskOfBiasTool, overall: str, level: RiskOfBiasLevel) -> None:
        assert level_of(judged(tool, overall)) is level

    @pytest.mark.parametrize(
        ("score", "level"), [(10, LOW), (7, LOW), (6.9, SOME), (6, SOME), (5, SOME), (4.9, HIGH), (4, HIGH), (0, HIGH)]
    )
    def test_pedro_by_score(self, score: float, level: RiskOfBiasLevel) -> None:
        assert pedro_level(score) is level
        judgement = study_level(study(risk_of_bias=(judged(RiskOfBiasTool.PEDRO, score=score),)), "pain-intensity", SHAM)
        assert (judgement.level, judgement.converted, judgement.tool) == (level, True, RiskOfBiasTool.PEDRO)

    @pytest.mark.parametrize("row", [judged(RiskOfBiasTool.PEDRO, score=9), judged(RiskOfBiasTool.COCHRANE_2011, "low")])
    def test_without_a_sham_the_older_tools_are_never_low(self, row: RiskOfBiasInput) -> None:
        assert level_of(row, group=SHAM) is LOW
        for group in (INACTIVE, ComparatorGroup.ACTIVE, ComparatorGroup.NONE):
            assert level_of(row, group=group) is SOME

    def test_rob_2_may_be_low_without_a_sham(self) -> None:
        assert level_of(judged(RiskOfBiasTool.ROB_2, "low"), group=INACTIVE) is LOW

    def test_older_tools_stay_high_without_a_sham(self) -> None:
        assert level_of(judged(RiskOfBiasTool.PEDRO, score=3), group=INACTIVE) is HIGH

    def test_first_tool_in_order_decides_alone(self) -> None:
        rows = [judged(RiskOfBiasTool.PEDRO, score=3), judged(RiskOfBiasTool.COCHRANE_2011, "high"), judged(RiskOfBiasTool.ROB_2, "low")]
        assert level_of(*rows) is LOW
        assert level_of(*rows[:2], judged(RiskOfBiasTool.ROBINS_I, "low")) is LOW
        assert level_of(judged(RiskOfBiasTool.COCHRANE_2011, "low"), rows[0]) is LOW

    def test_a_tool_without_a_judgement_does_not_decide(self) -> None:
        assert level_of(judged(RiskOfBiasTool.ROB_2, None), judged(RiskOfBiasTool.PEDRO, score=3)) is HIGH

    def test_the_most_cautious_of_several_judgements_of_one_tool(self) -> None:
        judgement = study_level(
            study(risk_of_bias=(judged(RiskOfBiasTool.ROB_2, "low"), judged(RiskOfBiasTool.ROB_2, "high", outcome="pain-intensity"))),
            "pain-intensity",
            SHAM,
        )
        assert judgement.level is HIGH
        assert "most cautious of 2" in judgement.reason

    def test_a_judgement_of_another_outcome_says_nothing(self) -> None:
        assert level_of(judged(RiskOfBiasTool.ROB_2, "high", outcome="disability"), judged(RiskOfBiasTool.PEDRO, score=8)) is LOW

    def test_tools_outside_the_order_are_not_read(self) -> None:
        judgement = study_level(study(risk_of_bias=(judged(RiskOfBiasTool.OTHER, "high"),)), "pain-intensity", SHAM)
        assert (judgement.level, judgement.assessed, judgement.tool) == (SOME, False, None)


class TestThresholdLevels:
    @pytest.mark.parametrize(
        ("share_low", "share_high", "levels"),
        [
            (0.75, 0.10, 0),
            (0.7499, 0.10, 1),
            (0.75, 0.1001, 1),
            (1.0, 0.0, 0),
            (0.50, 0.33, 1),
            (0.50, 0.3301, 1),
            (0.4999, 0.33, 1),
            (0.4999, 0.3301, 2),
            (0.50, 0.50, 1),
            (0.4999, 0.5001, 2),
            (0.0, 0.0, 1),
            (0.40, 0.35, 2),
        ],
    )
    def test_boundaries(self, share_low: float, share_high: float, levels: int) -> None:
        assert threshold_levels(share_low, share_high)[0] == levels


class TestJudgeRiskOfBias:
    def test_worked_example_of_weights(self) -> None:
        studies = [entry("a", risk="low", se=40**-0.5), entry("b", risk="some-concerns", se=25**-0.5), entry("c", risk="high", se=35**-0.5)]
        judgement = judge_risk_of_bias(body(*studies, effect=pooled(k=3)))
        assert (judgement.inputs["share_low"], judgement.inputs["share_high"], judgement.levels) == (0.40, 0.35, 2)
        assert [round(row.weight, 12) for row in judgement.studies] == [0.40, 0.25, 0.35]

    def test_shares_at_the_boundary_are_not_decided_by_binary_fractions(self) -> None:
        studies = [entry(f"low{i}", risk="low", se=10**-0.5) for i in range(9)] + [entry("high", risk="high", se=10**-0.5)]
        assert judge_risk_of_bias(body(*studies, effect=pooled(k=10))).levels == 0

    def test_two_levels_become_one_when_the_rest_says_the_same(self) -> None:
        studies = [entry("a", risk="low"), entry("b", risk="low"), entry("c", risk="high", se=0.5)]
        rest = Sensitivity(without_high_risk=pooled(-12.0, k=2))
        judgement = judge_risk_of_bias(body(*studies, effect=pooled(-11.0, k=3), sensitivity=rest))
        assert (judgement.levels, judgement.rule) == (1, "risk-of-bias/same-without-high-risk")

    @pytest.mark.parametrize(
        ("estimate", "k", "mid"),
        [
            pytest.param(-9.0, 2, 10.0, id="other side of the MID"),
            pytest.param(11.0, 2, 10.0, id="other side of null"),
            pytest.param(-12.0, 1, 10.0, id="one study left"),
            pytest.param(-12.0, 2, None, id="no MID to judge against"),
        ],
    )
    def test_two_levels_stay_otherwise(self, estimate: float, k: int, mid: float | None) -> None:
        studies = [entry("a", risk="low"), entry("b", risk="low"), entry("c", risk="high", se=0.5)]
        rest = Sensitivity(without_high_risk=pooled(estimate, k=k))
        assert judge_risk_of_bias(body(*studies, effect=pooled(-11.0, k=3), sensitivity=rest, mid=mid)).levels == 2

    def test_nothing_pooled_weighs_by_participants_and_unknown_as_the_smallest(self) -> None:
        studies = [direction_entry("a", n=60, risk="low"), direction_entry("b", n=20, risk="high"), direction_entry("c", n=0, risk="low")]
        judgement = judge_risk_of_bias(body(*studies))
        assert [row.weight for row in judgement.studies] == [0.6, 0.2, 0.2]
        assert (judgement.levels, judgement.inputs["weights"]) == (1, "participants")

    def test_nobody_knows_how_many_took_part(self) -> None:
        judgement = judge_risk_of_bias(body(direction_entry("a", n=0, risk="low"), direction_entry("b", n=0, risk="high")))
        assert [row.weight for row in judgement.studies] == [0.5, 0.5]

    def test_only_studies_with_numbers_have_weight_in_a_pooled_body(self) -> None:
        judgement = judge_risk_of_bias(body(entry("a", risk="low"), direction_entry("b", n=900, risk="high"), effect=pooled()))
        assert (judgement.levels, [row.study for row in judgement.studies]) == (0, ["a"])

    def test_says_how_many_were_not_assessed(self) -> None:
        judgement = judge_risk_of_bias(body(entry("a", risk=None), effect=pooled()))
        assert (judgement.levels, judgement.inputs["not_assessed"]) == (1, 1)
        assert "1 of 1 study" in judgement.reason
