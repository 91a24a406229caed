"""What the evidence says of a claim (method, section 7)."""

from dataclasses import dataclass

from app.vocabulary import Certainty, ClaimKind, Finding, Verdict

FOR = frozenset({Finding.FAVOURS_INTERVENTION})
AGAINST = frozenset({Finding.FAVOURS_COMPARATOR, Finding.NO_IMPORTANT_DIFFERENCE})
OPEN = frozenset({Finding.UNCLEAR, Finding.MIXED, Finding.CONFLICTING})
SUPPORTED_BY = {
    # what a claim asserts: the findings that support it; the other settled findings contradict it
    Finding.FAVOURS_INTERVENTION: FOR,
    Finding.FAVOURS_COMPARATOR: frozenset({Finding.FAVOURS_COMPARATOR}),
    Finding.NO_IMPORTANT_DIFFERENCE: AGAINST,
}
FIRM = frozenset({Certainty.HIGH, Certainty.MODERATE})
SETTLED = {
    # (supports, firm)
    (True, True): Verdict.SUPPORTED,
    (True, False): Verdict.WEAKLY_SUPPORTED,
    (False, True): Verdict.CONTRADICTED,
    (False, False): Verdict.DOUBTFUL,
}


@dataclass(frozen=True, slots=True)
class ClaimVerdict:
    verdict: Verdict
    reason: str


def judge_claim(
    kind: ClaimKind, asserted_direction: Finding | None, has_condition: bool, certainty: Certainty, direction: Finding | None
) -> ClaimVerdict:
    """Return the verdict on one claim from the rating of its condition and intervention, tested top to bottom.

    Only claims of kind `efficacy` about a condition are judged. A claim against the intervention
    swaps the sides: that it makes no important difference is supported by that finding and by one that favours the
    comparator; that it is worse is supported by the latter only.
    """
    if kind is not ClaimKind.EFFICACY or not has_condition:
        return ClaimVerdict(Verdict.NOT_RATED, "Only claims that a treatment helps in a named condition are compared with a rating.")
    if certainty is Certainty.NO_EVIDENCE or direction is None:
        return ClaimVerdict(Verdict.NO_EVIDENCE, "No eligible study was found, so nothing supports or contradicts the claim.")
    if certainty is Certainty.VERY_LOW:
        return ClaimVerdict(Verdict.UNCERTAIN, "The certainty of the evidence is very low.")
    if direction in OPEN:
        return ClaimVerdict(Verdict.UNCERTAIN, f"The direction of the evidence is {direction}.")
    if asserted_direction not in SUPPORTED_BY:
        return ClaimVerdict(Verdict.NOT_RATED, "The claim does not assert one direction that a rating could support or contradict.")
    return _settled(direction in SUPPORTED_BY[asserted_direction], certainty, direction)


def _settled(supports: bool, certainty: Certainty, direction: Finding) -> ClaimVerdict:
    verdict = SETTLED[supports, certainty in FIRM]
    return ClaimVerdict(verdict, f"The evidence is of {certainty} certainty, and its direction is {direction}.")
