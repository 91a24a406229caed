"""Properties that must always hold, whatever the studies (method, section 9)."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.synthesis.body import (
    ArmInput,
    EstimateInput,
    InstrumentInput,
    OutcomeInput,
    PairInput,
    RegistrationInput,
    ResultInput,
    RiskOfBiasInput,
    StudyInput,
)
from app.synthesis.grade.certainty import levels_taken
from app.synthesis.grade.risk_of_bias import threshold_levels
from app.synthesis.rating import PairRating, inputs_hash, rate_pair, to_json
from app.vocabulary import (
    Better,
    Certainty,
    Comparator,
    Design,
    Importance,
    Measure,
    MidStanding,
    PublicationStatus,
    ResultDirection,
    RiskOfBiasJudgement,
    RiskOfBiasLevel,
    RiskOfBiasTool,
)
from tests.synthesis.factories import CONDITION, pair, study

EXAMPLES = settings(max_examples=40, deadline=None)
OUTCOMES = tuple(
    OutcomeInput(
        slug, slug.title(), better, importance,
        (InstrumentInput(f"{slug}-scale", f"{slug} scale", "points", mid=mid, mid_standing=MidStanding.PROVISIONAL),),
    )
    for slug, better, importance, mid in [
        ("pain", Better.LOWER, Importance.CRITICAL, 8.0),
        ("function", Better.HIGHER, Importance.CRITICAL, 4.0),
        ("mood", Better.LOWER, Importance.IMPORTANT, None),
    ]
)  # fmt: skip


@st.composite
def rows(draw: st.DrawFn) -> ResultInput:
    """A continuous result: means, an estimate with limits, a direction, or nothing usable."""
    outcome = draw(st.sampled_from(OUTCOMES))
    size = draw(st.integers(5, 200))
    members: dict[str, Any] = {
        "treatment": ArmInput(n=size),
        "control": ArmInput(n=size),
        "direction": draw(st.sampled_from(ResultDirection)),
    }
    value = draw(st.integers(-400, 400)) / 10
    form = draw(st.sampled_from(["means", "estimate", "direction"]))
    if form == "means":
        sd = draw(st.integers(10, 400)) / 10
        members |= {"treatment": ArmInput(n=size, mean=50 + value, sd=sd), "control": ArmInput(n=size, mean=50.0, sd=sd)}
    if form == "estimate":
        half = draw(st.integers(2, 300)) / 10
        members["estimate"] = EstimateInput(Measure.MD, value, value - half, value + half)
    return ResultInput(
        position=0, condition=CONDITION, outcome=outcome.slug, instrument=outcome.instruments[0].slug,
        comparator=draw(st.sampled_from([Comparator.SHAM, Comparator.SHAM, Comparator.USUAL_CARE, Comparator.ACTIVE])),
        timepoint_weeks=8.0, since_end_of_treatment_weeks=draw(st.sampled_from([0.0, 2.0, 12.0])), **members,
    )  # fmt: skip


@st.composite
def counts(draw: st.DrawFn) -> ResultInput:
    """A binary result by its counts; double zeros occur."""
    size = draw(st.integers(5, 200))
    treatment, control = (ArmInput(n=size, events=draw(st.integers(0, size))) for _ in range(2))
    return ResultInput(
        position=0, condition=CONDITION, outcome="pain", instrument="pain-event", comparator=Comparator.SHAM,
        direction=draw(st.sampled_from(ResultDirection)), since_end_of_treatment_weeks=0.0, treatment=treatment, control=control,
    )  # fmt: skip


@st.composite
def changes(draw: st.DrawFn) -> ResultInput:
    """A change within one group."""
    row = draw(rows())
    return replace(row, within_group=True, comparator=Comparator.NONE, control=ArmInput())


EVERYTHING = st.one_of(rows(), rows(), counts(), changes())


@st.composite
def study_lists(draw: st.DrawFn, largest: int = 7, results: st.SearchStrategy[ResultInput] = EVERYTHING) -> list[StudyInput]:
    found = []
    for number in range(draw(st.integers(1, largest))):
        level = draw(st.sampled_from(["low", "some-concerns", "high"]))
        found.append(
            study(
                *draw(st.lists(results, min_size=1, max_size=3)),
                key=f"study-{number}",
                year=draw(st.integers(2000, 2025)),
                design=draw(st.sampled_from([Design.RANDOMISED_TRIAL, Design.RANDOMISED_TRIAL, Design.NON_RANDOMISED_CONTROLLED])),
                risk_of_bias=(RiskOfBiasInput(RiskOfBiasTool.ROB_2, RiskOfBiasJudgement(level)),),
            )
        )
    return found


def question(studies: list[StudyInput], **members: Any) -> PairInput:
    return pair(*studies, **({"outcomes": OUTCOMES} | members))


def levels(rating: PairRating) -> dict[str, tuple[object, ...]]:
    """What must not change: finding, certainty and levels of every body."""
    return {
        row.body.id: (row.finding, row.certainty.certainty, row.in_headline, *(judged.levels for judged in row.certainty.judgements))
        for row in rating.bodies
    }


def transform(studies: list[StudyInput], factor: float) -> list[StudyInput]:
    """Every score times `factor`; a negative one swaps the limits."""
    return [replace(each, results=tuple(_scaled(row, factor) for row in each.results)) for each in studies]


def _scaled(row: ResultInput, factor: float) -> ResultInput:
    estimate = row.estimate
    if estimate is not None and estimate.value is not None and estimate.ci_low is not None and estimate.ci_high is not None:
        limits = sorted((estimate.ci_low * factor, estimate.ci_high * factor))
        estimate = replace(estimate, value=estimate.value * factor, ci_low=limits[0], ci_high=limits[1])
    return replace(row, estimate=estimate, treatment=_scaled_arm(row.treatment, factor), control=_scaled_arm(row.control, factor))


def _scaled_arm(arm: ArmInput, factor: float) -> ArmInput:
    return arm if arm.mean is None or arm.sd is None else replace(arm, mean=arm.mean * factor, sd=arm.sd * abs(factor))


def rescaled_outcomes(factor: float) -> tuple[OutcomeInput, ...]:
    return tuple(
        replace(each, instruments=tuple(replace(one, mid=None if one.mid is None else one.mid * factor) for one in each.instruments))
        for each in OUTCOMES
    )


class TestOrder:
    @EXAMPLES
    @given(studies=study_lists(), data=st.data())
    def test_order_of_studies_and_rows_does_not_matter(self, studies: list[StudyInput], data: st.DataObject) -> None:
        shuffled = [replace(each, results=tuple(data.draw(st.permutations(each.results)))) for each in data.draw(st.permutations(studies))]
        one, other = rate_pair(question(studies)), rate_pair(question(shuffled))
        assert json.dumps(to_json(one)) == json.dumps(to_json(other))
        assert inputs_hash(question(studies)) == inputs_hash(question(shuffled))


class TestSign:
    @EXAMPLES
    @given(studies=study_lists(results=rows()))
    def test_turning_every_sign_and_better_leaves_the_level(self, studies: list[StudyInput]) -> None:
        other_way = {Better.LOWER: Better.HIGHER, Better.HIGHER: Better.LOWER}
        turned = tuple(replace(each, better=other_way[each.better]) for each in OUTCOMES)
        one, other = rate_pair(question(studies)), rate_pair(question(transform(studies, -1.0), outcomes=turned))
        assert levels(one) == levels(other)
        assert (one.certainty, one.direction) == (other.certainty, other.direction)


class TestScale:
    @EXAMPLES
    @given(studies=study_lists(results=rows()), factor=st.sampled_from([0.01, 0.1, 1 / 3, 2.54, 7.0, 1000.0]))
    def test_rescaling_with_its_mid_changes_nothing_but_units(self, studies: list[StudyInput], factor: float) -> None:
        one = rate_pair(question(studies))
        other = rate_pair(question(transform(studies, factor), outcomes=rescaled_outcomes(factor)))
        assert levels(one) == levels(other)
        assert (one.certainty, one.direction) == (other.certainty, other.direction)
        for before, after in zip(one.bodies, other.bodies, strict=True):
            if before.body.pooled is not None and after.body.pooled is not None:
                assert after.body.pooled.estimate == pytest.approx(before.body.pooled.estimate * factor, rel=1e-7, abs=1e-7 * factor)


class TestHighRiskStudies:
    @EXAMPLES
    @given(
        weights=st.lists(st.tuples(st.floats(0.01, 100), st.sampled_from(RiskOfBiasLevel)), min_size=1, max_size=12),
        added=st.floats(0.01, 100),
    )
    def test_adding_one_never_improves_the_threshold_part(self, weights: list[tuple[float, RiskOfBiasLevel]], added: float) -> None:
        def taken(rows: list[tuple[float, RiskOfBiasLevel]]) -> int:
            total = math.fsum(weight for weight, _ in rows)
            low, high = (
                math.fsum(weight for weight, level in rows if level is wanted) / total
                for wanted in (RiskOfBiasLevel.LOW, RiskOfBiasLevel.HIGH)
            )
            return threshold_levels(low, high)[0]

        assert taken([*weights, (added, RiskOfBiasLevel.HIGH)]) >= taken(weights)


class TestRetraction:
    @EXAMPLES
    @given(studies=study_lists(), data=st.data())
    def test_retracting_and_adding_back_gives_the_same_rating(self, studies: list[StudyInput], data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(studies) - 1))
        retracted = [*studies]
        retracted[number] = replace(studies[number], publication_status=PublicationStatus.RETRACTED)
        before, between = rate_pair(question(studies)), rate_pair(question(retracted))
        back = [each for each in retracted if each.key != studies[number].key] + [studies[number]]
        after = rate_pair(question(back))
        assert json.dumps(to_json(before)) == json.dumps(to_json(after))
        assert levels(between) == levels(rate_pair(question([each for each in studies if each.key != studies[number].key])))


class TestFromScratch:
    @EXAMPLES
    @given(studies=study_lists())
    def test_a_rating_depends_on_nothing_but_its_input(self, studies: list[StudyInput]) -> None:
        kept = None
        for end in range(1, len(studies) + 1):
            kept = rate_pair(question(studies[:end]))
        assert kept == rate_pair(question(studies))


class TestOneStudy:
    @EXAMPLES
    @given(value=st.integers(-300, 300), below=st.integers(1, 300), above=st.integers(1, 300))
    def test_pooled_is_the_study_with_its_printed_limits(self, value: int, below: int, above: int) -> None:
        estimate = EstimateInput(Measure.MD, value / 10, (value - below) / 10, (value + above) / 10)
        row = ResultInput(0, CONDITION, "pain", "pain-scale", Comparator.SHAM, ResultDirection.UNCLEAR, 8.0, 0.0, estimate=estimate)
        pooled = rate_pair(question([study(row)])).bodies[0].body.pooled
        assert pooled is not None
        assert (pooled.k, pooled.estimate, pooled.ci_low, pooled.ci_high) == (1, estimate.value, estimate.ci_low, estimate.ci_high)


class TestUnusableResults:
    @EXAMPLES
    @given(studies=study_lists(), outcome=st.sampled_from(OUTCOMES), sham=st.booleans())
    def test_one_changes_no_number(self, studies: list[StudyInput], outcome: OutcomeInput, sham: bool) -> None:
        unusable = ResultInput(
            position=90, condition=CONDITION, outcome=outcome.slug, instrument=outcome.instruments[0].slug,
            comparator=Comparator.SHAM if sham else Comparator.ACTIVE, direction=ResultDirection.UNCLEAR, since_end_of_treatment_weeks=0.0,
        )  # fmt: skip
        more = [replace(studies[0], results=(*studies[0].results, unusable)), *studies[1:], study(unusable, key="unusable-alone")]
        one, other = rate_pair(question(studies)), rate_pair(question(more))
        assert levels(one) == levels(other)
        assert (one.certainty, one.direction) == (other.certainty, other.direction)
        assert [(row.body.k, row.body.n, row.body.pooled) for row in one.bodies] == [
            (row.body.k, row.body.n, row.body.pooled) for row in other.bodies
        ]
        if one.bodies:
            assert one.sentence == other.sentence


class TestBounds:
    @EXAMPLES
    @given(studies=study_lists(), n=st.integers(0, 500))
    def test_levels_stay_within_the_method(self, studies: list[StudyInput], n: int) -> None:
        rating = rate_pair(question(studies, registrations=(RegistrationInput("r", None, "2015-01", n),)))
        json.dumps(to_json(rating), allow_nan=False)
        for row in rating.bodies:
            assert all(0 <= judged.levels <= 3 for judged in row.certainty.judgements)
            assert row.certainty.levels_taken == levels_taken(row.certainty.judgements)
            assert row.body.pooled is not None or row.certainty.certainty in (Certainty.LOW, Certainty.VERY_LOW)
            assert row.certainty.certainty is not Certainty.NO_EVIDENCE
        assert rating.certainty is not Certainty.NO_EVIDENCE
