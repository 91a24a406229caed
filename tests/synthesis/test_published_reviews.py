import pytest

from app.synthesis.published_reviews import TABLE, compare_conclusion
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
