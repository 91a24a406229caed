import math
from dataclasses import FrozenInstanceError, asdict, replace
from datetime import date

import pytest

from app.synthesis.grade.certainty import rate_body
from app.synthesis.grade.imprecision import judge_imprecision, still_needed, table_levels, unpooled_levels
from app.synthesis.grade.inconsistency import crossing_levels, direction_levels
from app.synthesis.grade.indirectness import score_levels
from app.synthesis.grade.information_size import measure_information
from app.synthesis.grade.publication_bias import OverdueRegistration, PairContext, is_overdue, judge_publication_bias
from app.synthesis.grade.risk_of_bias import pedro_level, threshold_levels
from app.synthesis.grade.thresholds import CURRENT, CURRENT_METHOD, THRESHOLDS_OF_METHOD, Thresholds, thresholds_of
from app.synthesis.grade.upgrades import judge_upgrades
from app.synthesis.rating import METHOD_VERSION, rate_pair
from app.vocabulary import Certainty, DesignLevel, RiskOfBiasLevel
from tests.synthesis.factories import pair, study, with_estimate
from tests.synthesis.grade.bodies import body, direction_entry, entry, pooled_body, ratio_body

CONTEXT = PairContext((), 1000)

# The numbers of certainty/1.0.0 as docs/method.md states them. They never change: stored ratings are computed again with them.
FIRST_VERSION = {
    "low_share_enough": 0.75, "high_share_tolerated": 0.10, "high_share_dominant": 0.50, "low_share_half": 0.50,
    "high_share_third": 0.33, "min_remaining_studies": 2, "pedro_low_from": 7.0, "pedro_some_concerns_from": 5.0,
    "i2_moderate": 40.0, "i2_considerable": 75.0, "q_p": 0.10, "min_studies_for_prediction": 3, "few_studies": 4,
    "agreement_enough": 0.80, "agreement_majority": 0.60,
    "indirect_from": 1.5, "very_indirect_from": 2.5,
    "fraction_enough": 0.5, "fraction_some": 0.3, "imprecision_levels": ((0, 1, 2), (1, 2, 2), (2, 2, 3)),
    "unpooled_participants": 400, "min_participants_continuous": 400, "conventional_mid_in_sd": 0.2,
    "relative_risk_reduction": 0.25, "unknown_control_risk": 0.3, "min_events": 300,
    "min_studies_for_regression": 10, "regression_p": 0.10, "overdue_months": 24, "overdue_share": 0.20,
    "min_small_studies": 3, "small_study_below": 100,
    "large_risk_ratio": 2.0, "very_large_risk_ratio": 5.0, "min_studies_for_upgrade": 2,
    "ceiling_not_pooled": 2, "joint_cap": 3,
}  # fmt: skip


class TestThresholds:
    def test_the_first_version_keeps_its_numbers(self) -> None:
        assert asdict(THRESHOLDS_OF_METHOD["certainty/1.0.0"]) == FIRST_VERSION

    def test_cannot_be_changed_in_place(self) -> None:
        with pytest.raises(FrozenInstanceError):
            CURRENT.low_share_enough = 0.5  # type: ignore[misc]

    def test_the_current_version_is_the_rating_s(self) -> None:
        assert CURRENT_METHOD == METHOD_VERSION
        assert thresholds_of(METHOD_VERSION) is CURRENT


class TestThresholdsOf:
    def test_an_unknown_version_is_an_error(self) -> None:
        with pytest.raises(LookupError, match=r"certainty/9\.9\.9"):
            thresholds_of("certainty/9.9.9")


