from datetime import date

import pytest

from app.synthesis.appraised_rating import appraise_rating
from app.synthesis.explanation import explain_rating
from app.synthesis.grade.appraisal import Appraisal
from app.synthesis.rating import rate_pair
from app.vocabulary import Certainty, Comparator, Domain
from tests.synthesis.factories import judgement, pair, study, with_estimate

LARGE = {"risk_of_bias": (judgement(),), "n_randomised": 900, "n_analysed": 900}
TWO = pair(
    study(with_estimate(-20, -22, -18), key="one", **LARGE),
    study(with_estimate(-20, -22, -18, comparator=Comparator.USUAL_CARE), key="two", comparators=(Comparator.USUAL_CARE,), **LARGE),
)
SHAM, INACTIVE = (f"neck-pain.craniosacral-therapy.pain-intensity.{group}.post-treatment" for group in ("sham", "inactive"))


def view(domain: Domain, levels: int) -> Appraisal:
    return Appraisal(domain, levels, "Because.", "Clara", date(2026, 11, 24))


class TestAppraiseRating:
    def test_without_appraisals_it_is_the_computed_one(self) -> None:
        rating = rate_pair(TWO)
        appraised = appraise_rating(rating, {})
        assert (appraised.certainty, appraised.bodies) == (rating.certainty, {})

    def test_an_appraisal_of_a_headline_body_moves_it_and_the_computed_one_stays(self) -> None:
        rating = rate_pair(TWO)
        appraised = appraise_rating(rating, {SHAM: [view(Domain.INDIRECTNESS, 2)]})
        order = [Certainty.VERY_LOW, Certainty.LOW, Certainty.MODERATE, Certainty.HIGH]
        assert order.index(appraised.certainty) == max(order.index(rating.certainty) - 2, 0)
        assert appraised.computed is rating
        assert list(appraised.bodies) == [SHAM]

    def test_an_appraisal_of_another_body_is_shown_and_moves_nothing(self) -> None:
        rating = rate_pair(TWO)
        appraised = appraise_rating(rating, {INACTIVE: [view(Domain.INDIRECTNESS, 2)]})
        assert (appraised.certainty, list(appraised.bodies)) == (rating.certainty, [INACTIVE])

    @pytest.mark.parametrize("appraisals", [{}, {SHAM: [view(Domain.IMPRECISION, 0)]}, {SHAM: [view(Domain.RISK_OF_BIAS, 2)]}])
    def test_agrees_with_the_explanation_of_the_rating(self, appraisals: dict[str, list[Appraisal]]) -> None:
        appraised = appraise_rating(rate_pair(TWO), appraisals)
        assert appraised.certainty == explain_rating(TWO, appraisals=appraisals)["effective_certainty"]

    def test_no_evidence_stays_no_evidence(self) -> None:
        assert appraise_rating(rate_pair(pair()), {}).certainty is Certainty.NO_EVIDENCE
