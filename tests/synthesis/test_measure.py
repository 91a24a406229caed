import math
from typing import Any

import pytest

from app.synthesis.assembly import assemble_bodies
from app.synthesis.body import Body, EstimateInput, InstrumentInput, OutcomeInput, StudyInput
from app.synthesis.measure import NO_MID, factors_onto, minimal_important_difference
from app.vocabulary import AnalysedScore, Better, Importance, Measure, MidStanding
from tests.synthesis.factories import (
    EVENT,
    MCGILL,
    NRS,
    PAIN,
    VAS,
    arm,
    direction_only,
    estimate,
    pair,
    result,
    study,
    with_estimate,
    with_events,
    with_means,
)

UNSTATED = InstrumentInput(slug="pain-scale-unstated", name="Pain, scale not stated")
NO_ARMS: dict[str, Any] = {"treatment": arm(None), "control": arm(None)}


def body(*studies: StudyInput, outcome: OutcomeInput = PAIN) -> Body:
    (found,) = assemble_bodies(pair(*studies, outcomes=(outcome,))).bodies
    return found


class TestContinuous:
    def test_one_instrument_is_a_mean_difference(self) -> None:
        found = body(study(with_estimate(), key="a"), study(with_means(), key="b"))
        assert (found.measure, found.instrument) == (Measure.MD, VAS)

    def test_instruments_that_differ_by_a_factor_are_put_on_the_first_of_the_order(self) -> None:
        in_points = with_estimate(-2.0, -3.0, -1.0, instrument=NRS.slug)
        found = body(study(with_estimate(-10, -15, -5), key="a"), study(in_points, key="b"))
        assert (found.measure, found.instrument) == (Measure.MD, VAS)
        assert [entry.effect for entry in found.studies] == [-10.0, -20.0]
        assert (found.studies[1].ci_low, found.studies[1].ci_high) == (-30.0, -10.0)
        assert found.studies[1].se == pytest.approx(10 * 2 / (2 * 1.959963984540054))

    def test_on_the_second_scale_alone_its_own_units_stay(self) -> None:
        found = body(study(with_estimate(-2, -3, -1, instrument=NRS.slug)))
        assert (found.instrument, found.mid.value, found.studies[0].effect) == (NRS, 1.0, -2.0)

    def test_different_instruments_are_standardised(self) -> None:
        found = body(study(with_means(), key="a"), study(with_means(10, 4, 20, 12, 4, 20, instrument=MCGILL.slug), key="b"))
        assert (found.measure, found.instrument, found.mid.value) == (Measure.SMD, None, 0.2)
        assert found.sensitivity.mean_difference_only is not None
        assert found.sensitivity.mean_difference_only.estimate == -10.0

    def test_a_result_that_exists_only_as_smd_standardises_all(self) -> None:
        only_smd = result(estimate=estimate(-0.5, -0.9, -0.1, measure=Measure.SMD))
        found = body(study(with_means(), key="a"), study(only_smd, key="b"))
        assert found.measure is Measure.SMD
        assert found.pooled is not None
        assert found.pooled.k == 2

    def test_results_that_all_exist_only_as_smd_have_no_instrument(self) -> None:
        found = body(study(result(estimate=estimate(-0.5, -0.9, -0.1, measure=Measure.SMD))))
        assert (found.measure, found.instrument, found.mid.value) == (Measure.SMD, None, 0.2)

    def test_what_cannot_be_standardised_counts_with_its_direction_and_says_so(self) -> None:
        only_md = with_estimate(instrument=MCGILL.slug, **NO_ARMS)
        found = body(study(with_means(), key="a"), study(only_md, key="b"), study(with_means(instrument=NRS.slug), key="c"))
        entry = found.studies[1]
        assert (found.measure, entry.effect, entry.direction) == (Measure.SMD, None, 1)
        assert "no-standardised-difference" in entry.flags
        assert any(warning.startswith("b: no standardised difference") for warning in found.warnings)

    def test_a_study_brings_the_result_that_can_be_standardised(self) -> None:
        rows = (with_estimate(**NO_ARMS), with_means(instrument=NRS.slug))
        found = body(study(*rows, key="a"), study(with_means(instrument=MCGILL.slug), key="b"))
        assert (found.measure, found.studies[0].result.instrument) == (Measure.SMD, NRS.slug)

    def test_an_instrument_whose_scale_is_not_stated_is_one_scale_only_within_one_study(self) -> None:
        outcome = OutcomeInput("pain-intensity", "Pain", Better.LOWER, Importance.CRITICAL, (UNSTATED,))
        rows = with_means(instrument=UNSTATED.slug)
        assert body(study(rows), outcome=outcome).measure is Measure.MD
        assert body(study(rows, key="a"), study(rows, key="b"), outcome=outcome).measure is Measure.SMD

    def test_numbers_on_another_scale_go_before_a_reported_direction(self) -> None:
        smd = study(result(estimate=estimate(-0.5, -0.9, -0.1, measure=Measure.SMD)), key="a")
        rows = (direction_only(position=0), with_estimate(2.0, 1.0, 3.0, position=1, **NO_ARMS))
        found = body(smd, study(*rows, key="b"))
        assert (found.measure, found.studies[1].result.position, found.studies[1].effect, found.studies[1].direction) == (
            Measure.SMD,
            1,
            None,
            -1,
        )

    def test_mean_differences_may_mix_change_and_post_scores(self) -> None:
        rows = (with_means(analysis=AnalysedScore.CHANGE_SCORE), with_means(analysis=AnalysedScore.POST_SCORE))
        found = body(study(rows[0], key="a"), study(rows[1], key="b"))
        assert found.pooled is not None
        assert (found.measure, found.pooled.k) == (Measure.MD, 2)

    def test_standardised_differences_may_not(self) -> None:
        change, post = (
            with_means(analysis=AnalysedScore.CHANGE_SCORE),
            with_means(analysis=AnalysedScore.POST_SCORE, instrument=MCGILL.slug),
        )
        unknown = with_means(instrument=MCGILL.slug)
        found = body(study(change, key="a"), study(post, key="b"), study(unknown, key="c"))
        assert [entry.effect is not None for entry in found.studies] == [False, True, True]
        assert "change-score-left-out" in found.studies[0].flags

    def test_scores_of_unknown_kind_go_with_either(self) -> None:
        for kind in (AnalysedScore.CHANGE_SCORE, AnalysedScore.POST_SCORE):
            found = body(study(with_means(analysis=kind), key="a"), study(with_means(instrument=MCGILL.slug), key="b"))
            assert found.pooled is not None
            assert (found.measure, found.pooled.k) == (Measure.SMD, 2)

    def test_change_scores_alone_are_pooled(self) -> None:
        rows = (with_means(analysis=AnalysedScore.CHANGE_SCORE), with_means(analysis=AnalysedScore.CHANGE_SCORE, instrument=MCGILL.slug))
        found = body(study(rows[0], key="a"), study(rows[1], key="b"))
        assert found.pooled is not None
        assert found.pooled.k == 2


