import pytest

from app.synthesis.assembly import assemble_bodies
from app.synthesis.body import Body, NotPooled, PooledEffect, Sensitivity, StudyInput
from app.synthesis.pool_many import pool_many
from app.synthesis.pooling_model import BY_METHOD, COMMON, PoolingModel
from app.vocabulary import RiskOfBiasJudgement
from tests.synthesis.factories import estimate, judgement, pair, result, study, with_estimate

HIGH = (judgement(RiskOfBiasJudgement.HIGH),)


def body(*studies: StudyInput) -> Body:
    (found,) = assemble_bodies(pair(*studies)).bodies
    return found


def three(**of_last: object) -> Body:
    return body(
        study(with_estimate(-10, -15, -5), key="a", year=2012),
        study(with_estimate(-4, -10, 2), key="b", year=None),
        study(with_estimate(-20, -26, -14), key="c", year=2008, **of_last),
    )


def numbers(found: Body) -> tuple[list[float], list[float]]:
    entries = [entry for entry in found.studies if entry.effect is not None and entry.se is not None]
    return [float(entry.effect or 0) for entry in entries], [float(entry.se or 0) ** 2 for entry in entries]


def pooled_alone(effects: list[float], variances: list[float], model: PoolingModel = BY_METHOD) -> PooledEffect | NotPooled:
    return pool_many([effects], [variances], model).rows()[0]


class TestSensitivity:
    def test_common_effect_and_dersimonian_laird_stand_beside(self) -> None:
        found = three()
        effects, variances = numbers(found)
        assert found.sensitivity.common_effect == pooled_alone(effects, variances, COMMON)
        assert found.sensitivity.dersimonian_laird == pooled_alone(effects, variances, PoolingModel("DL", ci="z"))

    def test_leave_one_out_names_the_study_left_out(self) -> None:
        found = three()
        effects, variances = numbers(found)
        assert [key for key, _ in found.sensitivity.leave_one_out] == ["a", "b", "c"]
        assert found.sensitivity.leave_one_out[0][1] == pooled_alone(effects[1:], variances[1:])

    def test_cumulative_goes_by_year_unknown_last(self) -> None:
        found = three().sensitivity.cumulative
        assert [(year, key, pooled.k) for year, key, pooled in found] == [(2008, "c", 1), (2012, "a", 2), (None, "b", 3)]
        assert (found[0][2].ci_low, found[0][2].ci_high) == (-26, -14)
        assert found[-1][2].estimate == pytest.approx(three().pooled.estimate)  # type: ignore[union-attr]

    def test_without_high_risk_leaves_those_studies_out(self) -> None:
        found = three(risk_of_bias=HIGH)
        effects, variances = numbers(found)
        assert found.sensitivity.without_high_risk == pooled_alone(effects[:2], variances[:2])

    def test_without_any_study_at_high_risk_it_says_nothing(self) -> None:
        assert three().sensitivity.without_high_risk is None

    def test_with_nothing_left_it_says_nothing(self) -> None:
        studies = [study(with_estimate(), key=key, risk_of_bias=HIGH) for key in "ab"]
        assert body(*studies).sensitivity.without_high_risk is None

    def test_results_converted_from_p_are_left_out(self) -> None:
        from_p = result(estimate=estimate(-10, p=0.04))
        found = body(study(with_estimate(-4, -10, 2), key="a"), study(from_p, key="b"))
        assert found.sensitivity.without_converted_from_p is not None
        assert (found.sensitivity.without_converted_from_p.k, found.sensitivity.without_converted_from_p.ci_low) == (1, -10)

    def test_a_single_study_leaves_nothing_to_vary(self) -> None:
        assert body(study(with_estimate())).sensitivity == Sensitivity()


class TestMarkLeverage:
    def test_a_converted_result_with_most_of_the_weight_is_flagged(self) -> None:
        from_p = result(estimate=estimate(-10, p=0.0001))
        found = body(study(with_estimate(-4, -30, 22), key="a"), study(from_p, key="b"))
        assert "high-leverage-conversion" in found.studies[1].flags
        assert any("more than half of the weight" in warning for warning in found.warnings)

    def test_alone_it_is_not(self) -> None:
        assert body(study(result(estimate=estimate(-10, p=0.04)))).studies[0].flags == ()
