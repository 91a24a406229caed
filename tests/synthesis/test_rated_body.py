import math
from typing import Any

import pytest

from app.synthesis.body import Body, PassedOver, Sensitivity
from app.synthesis.findings import find_body_finding
from app.synthesis.grade.certainty import rate_body
from app.synthesis.grade.publication_bias import PairContext
from app.synthesis.rated_body import RatedBody, body_to_json, effect_unit, summary_row
from app.vocabulary import DesignLevel, Measure, MidStanding
from tests.synthesis.grade.bodies import body, direction_entry, entry, pooled, pooled_body, ratio_body


def rated(given: Body) -> RatedBody:
    return RatedBody(given, rate_body(given, PairContext((), 1000)), find_body_finding(given), "A sentence.")


def in_full(given: Body) -> dict[str, Any]:
    return body_to_json(rated(given))


class TestSummaryRow:
    def test_nothing_pooled_has_no_effect(self) -> None:
        row = summary_row(rated(body(direction_entry("a", 1), direction_entry("b", -1, n=0))))
        assert (row["effect"], row["measure"], row["instrument"]) == (None, None, None)
        assert row["n_is_estimated"] is True
        assert row["directions"] == {"favours_intervention": 1, "favours_comparator": 1, "null": 0}

    @pytest.mark.parametrize(("estimate", "favours"), [(-5.0, "intervention"), (5.0, "comparator"), (0.0, "neither")])
    def test_says_whom_the_effect_favours(self, estimate: float, favours: str) -> None:
        row: dict[str, Any] = summary_row(rated(pooled_body(estimate, estimate - 9, estimate + 9)))
        assert row["effect"]["favours"] == favours

    def test_domains_are_short(self) -> None:
        row: dict[str, Any] = summary_row(rated(pooled_body(-5.0, -9.0, -1.0)))
        assert set(row["domains"]["imprecision"]) == {"levels", "concern", "reason"}


class TestEffectUnit:
    def test_by_measure(self) -> None:
        smd = pooled_body(-0.4, -0.8, 0.0, measure=Measure.SMD, mid=0.2, standing=MidStanding.CONVENTION)
        assert [effect_unit(given) for given in (pooled_body(-5.0, -9.0, -1.0), smd, ratio_body(0.7, 0.5, 0.9))] == ["mm", "SD", "ratio"]
        assert effect_unit(body(direction_entry())) is None


class TestBodyToJson:
    def test_every_part_is_there(self) -> None:
        sensitivity = Sensitivity(
            common_effect=pooled(k=2),
            leave_one_out=(("a", pooled()), ("b", pooled())),
            cumulative=((2019, "a", pooled()), (None, "b", pooled(k=2))),
        )
        given = body(
            entry("a"),
            entry("b"),
            direction_entry("c"),
            effect=pooled(k=2, q=0.0, q_df=1, q_p=1.0),
            sensitivity=sensitivity,
            not_usable_n=30,
            passed_over=(PassedOver("d", 1, "time", "Nearer."),),
            not_usable=(PassedOver("e", None, "not-usable", "Unclear."),),
            warnings=("w",),
        )
        document = in_full(given)
        assert document["passed_over"] == [{"study": "d", "position": 1, "rule": "time", "reason": "Nearer."}]
        assert document["not_usable"] == [{"study": "e", "position": None, "rule": "not-usable", "reason": "Unclear."}]
        assert [row["left_out"] for row in document["sensitivity"]["leave_one_out"]] == ["a", "b"]
        assert [(row["year"], row["added"]) for row in document["sensitivity"]["cumulative"]] == [(2019, "a"), (None, "b")]
        assert document["sensitivity"]["dersimonian_laird"] is None
        assert [row["weight"] for row in document["studies"]] == [0.5, 0.5, None]
        assert (document["not_usable_n"], document["warnings"], document["not_pooled"]) == (30, ["w"], None)
        assert document["mid"] == {"value": 10.0, "source": "a review", "standing": "provisional"}
        assert document["participants_still_needed"] == {"f_0_5": 293, "f_1_0": 685}

    def test_nothing_pooled_has_no_weights_and_says_why(self) -> None:
        document = in_full(body(direction_entry("a")))
        assert [row["weight"] for row in document["studies"]] == [None]
        assert (document["pooled"], document["not_pooled"]) == (None, "no numbers")
        assert document["direction_of_effect"]["can_reach_significance"] is False

    def test_upgrades_are_listed(self) -> None:
        events: dict[str, Any] = {"events_treatment": 400.0, "events_control": 200.0, "n_treatment": 450, "n_control": 450}
        studies = tuple(entry(f"s{i}", math.log(7), 0.1, n=900, **events) for i in range(2))
        given = ratio_body(7, 6, 8, k=2, studies=studies, design_level=DesignLevel.NON_RANDOMISED_CONTROLLED, pool={"q": 0.0, "q_df": 1})
        document = in_full(given)
        assert [(row["levels"], row["rule"]) for row in document["upgrades"]] == [(2, "upgrade/very-large-effect")]
        assert (document["start"]["certainty"], document["certainty"], document["levels_total"]) == ("low", "high", 0)

    def test_a_pool_that_does_not_rest_on_the_listed_studies_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="zip"):
            in_full(body(entry("a"), effect=pooled(k=2, q=0.0, q_df=1)))
