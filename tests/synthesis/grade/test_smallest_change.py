from dataclasses import replace

import pytest

from app.synthesis.body import Body
from app.synthesis.grade.certainty import CERTAINTY_OF_LEVEL, LEVEL_OF_CERTAINTY, rate_body
from app.synthesis.grade.level_parts import (
    LevelParts,
    level_of,
    removable_studies,
    take_apart,
    with_mid_factor,
    with_study_level,
    without_study,
)
from app.synthesis.grade.publication_bias import OverdueRegistration, PairContext
from app.synthesis.grade.smallest_change import Change, SmallestChanges, find_smallest_changes, more_participants
from app.vocabulary import Certainty, DesignLevel, RiskOfBiasLevel
from tests.synthesis.grade.bodies import body, direction_entry, entry, pooled_body, ratio_body
from tests.synthesis.grade.random_bodies import random_body

CONTEXT = PairContext((), 1000)
SEEDS = range(60)


def left_out_of(whole: LevelParts, context: PairContext) -> dict[str, LevelParts]:
    found = ((key, without_study(whole, key, context)) for key in removable_studies(whole.body))
    return {key: parts for key, parts in found if parts is not None}


def changes(of: Body, context: PairContext = CONTEXT) -> SmallestChanges:
    whole = take_apart(of, context)
    return find_smallest_changes(whole, left_out_of(whole, context), context)


def kind(rows: tuple[Change, ...], name: str) -> Change | None:
    found = [row for row in rows if row.kind == name]
    assert len(found) <= 1
    return found[0] if found else None


