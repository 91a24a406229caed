"""What one body of evidence says of the intervention (method, section 5)."""

import math
from collections.abc import Sequence

from app.synthesis.body import Body, BodyStudy
from app.synthesis.grade.crossings import benefit_view
from app.synthesis.grade.weights import participants_as_weights, studies_with_numbers
from app.vocabulary import Finding

SIGN_TEST_P = 0.05
FINDING_OF_SIDE = {1: Finding.FAVOURS_INTERVENTION, -1: Finding.FAVOURS_COMPARATOR, 0: Finding.UNCLEAR}


def find_body_finding(body: Body) -> Finding:
    """Return the first that fits.

    Pooled: `no-important-difference` when the CI lies inside (-m, m), `favours-...` when the CI excludes null, else `unclear`.
    Not pooled: `favours-...` by a two-sided sign test with p < 0.05, else `unclear`.
    """
    view = benefit_view(body)
    if view is None:
        return _by_directions(body)
    if view.ci_inside_mid:
        return Finding.NO_IMPORTANT_DIFFERENCE
    return FINDING_OF_SIDE[view.ci_side]


def _by_directions(body: Body) -> Finding:
    count = body.directions
    if count.sign_test_p is None or count.sign_test_p >= SIGN_TEST_P:
        return Finding.UNCLEAR
    return Finding.FAVOURS_INTERVENTION if count.favouring > count.against else Finding.FAVOURS_COMPARATOR


def majority_direction(studies: Sequence[BodyStudy]) -> int:
    """+1 or -1 when more than half of the participants stand behind that direction, else 0.

    An unknown number of participants counts as the smallest known one, as in the weights of unpooled bodies.
    """
    weights = participants_as_weights(studies)
    for direction in (1, -1):
        behind = math.fsum(weight for study, weight in zip(studies, weights, strict=True) if study.direction == direction)
        if behind > math.fsum(weights) / 2:
            return direction
    return 0


def contradicting_directions(body: Body) -> tuple[BodyStudy, ...]:
    """The direction-only studies beside a pooled effect, if most of their participants point the other way; else nothing."""
    view = benefit_view(body)
    if view is None or view.estimate == 0:
        return ()
    with_numbers = {study.study.key for study in studies_with_numbers(body)}
    others = tuple(study for study in body.studies if study.study.key not in with_numbers)
    opposite = -1 if view.estimate > 0 else 1
    return others if others and majority_direction(others) == opposite else ()
