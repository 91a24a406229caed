import json
from dataclasses import replace
from datetime import date

import pytest

from app.synthesis.body import Body
from app.synthesis.grade.appraisal import Appraisal, AppraisedCertainty, appraisal_to_json, appraise, why_refused
from app.synthesis.grade.certainty import rate_body
from app.synthesis.grade.publication_bias import PairContext
from app.vocabulary import Certainty, Concern, DesignLevel, Domain
from tests.synthesis.grade.bodies import body, direction_entry, entry, pooled_body, ratio_body

CONTEXT = PairContext((), 1000)
CLEAR = pooled_body(-12, -14, -10, n=5000)
DAY = date(2026, 3, 1)


def appraisal(domain: Domain = Domain.INDIRECTNESS, levels: int = 1, **members: object) -> Appraisal:
    least = {"rationale": "Only hospital patients were studied.", "author": "A. Curator", "made_on": DAY}
    return Appraisal(domain, levels, **(least | members))  # type: ignore[arg-type]


def appraised(of: Body, *rows: Appraisal) -> AppraisedCertainty:
    return appraise(of, rate_body(of, CONTEXT), rows)


class TestAppraise:
    def test_without_appraisals_both_levels_are_one(self) -> None:
        found = appraised(CLEAR)
        assert found.certainty is found.computed.certainty is Certainty.HIGH
        assert not found.is_appraised

    def test_an_override_stands_beside_what_was_computed(self) -> None:
        row = appraisal()
        found = appraised(CLEAR, row)
        assert (found.computed.certainty, found.certainty) == (Certainty.HIGH, Certainty.MODERATE)
        domain = next(domain for domain in found.domains if domain.computed.domain is Domain.INDIRECTNESS)
        assert (domain.computed.levels, domain.levels, domain.appraisal) == (0, 1, row)
        assert domain.concern is Concern.SERIOUS_CONCERN
        assert found.is_appraised

    def test_an_override_can_give_levels_back(self) -> None:
        high_risk = pooled_body(-12, -14, -10, studies=(entry("a-2020", -12, 1.0, n=5000, risk="high"),))
        found = appraised(high_risk, appraisal(Domain.RISK_OF_BIAS, 0))
        assert (found.computed.certainty, found.certainty) == (Certainty.LOW, Certainty.HIGH)

    def test_the_joint_cap_works_on_effective_levels(self) -> None:
        found = appraised(CLEAR, appraisal(Domain.INCONSISTENCY, 2), appraisal(Domain.IMPRECISION, 3))
        assert found.levels_taken == 3

    def test_a_body_that_is_not_pooled_stays_at_most_low(self) -> None:
        found = appraised(body(direction_entry(n=500)), appraisal(Domain.IMPRECISION, 0))
        assert found.certainty is Certainty.LOW

    def test_rating_up_follows_when_nothing_is_taken_any_more(self) -> None:
        wide = ratio_body(3.0, 2.5, 3.6, k=2, design_level=DesignLevel.NON_RANDOMISED_CONTROLLED)
        studies = tuple(replace(row, ci_low=0.9, ci_high=1.3, n=2000) for row in wide.studies)
        found = appraised(replace(wide, studies=studies), appraisal(Domain.RISK_OF_BIAS, 1))
        given_back = appraised(replace(wide, studies=studies), appraisal(Domain.RISK_OF_BIAS, 0))
        assert found.upgrades == ()
        assert [upgrade.levels for upgrade in given_back.upgrades] == [1]

    def test_the_latest_counts_and_the_earlier_is_kept(self) -> None:
        first, second = appraisal(levels=2), appraisal(levels=1, made_on=date(2026, 4, 1))
        found = appraised(CLEAR, second, first)
        assert found.certainty is Certainty.MODERATE
        assert found.earlier == (first,)

    def test_on_one_day_the_more_cautious_counts_in_any_order(self) -> None:
        mild, strict = appraisal(levels=1), appraisal(levels=2, author="B. Curator")
        assert appraised(CLEAR, mild, strict) == appraised(CLEAR, strict, mild)
        assert appraised(CLEAR, mild, strict).certainty is Certainty.LOW

    def test_what_is_refused_changes_nothing_and_is_listed(self) -> None:
        found = appraised(CLEAR, appraisal(levels=3))
        assert found.certainty is Certainty.HIGH
        assert [row.reason for row in found.refused] == ["indirectness takes 0 to 2 levels, not 3."]


class TestWhyRefused:
    @pytest.mark.parametrize(
        "row",
        [
            appraisal(levels=-1),
            appraisal(Domain.PUBLICATION_BIAS, 2),
            appraisal(Domain.IMPRECISION, 4),
            appraisal(rationale="  "),
            appraisal(author=""),
        ],
    )
    def test_impossible_appraisals(self, row: Appraisal) -> None:
        assert why_refused(row) is not None

    def test_three_levels_for_imprecision_are_possible(self) -> None:
        assert why_refused(appraisal(Domain.IMPRECISION, 3)) is None


class TestAppraisalToJson:
    def test_serves_both(self) -> None:
        found = json.loads(json.dumps(appraisal_to_json(appraised(CLEAR, appraisal()))))
        assert (found["computed"], found["effective"]) == ("high", "moderate")
        assert found["domains"]["indirectness"] == {
            "computed_levels": 0,
            "override": {
                "domain": "indirectness",
                "levels": 1,
                "rationale": "Only hospital patients were studied.",
                "author": "A. Curator",
                "date": "2026-03-01",
                "stands_on_current_inputs": True,
            },
            "effective_levels": 1,
            "effective_concern": "serious-concern",
        }
        assert found["domains"]["imprecision"]["override"] is None

    def test_one_that_the_evidence_has_left_behind_counts_and_says_so(self) -> None:
        found = json.loads(json.dumps(appraisal_to_json(appraised(CLEAR, appraisal(stands_on_current_inputs=False)))))
        domain = found["domains"]["indirectness"]
        assert (domain["effective_levels"], domain["override"]["stands_on_current_inputs"]) == (1, False)

    def test_names_what_was_refused(self) -> None:
        found = appraisal_to_json(
            appraised(CLEAR, appraisal(author=" "), appraisal(levels=2), appraisal(levels=1, made_on=date(2027, 1, 1)))
        )
        assert [row["reason"] for row in found["refused"]] == ["An appraisal needs its author."]  # type: ignore[attr-defined]
        assert [row["levels"] for row in found["earlier"]] == [2]  # type: ignore[attr-defined]