class TestParticipants:
    def test_an_effect_that_is_clear_lacks_only_people(self) -> None:
        # 140 people, SD 20 and MID 10: 400 are needed, and f of 0.5 is 200.
        found = kind(changes(pooled_body(-12, -20, -4, n=140, studies=(entry("s0-2020", -12, 4.08, n=140, sd=20.0),))).up, "participants")
        assert found is not None
        assert (found.amount, found.certainty) == (60, Certainty.HIGH)
        assert found.text == "60 people more at the same effect."

    def test_enough_people_move_the_limit_off_null(self) -> None:
        # 1000 people, CI -16 to 2: null is left behind when the half width 9 has shrunk to 7, at n = 1000 (9/7)^2 = 1653.06.
        clear = pooled_body(-7, -16, 2, studies=(entry("s0-2020", -7, 4.59, n=1000, sd=20.0),))
        found = kind(changes(clear).up, "participants")
        assert found is not None
        assert (found.amount, found.certainty) == (654, Certainty.HIGH)

    def test_four_hundred_people_with_a_direction(self) -> None:
        found = kind(changes(body(direction_entry("a-2020", n=200), direction_entry("b-2020", n=150))).up, "participants")
        assert found is None  # at most low in either case: 4 - 2 is low already

    @pytest.mark.parametrize("seed", SEEDS)
    def test_no_smaller_number_does_it(self, seed: int) -> None:
        random, context = random_body(seed)
        whole = take_apart(random, context)
        base, found = level_of(whole), changes(random, context)
        for rows, sign in ((found.up, 1), (found.down, -1)):
            change = kind(rows, "participants")
            amount = None if change is None else int(change.amount or 0)
            limit = 4000 if amount is None else amount
            steps = range(1, limit, max(1, limit // 400))
            assert all((level_of(more_participants(whole, extra)) - base) * sign <= 0 for extra in steps)
            if change is not None and amount is not None:
                assert CERTAINTY_OF_LEVEL[level_of(more_participants(whole, amount))] is change.certainty
                assert (level_of(more_participants(whole, amount - 1)) - base) * sign <= 0

    def test_events_grow_with_the_people(self) -> None:
        studies = (entry("s0-2020", 0.9, 0.2, n=400, events_treatment=80.0, events_control=40.0),)
        whole = take_apart(ratio_body(2.46, 1.66, 3.64, studies=studies), CONTEXT)
        more = more_participants(whole, 400)
        assert more.size is not None
        assert (more.size.n, more.size.events) == (800, 240.0)

    def test_nobody_known_nothing_to_say(self) -> None:
        unknown = pooled_body(-7, -16, 2, studies=(entry("s0-2020", -7, 4.59, n=0),))
        assert kind(changes(unknown).up, "participants") is None


class TestInterval:
    def test_tells_how_much_narrower_until_null_is_not_crossed(self) -> None:
        clear = pooled_body(-7, -16, 2, studies=(entry("s0-2020", -7, 4.59, n=1000, sd=20.0),))
        found = kind(changes(clear).up, "narrower-interval")
        assert found is not None
        assert found.amount == pytest.approx(7 / 9, rel=1e-5)
        assert found.certainty is Certainty.HIGH
        assert found.text == "A confidence interval 22.2% narrower around the same estimate."

    def test_a_wider_one_crosses_null(self) -> None:
        found = kind(changes(pooled_body(-7, -12, -2, studies=(entry("s0-2020", -7, 2.55, n=1000, sd=20.0),))).down, "wider-interval")
        assert found is not None
        assert found.amount == pytest.approx(7 / 5, rel=1e-5)


class TestMid:
    def test_a_smaller_mid_is_crossed_on_the_other_side(self) -> None:
        found = kind(changes(pooled_body(-10, -28, 8, n=5000)).down, "smaller-mid")
        assert found is not None
        assert found.amount == pytest.approx(8, rel=1e-5)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_no_nearer_one_does_it(self, seed: int) -> None:
        random, context = random_body(seed)
        if random.mid.value is None:
            return
        whole = take_apart(random, context)
        base, found = level_of(whole), changes(random, context)
        for rows, sign in ((found.up, 1), (found.down, -1)):
            change = kind(rows, "larger-mid")
            factor = 5.0 if change is None or change.amount is None else change.amount / random.mid.value
            for step in range(1, 100):
                nearer = 1 + (factor - 1) * step / 100
                assert (level_of(with_mid_factor(whole, nearer)) - base) * sign <= 0


class TestOneStudy:
    def test_a_study_judged_low_lifts_the_level(self) -> None:
        studies = (
            entry("a-2020", -10, 2.0, n=900),
            entry("b-2020", -10, 4.0, n=900, risk="some-concerns"),
            entry("c-2020", -10, 3.0, n=900, risk="some-concerns"),
        )
        found = kind(changes(pooled_body(-10, -13, -7, k=3, studies=studies, pool={"pi_low": -14.0, "pi_high": -6.0})).up, "risk-of-bias")
        assert found is not None
        assert (found.study, found.others, found.certainty) == ("c-2020", (), Certainty.HIGH)
        assert found.text == "Risk of bias of c-2020 judged as low instead of some concerns."

    def test_the_study_of_least_weight_stands_first(self) -> None:
        studies = tuple(entry(f"s{i}-2020", -10, se, n=900) for i, se in enumerate((2.0, 1.9, 2.1)))
        found = kind(changes(pooled_body(-10, -13, -7, k=3, studies=studies, pool={"pi_low": -14.0, "pi_high": -6.0})).down, "risk-of-bias")
        assert found is not None
        assert found.study == "s2-2020"
        assert found.others == ("s0-2020", "s1-2020")

    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_named_study_does_it_and_no_other(self, seed: int) -> None:
        random, context = random_body(seed)
        whole = take_apart(random, context)
        base = level_of(whole)
        step = {RiskOfBiasLevel.HIGH: RiskOfBiasLevel.SOME_CONCERNS, RiskOfBiasLevel.SOME_CONCERNS: RiskOfBiasLevel.LOW}
        could = {
            key
            for key, judged in whole.shares.levels.items()
            if judged.level in step and level_of(with_study_level(whole, key, step[judged.level])) > base
        }
        change = kind(changes(random, context).up, "risk-of-bias")
        assert could == (set() if change is None else {str(change.study), *change.others})

    def test_a_retraction_that_leaves_only_low_risk(self) -> None:
        low, high = entry("a-2020", -10, 2.0, n=900, sd=20.0), entry("b-2020", -11, 3.0, n=900, risk="high", sd=20.0)
        found = kind(
            changes(pooled_body(-10.3, -13, -7, k=2, studies=(low, high), pool={"q": 0.1, "q_df": 1, "q_p": 0.7})).up, "retraction"
        )
        assert found is not None
        assert (found.study, found.certainty) == ("b-2020", Certainty.HIGH)
        assert found.text == "b-2020 (risk of bias: high) retracted."

    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_retraction_is_what_the_rules_say_of_the_rest(self, seed: int) -> None:
        random, context = random_body(seed)
        whole = take_apart(random, context)
        change = kind(changes(random, context).down, "retraction")
        lower = {key for key, parts in left_out_of(whole, context).items() if level_of(parts) < level_of(whole)}
        assert lower == (set() if change is None else {str(change.study), *change.others})


class TestRegistrationReported:
    def test_one_report_lifts_the_suspicion(self) -> None:
        overdue = (OverdueRegistration("r1", None, "2020-01", 180), OverdueRegistration("r2", None, "2020-01", 40))
        found = kind(changes(pooled_body(-10, -14, -6, n=5000), PairContext(overdue, 1000)).up, "registration-reported")
        assert found is not None
        assert (found.study, found.others) == ("r2", ("r1",))

    def test_one_of_many_does_not(self) -> None:
        overdue = tuple(OverdueRegistration(f"r{i}", None, "2020-01", 400) for i in range(5))
        assert kind(changes(pooled_body(-10, -14, -6, n=5000), PairContext(overdue, 1000)).up, "registration-reported") is None


class TestFindSmallestChanges:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_up_is_up_and_down_is_down(self, seed: int) -> None:
        random, context = random_body(seed)
        base, found = LEVEL_OF_CERTAINTY[rate_body(random, context).certainty], changes(random, context)
        assert all(LEVEL_OF_CERTAINTY[row.certainty] > base for row in found.up)
        assert all(LEVEL_OF_CERTAINTY[row.certainty] < base for row in found.down)

    def test_nothing_lifts_what_has_no_comparison_group(self) -> None:
        uncontrolled = body(direction_entry("a-2020"), direction_entry("b-2020"), design_level=DesignLevel.UNCONTROLLED)
        assert changes(uncontrolled) == SmallestChanges((), ())

    def test_more_participants_touch_nothing_but_precision(self) -> None:
        whole = take_apart(pooled_body(-10, -14, -6, n=100), CONTEXT)
        more = more_participants(whole, 300)
        assert more.size is not None
        assert more.size.n == 400
        assert more.body.pooled is not None
        assert (more.body.pooled.ci_low, more.body.pooled.ci_high) == pytest.approx((-12, -8))
        assert more.shares is whole.shares
        assert replace(more.body, pooled=None) == replace(whole.body, pooled=None)
