"""Syntheses on request: properties that no reference value shows."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis.body import ArmInput
from app.synthesis.given_answer import synthesis_to_json
from app.synthesis.given_body import GivenQuestion, body_of
from app.synthesis.given_studies import GivenEffect, GivenStudy, effect_of
from app.synthesis.given_synthesis import GivenSynthesis, synthesise, unique_labels
from app.synthesis.pooling import pool
from app.synthesis.rated_body import RatedBody
from app.vocabulary import Better, Measure, RiskOfBiasLevel, SynthesisMeasure

EFFECTS = st.floats(-3, 3).map(lambda value: round(value, 3))
VARIANCES = st.floats(0.01, 2).map(lambda value: round(value, 3))
RISKS = st.sampled_from([None, *RiskOfBiasLevel])
STUDIES = st.lists(
    st.builds(lambda effect, variance, n, risk: (effect, variance, n, risk), EFFECTS, VARIANCES, st.integers(10, 900), RISKS),
    min_size=1,
    max_size=8,
)
QUESTION = GivenQuestion(SynthesisMeasure.SMD, Better.LOWER, mid=0.2)


def studies_of(rows: list[tuple[float, float, int, RiskOfBiasLevel | None]], factor: float = 1.0) -> tuple[GivenStudy, ...]:
    return tuple(
        GivenStudy(f"S{place}", effect=effect * factor, variance=variance * factor**2, n=n, risk_of_bias=risk)
        for place, (effect, variance, n, risk) in enumerate(rows)
    )


def rated(studies: tuple[GivenStudy, ...], question: GivenQuestion = QUESTION) -> RatedBody:
    found = synthesise(GivenSynthesis(studies, question)).rated
    assert isinstance(found, RatedBody)
    return found


class TestSynthesise:
    @given(STUDIES)
    def test_the_order_of_studies_does_not_matter(self, rows: list[tuple[float, float, int, RiskOfBiasLevel | None]]) -> None:
        studies = studies_of(rows)
        one, other = rated(studies), rated(studies[::-1])
        assert (one.certainty.certainty, one.finding, one.sentence) == (other.certainty.certainty, other.finding, other.sentence)

    @given(STUDIES)
    def test_turning_every_sign_and_better_leaves_the_level(self, rows: list[tuple[float, float, int, RiskOfBiasLevel | None]]) -> None:
        turned = rated(studies_of(rows, -1.0), replace(QUESTION, better=Better.HIGHER))
        assert (rated(studies_of(rows)).certainty.certainty, rated(studies_of(rows)).finding) == (
            turned.certainty.certainty,
            turned.finding,
        )

    @given(STUDIES)
    def test_another_unit_changes_nothing_but_units(self, rows: list[tuple[float, float, int, RiskOfBiasLevel | None]]) -> None:
        question = GivenQuestion(SynthesisMeasure.GEN, Better.LOWER, mid=0.5)
        one, other = rated(studies_of(rows), question), rated(studies_of(rows, 4.0), replace(question, mid=2.0))
        assert one.certainty.certainty == other.certainty.certainty
        assert one.body.pooled is not None
        assert other.body.pooled is not None
        assert other.body.pooled.estimate == pytest.approx(4 * one.body.pooled.estimate, rel=1e-9, abs=1e-12)

    def test_the_same_request_gives_the_same_bytes(self) -> None:
        asked = GivenSynthesis(studies_of([(0.1, 0.2, 30, None), (0.4, 0.1, 50, RiskOfBiasLevel.LOW)]), QUESTION)
        assert json.dumps(synthesis_to_json(synthesise(asked))) == json.dumps(synthesis_to_json(synthesise(asked)))


class TestUniqueLabels:
    def test_a_label_that_came_before_gets_a_number(self) -> None:
        assert unique_labels(["A", "B", "A", "A"]) == ["A", "B", "A (2)", "A (3)"]

    def test_a_number_that_somebody_gave_himself_is_passed_over(self) -> None:
        assert unique_labels(["A", "A", "A (2)"]) == ["A", "A (3)", "A (2)"]


class TestEffectOf:
    def test_a_given_effect_goes_before_the_arms(self) -> None:
        treatment, control = ArmInput(n=20, mean=1.0, sd=1.0), ArmInput(n=20, mean=2.0, sd=1.0)
        found = effect_of(GivenStudy("A", effect=-0.5, variance=0.04, treatment=treatment, control=control), SynthesisMeasure.MD)
        assert found == GivenEffect(-0.5, 0.04, "estimate")

    def test_a_standard_error_from_an_exact_p_is_that_of_a_t_test(self) -> None:
        found = effect_of(GivenStudy("A", effect=2.0, p=0.05, treatment=ArmInput(n=20), control=ArmInput(n=20)), SynthesisMeasure.MD)
        assert isinstance(found, GivenEffect)
        assert math.sqrt(found.variance) == pytest.approx(2.0 / 2.0243941645751367)  # t.975 with 38 df


class TestBodyOf:
    def test_it_is_pooled_and_rated_as_any_other_body(self) -> None:
        study = GivenStudy("A", effect=-0.5, variance=0.04, n=100)
        pooled = pool([-0.5], [0.04])
        body = body_of(QUESTION, [("A", study, GivenEffect(-0.5, 0.04, "estimate"))], pooled)  # type: ignore[arg-type]
        assert (body.measure, body.k, body.n, body.mid.value) == (Measure.SMD, 1, 100, 0.2)  # type: ignore[union-attr]

    def test_a_mid_far_below_the_spread_is_not_taken_for_meant(self) -> None:
        studies = studies_of([(0.1, 0.2, 30, None)])
        answer = synthesis_to_json(synthesise(GivenSynthesis(studies, replace(QUESTION, mid=1e-9))))
        assert answer["certainty"] is None
        assert "not-rated: the minimal important difference is too small or too large to be meant." in answer["warnings"]  # type: ignore[operator]
