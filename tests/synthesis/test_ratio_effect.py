import math
from dataclasses import replace

import pytest

from app.synthesis.distributions import Z_975
from app.synthesis.ratio_effect import control_risk_of, odds_ratio_of, risk_ratio_of
from app.vocabulary import Design, Measure
from tests.synthesis.factories import arm, direction_only, estimate, result, study, with_estimate, with_events
from tests.synthesis.test_reported_effect import code, effect

PARALLEL = study()
ODDS = estimate(2.8, 1.1, 6.9, measure=Measure.OR)


class TestRiskRatioOf:
    def test_the_printed_ratio_comes_before_the_counts(self) -> None:
        row = with_events(estimate=estimate(0.42, 0.24, 0.69, measure=Measure.RR))
        assert effect(risk_ratio_of(PARALLEL, row)).value == pytest.approx(math.log(0.42))

    def test_from_counts(self) -> None:
        found = effect(risk_ratio_of(PARALLEL, with_events(13, 19, 3, 17)))
        assert found.value == pytest.approx(math.log((13 / 19) / (3 / 17)))
        assert found.se == pytest.approx(math.sqrt(1 / 13 - 1 / 19 + 1 / 3 - 1 / 17))
        assert found.basis == "arms"

    def test_half_an_event_is_added_to_one_zero_cell(self) -> None:
        assert effect(risk_ratio_of(PARALLEL, with_events(0, 20, 4, 20))).value == pytest.approx(math.log((0.5 / 21) / (4.5 / 21)))

    def test_double_zero_is_no_effect(self) -> None:
        assert code(risk_ratio_of(PARALLEL, with_events(0, 20, 0, 20))) == "double-zero"

    def test_an_odds_ratio_is_converted_with_its_control_risk_and_marked(self) -> None:
        row = result(treatment=arm(20), control=arm(50, events=9), estimate=ODDS)
        found = effect(risk_ratio_of(PARALLEL, row))
        assert found.value == pytest.approx(math.log(2.8 / (1 - 0.18 + 0.18 * 2.8)))
        assert found.printed_low == pytest.approx(math.log(1.1 / (1 - 0.18 + 0.18 * 1.1)))
        assert len(found.converted) == 2

    def test_its_limits_are_those_of_the_odds_ratio_even_where_they_were_not_printed(self) -> None:
        row = result(control=arm(20, events=12), treatment=arm(20), estimate=estimate(4.0, se=0.72, measure=Measure.OR))
        odds, found = effect(odds_ratio_of(PARALLEL, row)), effect(risk_ratio_of(PARALLEL, row))
        assert odds.value - Z_975 * odds.se < 0
        assert found.printed_low is not None
        assert found.printed_low < 0 < found.value - Z_975 * found.se

    def test_the_se_does_not_come_from_the_wider_limits_of_a_p(self) -> None:
        printed = result(control=arm(20, events=12), treatment=arm(20), estimate=estimate(4.0, p=0.04, measure=Measure.OR))
        odds = effect(odds_ratio_of(PARALLEL, printed))
        with_se = replace(printed, estimate=estimate(4.0, se=odds.se, measure=Measure.OR))
        assert effect(risk_ratio_of(PARALLEL, printed)).se == pytest.approx(effect(risk_ratio_of(PARALLEL, with_se)).se)

    def test_an_odds_ratio_whose_limits_know_no_bounds_gives_none(self) -> None:
        row = result(control=arm(20, events=12), treatment=arm(20), estimate=estimate(2.0, p=0.9999, measure=Measure.OR))
        assert code(risk_ratio_of(PARALLEL, row)) == "numbers-out-of-reach"

    def test_counts_come_before_converting_the_odds_ratio(self) -> None:
        row = with_events(13, 19, 3, 17, estimate=ODDS)
        assert effect(risk_ratio_of(PARALLEL, row)).basis == "arms"

    def test_an_odds_ratio_alone_gives_none(self) -> None:
        assert code(risk_ratio_of(PARALLEL, result(estimate=ODDS))) == "no-control-risk"

    def test_a_control_risk_of_one_leaves_no_ratio(self) -> None:
        row = result(control=arm(20, events=20), estimate=ODDS)
        assert code(risk_ratio_of(PARALLEL, row)) == "no-control-risk"

    def test_a_direction_gives_none(self) -> None:
        assert code(risk_ratio_of(PARALLEL, direction_only())) == "no-numbers"

    def test_clusters_widen_the_counts(self) -> None:
        cluster = study(design=Design.CLUSTER_RANDOMISED, cluster_size=21.0)
        naive = effect(risk_ratio_of(PARALLEL, with_events()))
        assert effect(risk_ratio_of(cluster, with_events())).se == pytest.approx(naive.se * math.sqrt(2))

    def test_crossover_counts_are_paired(self) -> None:
        crossover = study(design=Design.RANDOMISED_CROSSOVER, n_randomised=20)
        v1, v2 = 1 / 5 - 1 / 20, 1 / 10 - 1 / 20
        found = effect(risk_ratio_of(crossover, with_events(5, 20, 10, 20, estimate=estimate(0.4, 0.2, 0.8, measure=Measure.RR))))
        assert found.value == pytest.approx(math.log(0.5))
        assert found.se == pytest.approx(math.sqrt(v1 + v2 - math.sqrt(v1 * v2)))


class TestOddsRatioOf:
    def test_the_printed_ratio_comes_first(self) -> None:
        assert effect(odds_ratio_of(PARALLEL, with_events(estimate=ODDS))).value == pytest.approx(math.log(2.8))

    def test_from_counts(self) -> None:
        assert effect(odds_ratio_of(PARALLEL, with_events(13, 19, 3, 17))).value == pytest.approx(math.log(13 * 14 / (6 * 3)))

    def test_a_risk_ratio_gives_none(self) -> None:
        assert code(odds_ratio_of(PARALLEL, with_estimate(0.5, 0.3, 0.9, measure=Measure.RR))) == "no-numbers"

    def test_crossover_counts_are_paired(self) -> None:
        crossover = study(design=Design.RANDOMISED_CROSSOVER, n_randomised=20)
        v1, v2 = 1 / 5 + 1 / 15, 1 / 10 + 1 / 10
        found = effect(odds_ratio_of(crossover, with_events(5, 20, 10, 20)))
        assert found.se == pytest.approx(math.sqrt(v1 + v2 - math.sqrt(v1 * v2)))


class TestControlRiskOf:
    def test_it_needs_the_counts_of_the_control_arm(self) -> None:
        assert control_risk_of(result(control=arm(50, events=9))) == pytest.approx(0.18)
        assert control_risk_of(result(control=arm(50))) is None
        assert control_risk_of(result(control=arm(None, events=9))) is None
