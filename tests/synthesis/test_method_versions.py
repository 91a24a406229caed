"""Computing under another version of the method uses its numbers everywhere, not in the judges alone."""

from typing import Any

import pytest

from app.synthesis.body import PairInput, RiskOfBiasInput
from app.synthesis.diagnostics import diagnose
from app.synthesis.explanation import explain_body, explain_rating
from app.synthesis.grade.thresholds import THRESHOLDS_OF_METHOD, Thresholds, thresholds_of
from app.synthesis.rating import PairRating, body_to_json, rate_many, rate_one_body, rate_pair
from app.vocabulary import RiskOfBiasTool
from tests.synthesis.factories import pair, study, with_estimate, with_means

SECOND = "certainty/2.0.0"
BODY = "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"


@pytest.fixture(autouse=True)
def second_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """A version under which a PEDro score of 6 is high risk of bias, and a small difference is 0.5 SD."""
    monkeypatch.setitem(THRESHOLDS_OF_METHOD, SECOND, Thresholds(pedro_some_concerns_from=7.0, conventional_mid_in_sd=0.5))


def scored(*scores: float) -> PairInput:
    return pair(
        *(
            study(
                with_estimate(-12 + 2 * i, -18 + 2 * i, -6 + 2 * i),
                key=f"s{i}-20",
                risk_of_bias=(RiskOfBiasInput(RiskOfBiasTool.PEDRO, None, score=score),),
            )
            for i, score in enumerate(scores)
        )
    )


def served(rating: PairRating) -> Any:
    return body_to_json(rating.bodies[0])


class TestAnotherCutOfPedro:
    GIVEN = scored(8.0, 6.0, 8.0, 6.0)

    def test_every_place_that_shows_the_level_agrees(self) -> None:
        body = served(rate_pair(self.GIVEN, SECOND))
        domain = {row["study"]: row["judgement"] for row in body["domains"]["risk-of-bias"]["studies"]}
        shown = {row["study"]: row["risk_of_bias"]["level"] for row in body["studies"]}
        assert shown == domain == {"s0-20": "low", "s1-20": "high", "s2-20": "low", "s3-20": "high"}
        assert body["domains"]["risk-of-bias"]["inputs"]["share_high"] == pytest.approx(0.5)
        assert body["sensitivity"]["without_high_risk"]["k"] == 2
        assert body["domains"]["risk-of-bias"]["inputs"]["without_high_risk"]["k"] == 2

    def test_under_the_first_version_none_is_high(self) -> None:
        body = served(rate_pair(self.GIVEN))
        assert {row["risk_of_bias"]["level"] for row in body["studies"]} == {"low", "some-concerns"}
        assert body["sensitivity"]["without_high_risk"] is None

    def test_the_explanation_follows(self) -> None:
        rating, found = rate_pair(self.GIVEN, SECOND), explain_body(self.GIVEN, BODY, SECOND)
        assert found is not None
        whole: Any = found
        assert whole["method"] == SECOND
        assert whole["certainty"] == rating.bodies[0].certainty.certainty.value
        assert whole["appraisal"]["domains"]["risk-of-bias"]["computed_levels"] == served(rating)["domains"]["risk-of-bias"]["levels"]
        assert whole["smallest_change"]["levels_taken"]["risk-of-bias"] == served(rating)["domains"]["risk-of-bias"]["levels"]
        of_rating: Any = explain_rating(self.GIVEN, SECOND)
        assert of_rating["bodies"] == {BODY: whole}
        assert of_rating["certainty"] == rating.certainty.value

    def test_the_diagnostics_follow(self) -> None:
        body = rate_pair(self.GIVEN, SECOND).bodies[0]
        found: Any = diagnose(body.body, body.thresholds)
        assert [level["name"] for level in found["subgroups"]["risk_of_bias"]["levels"]] == ["high", "low"]

    def test_one_body_alone_and_many_pairs_together_agree(self) -> None:
        alone = rate_one_body(self.GIVEN, BODY, SECOND)
        assert alone is not None
        first, second = rate_many([self.GIVEN, scored(6.0, 6.0)], SECOND)
        headline = served(first) | {"in_headline": False}
        assert body_to_json(alone[0]) == headline
        assert {row["risk_of_bias"]["level"] for row in served(second)["studies"]} == {"high"}


class TestAnotherSmallDifference:
    def test_moves_the_mid_and_what_is_still_needed(self) -> None:
        rows = [with_means(40, 20, 60, 50, 20, 60, instrument=name) for name in ("pain-vas-100", "mcgill-pain")]
        given = pair(*(study(row, key=f"s{i}-20") for i, row in enumerate(rows)))
        first, second = served(rate_pair(given)), served(rate_pair(given, SECOND))
        assert (first["mid"]["value"], second["mid"]["value"]) == (0.2, thresholds_of(SECOND).conventional_mid_in_sd)
        assert (first["participants_still_needed"]["f_1_0"], second["participants_still_needed"]["f_1_0"]) == (545, 0)
        assert second["participants_still_needed"] == second["domains"]["imprecision"]["inputs"]["participants_still_needed"]
