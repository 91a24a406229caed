import math
from dataclasses import replace

import pytest

from app.synthesis.body import Body
from app.synthesis.grade.upgrades import judge_upgrades
from app.vocabulary import DesignLevel, Measure
from tests.synthesis.grade.bodies import entry, ratio_body

NON_RANDOMISED = DesignLevel.NON_RANDOMISED_CONTROLLED


def with_ratios(*intervals: tuple[float, float], pool: tuple[float, float], design: DesignLevel = NON_RANDOMISED) -> Body:
    studies = tuple(
        entry(f"s{i}", math.log(math.sqrt(low * high)), 0.1, ci_low=math.log(low), ci_high=math.log(high))
        for i, (low, high) in enumerate(intervals)
    )
    return ratio_body(math.sqrt(pool[0] * pool[1]), *pool, k=len(studies), studies=studies, design_level=design)


class TestJudgeUpgrades:
    @pytest.mark.parametrize(
        ("low", "high", "levels"),
        [
            (2.01, 4.0, [1]),
            (2.0, 4.0, []),
            (5.01, 9.0, [2]),
            (5.0, 9.0, [1]),
            (0.3, 0.49, [1]),
            (0.3, 0.5, []),
            (0.1, 0.19, [2]),
            (0.1, 0.2, [1]),
        ],
    )
    def test_boundaries(self, low: float, high: float, levels: list[int]) -> None:
        upgrades = judge_upgrades(with_ratios((low, high), (low, high), pool=(low, high)), 0)
        assert [upgrade.levels for upgrade in upgrades] == levels

    def test_one_study_is_not_enough(self) -> None:
        assert judge_upgrades(with_ratios((3.0, 4.0), pool=(3.0, 4.0)), 0) == ()
        assert judge_upgrades(with_ratios((3.0, 4.0), (1.5, 9.0), pool=(2.5, 4.0)), 0) == ()

    def test_the_pooled_interval_must_lie_beyond_too(self) -> None:
        assert judge_upgrades(with_ratios((3.0, 4.0), (3.0, 4.0), (0.5, 0.9), pool=(1.2, 4.0)), 0) == ()

    def test_two_studies_very_large_and_one_not(self) -> None:
        upgrades = judge_upgrades(with_ratios((6.0, 9.0), (6.0, 9.0), (1.0, 9.0), pool=(5.5, 8.0)), 0)
        assert [upgrade.levels for upgrade in upgrades] == [2]

    def test_studies_on_the_other_side_do_not_count(self) -> None:
        assert judge_upgrades(with_ratios((3.0, 4.0), (0.2, 0.4), pool=(2.5, 4.0)), 0) == ()

    def test_a_study_without_limits_does_not_count(self) -> None:
        given = with_ratios((3.0, 4.0), (3.0, 4.0), pool=(2.5, 4.0))
        bare = replace(given, studies=(given.studies[0], replace(given.studies[1], ci_low=None, ci_high=None)))
        assert judge_upgrades(bare, 0) == ()
        assert judge_upgrades(replace(given, pooled=None), 0) == ()

    def test_any_downgrade_forbids_it(self) -> None:
        assert judge_upgrades(with_ratios((3.0, 4.0), (3.0, 4.0), pool=(3.0, 4.0)), 1) == ()

    @pytest.mark.parametrize("design", [DesignLevel.RANDOMISED, DesignLevel.UNCONTROLLED])
    def test_other_designs_are_never_rated_up(self, design: DesignLevel) -> None:
        assert judge_upgrades(with_ratios((3.0, 4.0), (3.0, 4.0), pool=(3.0, 4.0), design=design), 0) == ()

    def test_an_odds_ratio_that_could_not_be_converted_is_not_read(self) -> None:
        studies = (entry("a", 1.2, 0.1), entry("b", 1.2, 0.1))
        assert judge_upgrades(ratio_body(3.3, 3.0, 4.0, k=2, studies=studies, measure=Measure.OR, design_level=NON_RANDOMISED), 0) == ()
