import math
from dataclasses import replace

import pytest

from app.synthesis.body import StudyInput
from app.synthesis.continuous_effect import mean_difference_of, standardised_difference_of
from app.synthesis.distributions import Z_975
from app.synthesis.effect_sizes import standardised_mean_difference
from app.vocabulary import Design, Measure
from tests.synthesis.factories import arm, direction_only, estimate, result, study, with_estimate, with_means
from tests.synthesis.test_reported_effect import code, effect

PARALLEL = study()


def crossover(n_randomised: int) -> StudyInput:
    return study(design=Design.RANDOMISED_CROSSOVER, n_randomised=n_randomised)


class TestMeanDifferenceOf:
    def test_the_estimate_with_its_limits_comes_before_the_arms(self) -> None:
        found = effect(mean_difference_of(PARALLEL, with_means(124, 69, 26, 115, 49, 29, estimate=estimate(2.2, -20, 25))))
        assert (found.value, found.basis, found.printed_low) == (2.2, "estimate", -20)

    def test_the_arms_come_before_value_and_p(self) -> None:
        row = with_means(-5.9, 3.8, 16, -1.2, 3.5, 16, estimate=estimate(-4.7, p=0.001))
        found = effect(mean_difference_of(PARALLEL, row))
        assert found.basis == "arms"
        assert found.se == pytest.approx(math.sqrt(3.8**2 / 16 + 3.5**2 / 16))

    def test_value_and_exact_p_come_last(self) -> None:
        assert effect(mean_difference_of(PARALLEL, result(estimate=estimate(-10, p=0.04)))).basis == "p"

    def test_an_impossible_interval_is_not_mended_with_p(self) -> None:
        row = result(estimate=estimate(-20, -15, -5, p=0.04))
        assert code(mean_difference_of(PARALLEL, row)) == "impossible-interval"

    def test_a_direction_gives_no_effect(self) -> None:
        assert code(mean_difference_of(PARALLEL, direction_only())) == "no-numbers"

    def test_arms_without_spread_give_no_effect(self) -> None:
        assert code(mean_difference_of(PARALLEL, with_means(sd_treatment=0.0, sd_control=0.0))) == "impossible-arms"

    def test_sd_is_pooled_from_the_arms_else_taken_through_the_se(self) -> None:
        assert effect(mean_difference_of(PARALLEL, with_means(sd_treatment=10, sd_control=10))).sd == pytest.approx(10)
        row = with_estimate(-21, -32.6, -9.4, treatment=arm(27), control=arm(27))
        assert effect(mean_difference_of(PARALLEL, row)).sd == pytest.approx(21.745869750983832)

    def test_without_arm_sizes_there_is_no_sd(self) -> None:
        row = with_estimate(treatment=arm(None), control=arm(None))
        assert effect(mean_difference_of(study(n_randomised=105), row)).sd is None

    def test_crossover_arms_are_paired_with_correlation_one_half(self) -> None:
        row = with_means(40, 20, 16, 50, 20, 16)
        found = effect(mean_difference_of(crossover(n_randomised=16), row))
        assert found.se == pytest.approx(20 / math.sqrt(16))
        assert found.sd == pytest.approx(20)

    def test_a_paired_estimate_is_kept(self) -> None:
        row = with_means(estimate=estimate(-10, -15, -5, adjusted_for_design=True))
        found = effect(mean_difference_of(crossover(n_randomised=20), row))
        assert (found.basis, found.flags) == ("estimate", ())

    def test_the_sd_of_a_paired_estimate_is_that_of_people_not_of_their_differences(self) -> None:
        row = with_estimate(-10, -15, -5, treatment=arm(20), control=arm(20))
        row = replace(row, estimate=estimate(-10, -15, -5, adjusted_for_design=True))
        paired_se = 10 / (2 * Z_975)
        # Equal SDs and correlation 0.5: paired SE = SD / sqrt(n), so SD = SE sqrt(20).
        assert effect(mean_difference_of(crossover(n_randomised=20), row)).sd == pytest.approx(paired_se * math.sqrt(20))

    def test_paired_arms_without_spread_give_no_effect(self) -> None:
        row = with_means(sd_treatment=0.0, sd_control=0.0)
        assert code(mean_difference_of(crossover(n_randomised=20), row)) == "impossible-arms"

    def test_arms_come_before_an_estimate_that_is_not_paired(self) -> None:
        row = with_means(estimate=estimate(-10, -15, -5))
        assert effect(mean_difference_of(crossover(n_randomised=20), row)).basis == "arms"

    def test_an_unpaired_interval_without_arms_is_kept_as_printed_and_flagged(self) -> None:
        found = effect(mean_difference_of(crossover(n_randomised=20), with_estimate()))
        assert found.se == pytest.approx(10 / (2 * Z_975))
        assert found.flags == ("unpaired-interval-kept",)

    def test_a_first_period_is_a_parallel_trial(self) -> None:
        row = with_means(40, 20, 16, 50, 20, 16)
        assert effect(mean_difference_of(crossover(n_randomised=32), row)).se == pytest.approx(20 * math.sqrt(2 / 16))

    def test_clusters_widen_an_unadjusted_effect_by_the_design_effect(self) -> None:
        cluster = study(design=Design.CLUSTER_RANDOMISED, cluster_size=21.0)
        naive = effect(mean_difference_of(PARALLEL, with_estimate()))
        found = effect(mean_difference_of(cluster, with_estimate()))
        assert found.se == pytest.approx(naive.se * math.sqrt(1 + 20 * 0.05))
        assert (found.printed_low, found.printed_high) == (None, None)
        assert found.sd == pytest.approx(naive.sd)

    def test_an_adjusted_cluster_estimate_is_kept_and_its_sd_is_not_inflated(self) -> None:
        cluster = study(design=Design.CLUSTER_RANDOMISED, cluster_size=21.0)
        row = result(estimate=estimate(-10, -15, -5, adjusted_for_design=True))
        found, naive = effect(mean_difference_of(cluster, row)), effect(mean_difference_of(PARALLEL, with_estimate()))
        assert (found.se, found.printed_low) == (naive.se, -15)
        assert naive.sd is not None
        assert found.sd == pytest.approx(naive.sd / math.sqrt(2))

    def test_clusters_of_unknown_size_give_no_effect(self) -> None:
        cluster = study(design=Design.CLUSTER_RANDOMISED)
        assert code(mean_difference_of(cluster, with_estimate())) == "cluster-size-unknown"

    def test_an_adjusted_estimate_of_clusters_of_unknown_size_has_no_sd(self) -> None:
        row = result(estimate=estimate(-10, -15, -5, adjusted_for_design=True))
        assert effect(mean_difference_of(study(design=Design.CLUSTER_RANDOMISED), row)).sd is None