class TestBinary:
    OR_ONLY = result(instrument=EVENT.slug, estimate=estimate(0.4, 0.2, 0.8, measure=Measure.OR))

    def test_counts_give_a_risk_ratio(self) -> None:
        found = body(study(with_events()))
        assert (found.measure, found.instrument) == (Measure.RR, None)
        assert found.mid.value == pytest.approx(math.log(1.25))
        assert (found.studies[0].events_treatment, found.studies[0].events_control) == (5, 10)

    def test_an_odds_ratio_with_its_control_risk_joins_the_risk_ratios(self) -> None:
        with_risk = result(instrument=EVENT.slug, control=arm(50, events=9), estimate=estimate(0.4, 0.2, 0.8, measure=Measure.OR))
        found = body(study(with_events(), key="a"), study(with_risk, key="b"))
        assert found.pooled is not None
        assert (found.measure, found.pooled.k) == (Measure.RR, 2)

    def test_an_odds_ratio_alone_makes_all_odds_ratios_where_the_others_give_counts(self) -> None:
        found = body(study(with_events(), key="a"), study(self.OR_ONLY, key="b"))
        assert found.pooled is not None
        assert (found.measure, found.pooled.k) == (Measure.OR, 2)
        assert body(study(self.OR_ONLY)).measure is Measure.OR

    def test_beside_a_risk_ratio_without_counts_it_counts_with_its_direction(self) -> None:
        only_rr = result(instrument=EVENT.slug, estimate=estimate(0.5, 0.3, 0.9, measure=Measure.RR))
        found = body(study(only_rr, key="a"), study(self.OR_ONLY, key="b"))
        assert (found.measure, found.studies[1].effect, found.studies[1].direction) == (Measure.RR, None, 1)
        assert "no-control-risk" in found.studies[1].flags

    def test_double_zero_studies_are_shown_and_not_pooled(self) -> None:
        found = body(study(with_events(), key="a"), study(with_events(0, 20, 0, 20), key="b"))
        assert found.pooled is not None
        assert (found.k, found.pooled.k, found.studies[1].direction) == (2, 1, 0)
        assert "double-zero" in found.studies[1].flags

    @pytest.mark.parametrize("printed", [estimate(-0.2, -0.3, -0.1, measure=Measure.RD), estimate(0.5, 0.3, 0.9, measure=Measure.HR)])
    def test_risk_differences_and_hazard_ratios_count_with_their_direction(self, printed: EstimateInput) -> None:
        found = body(study(result(instrument=EVENT.slug, estimate=printed)))
        assert (found.pooled, found.measure) == (None, None)
        assert found.studies[0].flags == ("measure-without-rule",)


