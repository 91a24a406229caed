"""Properties that must always hold (method, section 9), over generated pairs."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.synthesis.assembly import assemble_bodies
from app.synthesis.body import ArmInput, InstrumentInput, LinearGroup, OutcomeInput, PairInput, ResultInput, StudyInput
from app.vocabulary import AnalysedScore, Better, Comparator, Design, Importance, Measure, ResultDirection
from tests.synthesis.factories import (
    EVENT,
    MCGILL,
    PAIN,
    QUALITY_OF_LIFE,
    VAS,
    direction_only,
    estimate,
    pair,
    result,
    study,
    with_estimate,
    with_events,
    with_means,
    within_group,
)

COMPARATORS = st.sampled_from([Comparator.SHAM, Comparator.USUAL_CARE, Comparator.WAIT_LIST, Comparator.NONE, Comparator.MIXED])
DIRECTIONS = st.sampled_from(list(ResultDirection))
ANALYSES = st.sampled_from(list(AnalysedScore))
SINCE = st.sampled_from([None, -1.0, 0.0, 2.0, 12.0])
TIMEPOINTS = st.sampled_from([None, 4.0, 8.0, 20.0])
SIZES = st.integers(4, 60)
VALUES = st.integers(-30, 30).map(float)
CONTINUOUS = st.sampled_from([VAS.slug, MCGILL.slug])


def _shape(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "comparator": draw(COMPARATORS),
        "direction": draw(DIRECTIONS),
        "analysis": draw(ANALYSES),
        "since_end_of_treatment_weeks": draw(SINCE),
        "timepoint_weeks": draw(TIMEPOINTS),
    }


@st.composite
def rows(draw: st.DrawFn) -> ResultInput:
    shape, value = _shape(draw), draw(VALUES)
    kind = draw(st.sampled_from(["direction", "interval", "p", "means", "events", "within"]))
    if kind == "interval":
        half = draw(st.integers(1, 20))
        return with_estimate(value, value - half, value + half, instrument=draw(CONTINUOUS), **shape)
    if kind == "p":
        printed = estimate(value, p=draw(st.sampled_from([0.0, 0.01, 0.2])), p_is_upper_bound=draw(st.booleans()))
        return result(instrument=draw(CONTINUOUS), estimate=printed, **shape)
    if kind == "means":
        sd = float(draw(st.integers(5, 20)))
        return with_means(value, sd, draw(SIZES), 0.0, sd + 1, draw(SIZES), instrument=draw(CONTINUOUS), **shape)
    if kind == "events":
        return with_events(draw(st.integers(0, 4)), draw(SIZES), draw(st.integers(0, 4)), draw(SIZES), **shape)
    return within_group(**(shape | {"comparator": Comparator.NONE})) if kind == "within" else direction_only(**shape)


@st.composite
def studies(draw: st.DrawFn, key: str) -> StudyInput:
    drawn = draw(st.lists(rows(), min_size=1, max_size=4))
    designs = [Design.RANDOMISED_TRIAL, Design.RANDOMISED_CROSSOVER, Design.CLUSTER_RANDOMISED, Design.NON_RANDOMISED_CONTROLLED]
    return study(
        *drawn,
        key=key,
        design=draw(st.sampled_from(designs)),
        year=draw(st.sampled_from([None, 2010, 2020])),
        n_randomised=draw(st.sampled_from([None, 30, 90])),
        cluster_size=draw(st.sampled_from([None, 5.0])),
    )


@st.composite
def pairs(draw: st.DrawFn) -> PairInput:
    drawn = [draw(studies(key)) for key in ("a", "b", "c", "d")[: draw(st.integers(1, 4))]]
    return pair(*drawn, shared_participants=draw(st.sampled_from([(), (("a", "b"),), (("b", "c", "d"),)])))


def scaled(number: float | None, factor: float) -> float | None:
    return None if number is None else number * factor


def scaled_arm(side: ArmInput, factor: float) -> ArmInput:
    return replace(side, mean=scaled(side.mean, factor), sd=scaled(side.sd, abs(factor)))


def rescaled(row: ResultInput, factor: float) -> ResultInput:
    """The same result with every score multiplied; counts and p values stay. A negative factor swaps the limits."""
    printed = row.estimate
    if printed is not None:
        limits = (scaled(printed.ci_low, factor), scaled(printed.ci_high, factor))
        low, high = limits if factor > 0 else limits[::-1]
        printed = replace(printed, value=scaled(printed.value, factor), ci_low=low, ci_high=high)
    return replace(row, estimate=printed, treatment=scaled_arm(row.treatment, factor), control=scaled_arm(row.control, factor))


def rescale_pair(given_pair: PairInput, factor: float) -> PairInput:
    """Every continuous instrument in other units, its MID alike."""
    instruments = tuple(
        each if each.unit == "people" else replace(each, mid=None if each.mid is None else each.mid * factor) for each in PAIN.instruments
    )
    return replace(
        given_pair,
        studies=tuple(replace(each, results=tuple(rescaled(row, factor) for row in each.results)) for each in given_pair.studies),
        outcomes=(replace(PAIN, instruments=instruments), QUALITY_OF_LIFE),
    )


def without_binary(given_pair: PairInput) -> PairInput:
    kept = (replace(each, results=tuple(row for row in each.results if row.instrument != EVENT.slug)) for each in given_pair.studies)
    return replace(given_pair, studies=tuple(kept))


SHAPES = st.composite(_shape)()


class TestProperties:
    @given(pairs(), st.randoms(use_true_random=False))
    @settings(max_examples=60, deadline=None)
    def test_the_order_of_studies_does_not_matter(self, given_pair: PairInput, random: Any) -> None:
        shuffled = list(given_pair.studies)
        random.shuffle(shuffled)
        assert assemble_bodies(replace(given_pair, studies=tuple(shuffled))) == assemble_bodies(given_pair)

    @given(pairs(), SHAPES, st.sampled_from(["a", "new"]))
    @settings(max_examples=60, deadline=None)
    def test_a_result_that_is_not_usable_changes_no_number(self, given_pair: PairInput, shape: dict[str, Any], key: str) -> None:
        unusable = direction_only(**(shape | {"direction": ResultDirection.UNCLEAR}), position=99)
        others = [each for each in given_pair.studies if each.key != key]
        host = next((each for each in given_pair.studies if each.key == key), study(key=key))
        more = replace(given_pair, studies=(*others, replace(host, results=(*host.results, unusable))))
        before, after = assemble_bodies(given_pair).bodies, assemble_bodies(more).bodies
        blank: dict[str, Any] = {"not_usable": (), "not_usable_n": 0, "studies": (), "warnings": ()}
        assert [replace(body, **blank) for body in after] == [replace(body, **blank) for body in before]
        for old, new in zip(before, after, strict=True):
            assert [(s.study.key, s.result, s.effect, s.se, s.n) for s in new.studies] == [
                (s.study.key, s.result, s.effect, s.se, s.n) for s in old.studies
            ]

    @given(pairs(), st.sampled_from([0.125, 10.0, 60.0]))
    @settings(max_examples=60, deadline=None)
    def test_other_units_change_nothing_but_units(self, given_pair: PairInput, factor: float) -> None:
        for old, new in zip(assemble_bodies(given_pair).bodies, assemble_bodies(rescale_pair(given_pair, factor)).bodies, strict=True):
            by = factor if old.measure is Measure.MD else 1.0
            assert (new.id, new.measure, new.design_level, new.directions) == (old.id, old.measure, old.design_level, old.directions)
            assert (new.pooled is None) is (old.pooled is None)
            if old.pooled is not None and new.pooled is not None:
                assert new.pooled.estimate == pytest.approx(by * old.pooled.estimate, rel=1e-9, abs=1e-9 * by)
                assert new.pooled.se == pytest.approx(by * old.pooled.se, rel=1e-9)
            if old.mid.value is not None:
                assert new.mid.value == pytest.approx(by * old.mid.value)

    @given(pairs())
    @settings(max_examples=60, deadline=None)
    def test_turning_every_sign_and_better_mirrors(self, given_pair: PairInput) -> None:
        plain = without_binary(given_pair)
        turned = replace(
            plain,
            studies=tuple(replace(each, results=tuple(rescaled(row, -1.0) for row in each.results)) for each in plain.studies),
            outcomes=(replace(PAIN, better=Better.HIGHER), QUALITY_OF_LIFE),
        )
        for old, new in zip(assemble_bodies(plain).bodies, assemble_bodies(turned).bodies, strict=True):
            assert (new.id, new.directions, new.warnings, new.mid) == (old.id, old.directions, old.warnings, old.mid)
            if old.pooled is not None and new.pooled is not None:
                assert new.pooled.estimate == pytest.approx(-old.pooled.estimate, rel=1e-9, abs=1e-9)
                assert (new.pooled.ci_low, new.pooled.ci_high) == pytest.approx(
                    (-old.pooled.ci_high, -old.pooled.ci_low), rel=1e-9, abs=1e-9
                )

    def test_crying_in_hours_and_in_minutes_is_one_thing(self) -> None:
        hours = InstrumentInput("hours", "Crying, hours a day", unit="hours", mid=0.5, linear_group=LinearGroup("crying", 60.0))
        minutes = InstrumentInput("minutes", "Crying, minutes a day", unit="minutes", mid=30.0, linear_group=LinearGroup("crying", 1.0))
        outcome = OutcomeInput("crying", "Crying", Better.LOWER, Importance.CRITICAL, (minutes, hours))
        row = with_estimate(-3.0, -4.0, -2.0, outcome="crying", instrument="hours")
        other = with_estimate(-60.0, -90.0, -30.0, outcome="crying", instrument="minutes")
        (found,) = assemble_bodies(pair(study(row, key="a"), study(other, key="b"), outcomes=(outcome,))).bodies
        assert ([entry.effect for entry in found.studies], found.mid.value) == ([-180.0, -60.0], 30.0)