class TestStandardisedDifferenceOf:
    def test_the_printed_smd_comes_first(self) -> None:
        row = with_means(estimate=estimate(-0.5, -0.9, -0.1, measure=Measure.SMD))
        assert effect(standardised_difference_of(PARALLEL, row)).value == -0.5

    def test_from_arms_it_is_hedges_g(self) -> None:
        found = effect(standardised_difference_of(PARALLEL, with_means(40, 18, 20, 50, 22, 25)))
        reference = standardised_mean_difference(20, 40, 18, 25, 50, 22)
        assert found.value == pytest.approx(float(reference.effect))
        assert found.se == pytest.approx(math.sqrt(float(reference.variance)))

    def test_from_a_mean_difference_it_goes_through_the_sd_and_is_marked(self) -> None:
        found = effect(standardised_difference_of(PARALLEL, with_estimate(-21, -32.6, -9.4, treatment=arm(27), control=arm(27))))
        reference = standardised_mean_difference(27, -21, 21.745869750983832, 27, 0, 21.745869750983832)
        assert found.value == pytest.approx(float(reference.effect))
        assert found.se == pytest.approx(math.sqrt(float(reference.variance)))
        assert (found.printed_low, len(found.converted)) == (None, 2)

    def test_a_mean_difference_without_arm_sizes_gives_none(self) -> None:
        row = with_estimate(treatment=arm(None), control=arm(None))
        assert code(standardised_difference_of(PARALLEL, row)) == "no-standardised-difference"

    def test_too_few_people_give_none(self) -> None:
        parallel, paired = with_estimate(treatment=arm(1), control=arm(1)), with_means(n_treatment=2, n_control=2)
        assert code(standardised_difference_of(PARALLEL, parallel)) == "no-standardised-difference"
        assert code(standardised_difference_of(crossover(n_randomised=2), paired)) == "no-standardised-difference"

    def test_an_smd_with_an_exact_p_serves(self) -> None:
        row = result(estimate=estimate(-0.6, p=0.04, measure=Measure.SMD))
        assert effect(standardised_difference_of(PARALLEL, row)).basis == "p"

    def test_an_smd_with_an_upper_bound_does_not(self) -> None:
        row = result(estimate=estimate(-0.6, p=0.04, p_is_upper_bound=True, measure=Measure.SMD))
        assert code(standardised_difference_of(PARALLEL, row)) == "p-upper-bound"

    def test_paired_arms_follow_the_handbook(self) -> None:
        found = effect(standardised_difference_of(crossover(n_randomised=20), with_means()))
        assert found.value == pytest.approx(-0.5 * (1 - 3 / (4 * 19 - 1)), rel=1e-3)
        assert found.se == pytest.approx(math.sqrt(1 / 20 + found.value**2 / 40))

    def test_clusters_count_though_the_mean_difference_allowed_for_them(self) -> None:
        cluster = study(design=Design.CLUSTER_RANDOMISED, cluster_size=21.0)
        adjusted = with_means(estimate=estimate(-10, -20, -0.5, adjusted_for_design=True))
        alone = effect(standardised_difference_of(PARALLEL, with_means(estimate=estimate(-10, -20, -0.5))))
        assert effect(standardised_difference_of(cluster, adjusted)).se == pytest.approx(alone.se * math.sqrt(2))
