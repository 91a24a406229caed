import pytest

from app.synthesis.verdict import judge_claim
from app.vocabulary import Certainty, ClaimKind, Finding, Verdict

FOR, AGAINST, SMALL = Finding.FAVOURS_INTERVENTION, Finding.FAVOURS_COMPARATOR, Finding.NO_IMPORTANT_DIFFERENCE
HIGH, MODERATE, LOW, VERY_LOW, NO_EVIDENCE = Certainty


def verdict_of(asserted: Finding | None, certainty: Certainty, direction: Finding | None) -> Verdict:
    return judge_claim(ClaimKind.EFFICACY, asserted, True, certainty, direction).verdict


class TestJudgeClaim:
    @pytest.mark.parametrize("certainty", [HIGH, MODERATE])
    @pytest.mark.parametrize(
        ("asserted", "direction", "verdict"),
        [
            (FOR, FOR, Verdict.SUPPORTED),
            (FOR, SMALL, Verdict.CONTRADICTED),
            (FOR, AGAINST, Verdict.CONTRADICTED),
            (SMALL, SMALL, Verdict.SUPPORTED),
            (SMALL, AGAINST, Verdict.SUPPORTED),
            (SMALL, FOR, Verdict.CONTRADICTED),
            (AGAINST, AGAINST, Verdict.SUPPORTED),
            (AGAINST, SMALL, Verdict.CONTRADICTED),
            (AGAINST, FOR, Verdict.CONTRADICTED),
        ],
    )
    def test_firm_evidence_settles_a_claim(self, certainty: Certainty, asserted: Finding, direction: Finding, verdict: Verdict) -> None:
        assert verdict_of(asserted, certainty, direction) is verdict

    @pytest.mark.parametrize(
        ("asserted", "direction", "verdict"),
        [
            (FOR, FOR, Verdict.WEAKLY_SUPPORTED),
            (FOR, SMALL, Verdict.DOUBTFUL),
            (FOR, AGAINST, Verdict.DOUBTFUL),
            (SMALL, SMALL, Verdict.WEAKLY_SUPPORTED),
            (AGAINST, FOR, Verdict.DOUBTFUL),
        ],
    )
    def test_low_certainty_is_weaker(self, asserted: Finding, direction: Finding, verdict: Verdict) -> None:
        assert verdict_of(asserted, LOW, direction) is verdict

    @pytest.mark.parametrize("direction", list(Finding))
    def test_very_low_is_always_uncertain(self, direction: Finding) -> None:
        assert verdict_of(FOR, VERY_LOW, direction) is Verdict.UNCERTAIN

    @pytest.mark.parametrize("certainty", [HIGH, MODERATE, LOW])
    @pytest.mark.parametrize("direction", [Finding.UNCLEAR, Finding.MIXED, Finding.CONFLICTING])
    def test_an_open_direction_is_uncertain(self, certainty: Certainty, direction: Finding) -> None:
        assert verdict_of(FOR, certainty, direction) is Verdict.UNCERTAIN

    def test_no_evidence_comes_first(self) -> None:
        assert verdict_of(FOR, NO_EVIDENCE, None) is Verdict.NO_EVIDENCE

    @pytest.mark.parametrize("kind", [ClaimKind.MECHANISM, ClaimKind.SAFETY, ClaimKind.EXTENT_OF_EVIDENCE])
    def test_other_kinds_are_not_rated(self, kind: ClaimKind) -> None:
        assert judge_claim(kind, FOR, True, HIGH, FOR).verdict is Verdict.NOT_RATED

    def test_without_a_condition_nothing_is_rated(self) -> None:
        assert judge_claim(ClaimKind.EFFICACY, FOR, False, HIGH, FOR).verdict is Verdict.NOT_RATED

    @pytest.mark.parametrize("asserted", [None, Finding.MIXED, Finding.UNCLEAR, Finding.CONFLICTING])
    def test_settled_evidence_cannot_settle_a_claim_without_one_direction(self, asserted: Finding | None) -> None:
        assert verdict_of(asserted, HIGH, FOR) is Verdict.NOT_RATED
        assert verdict_of(asserted, VERY_LOW, FOR) is Verdict.UNCERTAIN
        assert verdict_of(asserted, NO_EVIDENCE, None) is Verdict.NO_EVIDENCE