class TestFamily:
    def test_the_most_preferred_instrument_with_numbers_decides(self) -> None:
        found = body(study(with_events(), key="a"), study(with_means(), key="b"))
        assert found.measure is Measure.MD
        assert (found.studies[0].effect, found.studies[0].direction) == (None, 1)
        assert "other-kind-of-scale" in found.studies[0].flags

    def test_a_preferred_instrument_without_numbers_decides_nothing(self) -> None:
        found = body(study(with_events(), key="a"), study(direction_only(), key="b"))
        assert found.measure is Measure.RR

    def test_a_study_with_both_brings_the_kind_of_the_body(self) -> None:
        rows = (with_events(), with_means(instrument=MCGILL.slug))
        outcome = OutcomeInput("pain-intensity", "Pain", Better.LOWER, Importance.CRITICAL, (VAS, EVENT, MCGILL))
        found = body(study(*rows, key="a"), study(with_means(), key="b"), outcome=outcome)
        assert found.measure is Measure.SMD
        assert found.studies[0].result.instrument == MCGILL.slug


class TestMinimalImportantDifference:
    def test_the_instruments_own(self) -> None:
        mid = body(study(with_estimate())).mid
        assert (mid.value, mid.source, mid.standing) == (10.0, "a review", MidStanding.PROVISIONAL)

    def test_through_the_linear_group(self) -> None:
        plain = InstrumentInput("vas", "VAS", unit="mm", linear_group=VAS.linear_group)
        outcome = OutcomeInput("pain-intensity", "Pain", Better.LOWER, Importance.CRITICAL, (plain, NRS))
        assert body(study(with_means(instrument="vas")), outcome=outcome).mid.value == 10.0

    def test_without_one_a_fifth_of_the_pooled_sd(self) -> None:
        rows = (with_means(1, 4, 11, 2, 4, 11, instrument=MCGILL.slug), with_means(1, 6, 21, 2, 6, 21, instrument=MCGILL.slug))
        mid = body(study(rows[0], key="a"), study(rows[1], key="b")).mid
        assert mid.value == pytest.approx(0.2 * math.sqrt((20 * 16 + 40 * 36) / 60))
        assert (mid.source.startswith("convention"), mid.standing) == (True, MidStanding.CONVENTION)

    def test_without_any_sd_there_is_none(self) -> None:
        mid = body(study(with_estimate(instrument=MCGILL.slug, **NO_ARMS))).mid
        assert (mid.value, mid.standing) == (None, MidStanding.NONE)

    def test_where_nothing_is_pooled_there_is_none(self) -> None:
        assert body(study(direction_only())).mid.value is None
        assert minimal_important_difference(None, PAIN, ()) == NO_MID


class TestFactorsOnto:
    def test_scores_are_turned_into_the_units_of_the_target(self) -> None:
        assert factors_onto(NRS, PAIN) == {"pain-nrs-10": 1.0, "pain-vas-100": pytest.approx(0.1)}
        assert factors_onto(MCGILL, PAIN) == {"mcgill-pain": 1.0}
