"""Does a published review agree with the rating? (method, section 7) Their directions are compared, nothing is averaged."""

import re

from app.vocabulary import Agreement, Certainty, CertaintyComparison, ConclusionDirection, Finding

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


LEVELS = (Certainty.VERY_LOW, Certainty.LOW, Certainty.MODERATE, Certainty.HIGH)
"""GRADE's four levels, the least certain first."""
SAID_OF_GRADE = re.compile(
    r"\(GRADE\)|\bGRADE\b|\b[Cc]ertainty\b|\b[Qq]uality\b|(\bof )?(\bthe )?\b[Ee]vidence\b|[⊕⨁⊝⊖◯○:.]"
)  # `low-grade` is not GRADE's low
CIRCLES = re.compile("[⊕⨁⊝⊖◯○]")
FULL_CIRCLES = "⊕⨁"
OF_EVIDENCE = re.compile(r"\bGRADE\b|\b[Cc]ertainty\b|\b[Ee]vidence\b")
"""Quality alone may be that of the studies or of the review itself."""


def compare_certainty(stated: str | None, rating_certainty: Certainty) -> tuple[CertaintyComparison, str]:
    """Return whether a review was more or less certain than the rating, with the reason.

    Only a statement that is one of GRADE's four levels and nothing else is compared: "low to moderate" or "weak" stays the authors' own.
    """
    if stated is None:
        return CertaintyComparison.NOT_COMPARABLE, "The review states no certainty."
    level = stated_level(stated)
    if level is None:
        return CertaintyComparison.NOT_COMPARABLE, f"What the review states is not one of GRADE's four levels: {stated}."
    if rating_certainty not in LEVELS:
        return CertaintyComparison.NOT_COMPARABLE, "The rating has no eligible study, so there is no certainty to compare with."
    difference = LEVELS.index(level) - LEVELS.index(rating_certainty)
    reason = f"The review's certainty is {level}, the rating's {rating_certainty}."
    if difference == 0:
        return CertaintyComparison.SAME, reason
    return (CertaintyComparison.MORE_CERTAIN if difference > 0 else CertaintyComparison.LESS_CERTAIN), reason


def stated_level(stated: str) -> Certainty | None:
    """`very low (GRADE)` is the level very-low; anything that says more than a level, or quality without saying of what, is none."""
    words = "-".join(SAID_OF_GRADE.sub(" ", stated).lower().replace("-", " ").split())
    if words not in {level.value for level in LEVELS} or ("quality" in stated.lower() and OF_EVIDENCE.search(stated) is None):
        return None
    level, circles = Certainty(words), CIRCLES.findall(stated)
    full = sum(circle in FULL_CIRCLES for circle in circles)
    return None if circles and (len(circles), full) != (len(LEVELS), LEVELS.index(level) + 1) else level


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
