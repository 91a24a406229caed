from dataclasses import replace

import pytest

from app.synthesis.assembly import assemble_bodies
from app.synthesis.body import BodyStudy, NotPooled, PooledEffect
from app.synthesis.body_study import pool_studies
from app.synthesis.grade.certainty import LEVEL_OF_CERTAINTY, rate_body
from app.synthesis.grade.level_parts import (
    SubsetPools,
    domain_levels,
    level_at_mid,
    level_of,
    levels_on_grid,
    removable_studies,
    take_apart,
    with_low_share,
    with_mid_factor,
    with_study_level,
    without_study,
)
from app.synthesis.grade.publication_bias import PairContext
from app.synthesis.grade.thresholds import CURRENT
from app.vocabulary import Domain, RiskOfBiasLevel
from tests.synthesis.factories import pair, study, with_estimate
from tests.synthesis.grade.bodies import body, direction_entry, pooled_body
from tests.synthesis.grade.random_bodies import random_body

CONTEXT = PairContext((), 1000)
SEEDS = range(60)


def numbers_of(pooled: PooledEffect | NotPooled | None) -> tuple[float, ...] | None:
    """What the rules read of a pool; a pool made among others and one made alone may differ in the last digit."""
    if not isinstance(pooled, PooledEffect):
        return None
    intervals = (pooled.ci_low, pooled.ci_high, pooled.pi_low or 0.0, pooled.pi_high or 0.0)
    return (pooled.k, pooled.estimate, *intervals, pooled.q or 0.0, pooled.q_df or 0)


class TestLevelOf:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_is_what_the_rating_says(self, seed: int) -> None:
        random, context = random_body(seed)
        parts, rated = take_apart(random, context), rate_body(random, context)
        assert domain_levels(parts) == {row.domain: row.levels for row in rated.judgements}
        assert level_of(parts) == LEVEL_OF_CERTAINTY[rated.certainty]

    @pytest.mark.parametrize("seed", SEEDS)
    def test_is_what_the_rating_says_with_other_thresholds(self, seed: int) -> None:
        random, context = random_body(seed)
        stricter = replace(CURRENT, low_share_enough=0.9, fraction_enough=0.8, i2_moderate=20.0, indirect_from=1.2, regression_p=0.3)
        parts, rated = take_apart(random, context, stricter), rate_body(random, context, stricter)
        assert level_of(parts) == LEVEL_OF_CERTAINTY[rated.certainty]


class TestWithoutStudy:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_is_the_body_assembled_without_it(self, seed: int) -> None:
        random, context = random_body(seed, k=5)
        whole = take_apart(random, context)
        for key in removable_studies(random):
            remaining = tuple(row for row in random.studies if row.study.key != key)
            parts = without_study(whole, key, context)
            assert parts is not None
            assert numbers_of(parts.body.pooled) == (None if random.pooled is None else pytest.approx(numbers_of(pool_studies(remaining))))
            assert [row.study.key for row in parts.body.studies] == [row.study.key for row in remaining]

    def test_agrees_with_a_rating_from_scratch(self) -> None:
        rows = [study(with_estimate(-12 + i, -20 + i, -4 + i), key=f"s{i}-2020", risk_of_bias=()) for i in range(4)]
        whole = take_apart(assemble_bodies(pair(*rows)).bodies[0], CONTEXT)
        fewer = assemble_bodies(pair(*rows[1:])).bodies[0]
        without = without_study(whole, "s0-2020", CONTEXT)
        assert without is not None
        assert level_of(without) == LEVEL_OF_CERTAINTY[rate_body(fewer, CONTEXT).certainty]

    def test_nothing_is_left_of_a_single_study(self) -> None:
        alone = pooled_body(-10, -15, -5)
        assert removable_studies(alone) == ()
        assert without_study(take_apart(alone, CONTEXT), alone.studies[0].study.key, CONTEXT) is None

    def test_only_studies_with_numbers_can_be_taken_from_a_pool(self) -> None:
        mixed = pooled_body(-10, -15, -5, k=2)
        with_direction = replace(mixed, studies=(*mixed.studies, direction_entry("zz-2020")))
        assert removable_studies(with_direction) == ("s0-2020", "s1-2020")

    def test_a_pool_of_one_cannot_lose_it_and_still_be_judged_alike(self) -> None:
        alone = pooled_body(-10, -15, -5)
        beside = replace(alone, studies=(*alone.studies, direction_entry("zz-2020")))
        assert removable_studies(beside) == ()
        assert without_study(take_apart(beside, CONTEXT), "s0-2020", CONTEXT) is None


