import pytest

from app.synthesis.published_reviews import TABLE, compare_certainty, compare_conclusion
from app.vocabulary import Agreement, Certainty, ConclusionDirection, Finding

FOR, INCONCLUSIVE, MIXED = ConclusionDirection.FAVOURS_INTERVENTION, ConclusionDirection.INCONCLUSIVE, ConclusionDirection.MIXED


class TestCompareConclusion:
    def test_every_conclusion_meets_every_finding(self) -> None:
        assert set(TABLE) == set(ConclusionDirection)
        assert all(set(row) == set(Finding) for row in TABLE.values())

    @pytest.mark.parametrize(
        ("conclusion", "direction", "agreement"),
        [
            (FOR, Finding.FAVOURS_INTERVENTION, Agreement.AGREES),
            (FOR, Finding.FAVOURS_COMPARATOR, Agreement.DIFFERS),
            (FOR, Finding.MIXED, Agreement.PARTLY),
            (FOR, Finding.UNCLEAR, Agreement.DIFFERS),
            (INCONCLUSIVE, Finding.UNCLEAR, Agreement.AGREES),
            (INCONCLUSIVE, Finding.FAVOURS_INTERVENTION, Agreement.DIFFERS),
            (MIXED, Finding.CONFLICTING, Agreement.AGREES),
            (MIXED, Finding.FAVOURS_INTERVENTION, Agreement.PARTLY),
            (ConclusionDirection.NO_IMPORTANT_DIFFERENCE, Finding.NO_IMPORTANT_DIFFERENCE, Agreement.AGREES),
            (ConclusionDirection.NO_IMPORTANT_DIFFERENCE, Finding.UNCLEAR, Agreement.PARTLY),
        ],
    )
    def test_directions_are_compared(self, conclusion: ConclusionDirection, direction: Finding, agreement: Agreement) -> None:
        assert compare_conclusion(conclusion, Certainty.LOW, direction)[0] is agreement

    def test_the_same_side_at_very_low_certainty_agrees_in_part(self) -> None:
        agreement, reason = compare_conclusion(FOR, Certainty.VERY_LOW, Finding.FAVOURS_INTERVENTION)
        assert (agreement, reason.endswith("its certainty is very low.")) == (Agreement.PARTLY, True)

    def test_an_opposite_side_differs_at_any_certainty(self) -> None:
        assert compare_conclusion(FOR, Certainty.VERY_LOW, Finding.FAVOURS_COMPARATOR)[0] is Agreement.DIFFERS

    @pytest.mark.parametrize("direction", list(Finding))
    def test_an_inconclusive_review_agrees_with_very_low_certainty(self, direction: Finding) -> None:
        assert compare_conclusion(INCONCLUSIVE, Certainty.VERY_LOW, direction)[0] is Agreement.AGREES

    def test_unknown_conclusion_or_no_evidence_cannot_be_compared(self) -> None:
        assert compare_conclusion(None, Certainty.LOW, Finding.UNCLEAR)[0] is Agreement.NOT_COMPARABLE
        assert compare_conclusion(FOR, Certainty.NO_EVIDENCE, None)[0] is Agreement.NOT_COMPARABLE


class TestCompareCertainty:
    @pytest.mark.parametrize(
        ("stated", "rating", "comparison"),
        [
            ("low", Certainty.LOW, "same"),
            ("very low (GRADE)", Certainty.LOW, "less-certain"),
            ("Moderate certainty", Certainty.LOW, "more-certain"),
            ("GRADE: high", Certainty.VERY_LOW, "more-certain"),
            ("moderate to very low", Certainty.LOW, "not-comparable"),
            ("low or very low (GRADE)", Certainty.LOW, "not-comparable"),
            ("low-grade evidence", Certainty.LOW, "not-comparable"),
            ("limited evidence (authors)", Certainty.LOW, "not-comparable"),
            ("", Certainty.LOW, "not-comparable"),
            ("low certainty of evidence", Certainty.LOW, "same"),
            ("Moderate quality of the evidence", Certainty.LOW, "more-certain"),
            ("⊕⊕⊝⊝ low", Certainty.LOW, "same"),
            ("⊕⊕⊕⊝ low", Certainty.LOW, "not-comparable"),
            ("⊕⊕⊝⊝", Certainty.LOW, "not-comparable"),
            ("High quality", Certainty.LOW, "not-comparable"),
            ("high quality evidence", Certainty.LOW, "more-certain"),
            (None, Certainty.LOW, "not-comparable"),
            ("low", Certainty.NO_EVIDENCE, "not-comparable"),
        ],
    )
    def test_only_one_of_the_four_levels_is_compared(self, stated: str | None, rating: Certainty, comparison: str) -> None:
        found, reason = compare_certainty(stated, rating)
        assert found == comparison
        assert reason
