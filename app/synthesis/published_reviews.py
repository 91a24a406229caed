"""Does a published review agree with the rating? (method, section 7) Their directions are compared, nothing is averaged."""

from app.vocabulary import Agreement, Certainty, ConclusionDirection, Finding

AGREES, PARTLY, DIFFERS = Agreement.AGREES, Agreement.PARTLY, Agreement.DIFFERS

TABLE: dict[ConclusionDirection, dict[Finding, Agreement]] = {
    ConclusionDirection.FAVOURS_INTERVENTION: {
        Finding.FAVOURS_INTERVENTION: AGREES,
        Finding.MIXED: PARTLY,
        Finding.CONFLICTING: PARTLY,
        Finding.UNCLEAR: DIFFERS,
        Finding.NO_IMPORTANT_DIFFERENCE: DIFFERS,
        Finding.FAVOURS_COMPARATOR: DIFFERS,
    },
    ConclusionDirection.FAVOURS_COMPARATOR: {
        Finding.FAVOURS_COMPARATOR: AGREES,
        Finding.MIXED: PARTLY,
        Finding.CONFLICTING: PARTLY,
        Finding.UNCLEAR: DIFFERS,
        Finding.NO_IMPORTANT_DIFFERENCE: DIFFERS,
        Finding.FAVOURS_INTERVENTION: DIFFERS,
    },
    ConclusionDirection.NO_IMPORTANT_DIFFERENCE: {
        Finding.NO_IMPORTANT_DIFFERENCE: AGREES,
        Finding.MIXED: PARTLY,
        Finding.UNCLEAR: PARTLY,
        Finding.CONFLICTING: DIFFERS,
        Finding.FAVOURS_INTERVENTION: DIFFERS,
        Finding.FAVOURS_COMPARATOR: DIFFERS,
    },
    ConclusionDirection.MIXED: {
        Finding.MIXED: AGREES,
        Finding.CONFLICTING: AGREES,
        Finding.UNCLEAR: PARTLY,
        Finding.FAVOURS_INTERVENTION: PARTLY,
        Finding.FAVOURS_COMPARATOR: PARTLY,
        Finding.NO_IMPORTANT_DIFFERENCE: PARTLY,
    },
    ConclusionDirection.INCONCLUSIVE: {
        Finding.UNCLEAR: AGREES,
        Finding.MIXED: PARTLY,
        Finding.CONFLICTING: PARTLY,
        Finding.NO_IMPORTANT_DIFFERENCE: PARTLY,
        Finding.FAVOURS_INTERVENTION: DIFFERS,
        Finding.FAVOURS_COMPARATOR: DIFFERS,
    },
}


def compare_conclusion(
    conclusion_direction: ConclusionDirection | None, rating_certainty: Certainty, rating_direction: Finding | None
) -> tuple[Agreement, str]:
    """Return how a review's conclusion relates to the rating, with the reason.

    A rating of very low certainty says of no direction that it is known: an inconclusive review agrees with it, and a
    review that settles on the same direction agrees in part only.
    """
    if conclusion_direction is None:
        return Agreement.NOT_COMPARABLE, "The direction of the review's conclusion is not known."
    if rating_certainty is Certainty.NO_EVIDENCE or rating_direction is None:
        return Agreement.NOT_COMPARABLE, "The rating has no eligible study, so there is no direction to compare with."
    if rating_certainty is Certainty.VERY_LOW and conclusion_direction is ConclusionDirection.INCONCLUSIVE:
        return AGREES, "The review is inconclusive, and the rating is of very low certainty."
    agreement = TABLE[conclusion_direction][rating_direction]
    reason = f"The review concluded {conclusion_direction}; the rating's direction is {rating_direction}"
    if agreement is AGREES and rating_certainty is Certainty.VERY_LOW and conclusion_direction is not ConclusionDirection.MIXED:
        return PARTLY, f"{reason}, but its certainty is very low."
    return agreement, f"{reason}."