class TestWithMidFactor:
    def test_moves_the_mid_and_the_information_size(self) -> None:
        parts = take_apart(pooled_body(-10, -15, -5, mid=10.0), CONTEXT)
        larger = with_mid_factor(parts, 1.5)
        assert larger.body.mid.value == 15.0
        assert larger.view is not None
        assert larger.view.mid == 15.0

    def test_changes_nothing_where_there_is_none(self) -> None:
        parts = take_apart(pooled_body(-10, -15, -5, mid=None), CONTEXT)
        assert with_mid_factor(parts, 0.5) is parts


class TestWithLowShare:
    def test_moves_one_cut_only(self) -> None:
        parts = take_apart(pooled_body(-10, -15, -5), CONTEXT)
        assert with_low_share(parts, 0.65).thresholds == replace(CURRENT, low_share_enough=0.65)


class TestLevelsOnGrid:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_is_the_level_of_the_parts_with_all_of_it_exchanged(self, seed: int) -> None:
        random, context = random_body(seed)
        parts = take_apart(random, context)
        cuts = (0.65, 0.75, 0.85)
        factors = (0.5, 1.0, 1.5, 30.0)
        exchanged = [[level_of(with_low_share(with_mid_factor(parts, factor), cut)) for cut in cuts] for factor in factors]
        assert levels_on_grid(parts, factors, [with_low_share(parts, cut).thresholds for cut in cuts]) == exchanged
        assert [level_at_mid(parts, factor) for factor in factors] == [level_of(with_mid_factor(parts, factor)) for factor in factors]


class TestWithStudyLevel:
    def test_moves_the_share_of_that_study(self) -> None:
        parts = take_apart(pooled_body(-10, -15, -5, k=4), CONTEXT)
        assert domain_levels(parts)[Domain.RISK_OF_BIAS] == 0
        judged = with_study_level(parts, "s1-2020", RiskOfBiasLevel.HIGH)
        assert (judged.shares.low, judged.shares.high) == (0.75, 0.25)
        assert domain_levels(judged)[Domain.RISK_OF_BIAS] == 1


class TestSubsetPools:
    def test_pools_each_set_once_and_takes_what_is_there(self) -> None:
        random, _ = random_body(3, k=5)
        assert random.pooled is not None
        asked: list[list[str]] = []

        def pool(studies: list[BodyStudy]) -> NotPooled:
            asked.append([row.study.key for row in studies])
            return NotPooled("not today")

        pools = SubsetPools(random, pool)
        keys = [row.study.key for row in random.studies]
        assert pools.of(keys) is random.pooled
        assert pools.of(keys[1:]) is dict(random.sensitivity.leave_one_out)[keys[0]]
        assert asked == []
        assert pools.of(keys[:2]) is pools.of(reversed(keys[:2])) is None
        assert asked == [keys[:2]]

    def test_pools_made_together_are_those_made_alone(self) -> None:
        random, _ = random_body(3, k=5)
        keys = [row.study.key for row in random.studies]
        together, alone = SubsetPools(random), SubsetPools(random)
        together.prepare([keys[:3], keys[2:], keys, []])
        assert together.of([]) is None
        for some in (keys[:3], keys[2:]):
            assert together.of(some) is together.of(some)
            assert numbers_of(together.of(some)) == pytest.approx(numbers_of(alone.of(some)), rel=1e-9)

    def test_a_body_of_directions_has_none(self) -> None:
        assert SubsetPools(body(direction_entry())).of(["first-2020"]) is None