class TestEachRuleReadsItsArgument:
    """A judge must not compare with anything but what it was given."""

    def test_risk_of_bias(self) -> None:
        assert threshold_levels(0.70, 0.0)[0] == 1
        assert threshold_levels(0.70, 0.0, replace(CURRENT, low_share_enough=0.65))[0] == 0
        assert threshold_levels(0.70, 0.2, replace(CURRENT, high_share_dominant=0.1))[0] == 2
        assert threshold_levels(0.45, 0.2, replace(CURRENT, high_share_third=0.1))[0] == 2
        assert pedro_level(6, replace(CURRENT, pedro_low_from=6)) is RiskOfBiasLevel.LOW
        assert pedro_level(4, replace(CURRENT, pedro_some_concerns_from=4)) is RiskOfBiasLevel.SOME_CONCERNS

    def test_inconsistency(self) -> None:
        assert direction_levels(0.7, replace(CURRENT, agreement_enough=0.7))[0] == 0
        assert direction_levels(0.5, replace(CURRENT, agreement_majority=0.5))[0] == 1
        assert crossing_levels(2, 0, k=5, mid_known=True, thresholds=replace(CURRENT, few_studies=5))[0] == 1

    def test_indirectness(self) -> None:
        assert score_levels(1.4, replace(CURRENT, indirect_from=1.3))[0] == 1
        assert score_levels(2.1, replace(CURRENT, very_indirect_from=2.0))[0] == 2

    def test_imprecision(self) -> None:
        assert table_levels(0, 0.45, replace(CURRENT, fraction_enough=0.4))[0] == 0
        assert table_levels(0, 0.25, replace(CURRENT, fraction_some=0.2))[0] == 1
        assert table_levels(0, 0.9, replace(CURRENT, imprecision_levels=((1, 1, 1),) * 3))[0] == 1
        unpooled = body(direction_entry(n=300))
        assert unpooled_levels(unpooled, 300, replace(CURRENT, unpooled_participants=300))[0] == 1
        assert judge_imprecision(unpooled, replace(CURRENT, unpooled_participants=300)).levels == 1

    def test_information_size(self) -> None:
        clear, ratio = pooled_body(-10, -14, -6, mid=None), ratio_body(2.0, 1.5, 3.0)
        assert measure_information(clear, replace(CURRENT, conventional_mid_in_sd=0.5)).needed == 126
        assert measure_information(ratio, replace(CURRENT, unknown_control_risk=0.5)).control_risk == 0.5
        assert measure_information(ratio, replace(CURRENT, relative_risk_reduction=0.5)).needed < measure_information(ratio).needed
        assert still_needed(clear, replace(CURRENT, conventional_mid_in_sd=0.5)) == {"f_0_5": 13, "f_1_0": 76}

    def test_publication_bias(self) -> None:
        overdue = PairContext((OverdueRegistration("r1", None, "2020-01", 150),), 1000)
        clear = pooled_body(-10, -14, -6)
        assert judge_publication_bias(clear, overdue).levels == 0
        assert judge_publication_bias(clear, overdue, replace(CURRENT, overdue_share=0.15)).levels == 1
        assert judge_publication_bias(clear, CONTEXT, replace(CURRENT, min_small_studies=1)).levels == 1
        assert is_overdue("2025-01-01", date(2026, 6, 1), 12)
        assert not is_overdue("2025-01-01", date(2026, 6, 1))

    def test_upgrades(self) -> None:
        studies = tuple(entry(f"s{i}-2020", math.log(4.0), 0.1) for i in range(2))
        large = ratio_body(4.0, 3.3, 4.9, k=2, studies=studies, design_level=DesignLevel.NON_RANDOMISED_CONTROLLED)
        assert judge_upgrades(large, 0)[0].levels == 1
        assert judge_upgrades(large, 0, replace(CURRENT, very_large_risk_ratio=3.0))[0].levels == 2
        assert judge_upgrades(large, 0, replace(CURRENT, large_risk_ratio=3.5)) == ()
        assert judge_upgrades(large, 0, replace(CURRENT, min_studies_for_upgrade=3)) == ()

    def test_certainty(self) -> None:
        unpooled = body(direction_entry(n=500))
        assert rate_body(unpooled, CONTEXT).certainty is Certainty.LOW
        assert rate_body(unpooled, CONTEXT, replace(CURRENT, ceiling_not_pooled=4)).certainty is Certainty.MODERATE


class TestRatePair:
    def test_a_later_version_leaves_the_first_reproducible(self, monkeypatch: pytest.MonkeyPatch) -> None:
        inputs = pair(study(with_estimate(-12, -20, -4)))
        before = rate_pair(inputs)
        monkeypatch.setitem(THRESHOLDS_OF_METHOD, "certainty/2.0.0", Thresholds(imprecision_levels=((3, 3, 3),) * 3))
        later = rate_pair(inputs, "certainty/2.0.0")
        assert later.method == "certainty/2.0.0"
        assert later.bodies[0].certainty.judgements[3].levels == 3
        assert rate_pair(inputs, "certainty/1.0.0") == before
