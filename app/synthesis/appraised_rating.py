"""A rating as it counts once the curators' appraisals of its bodies are read, beside the rating as computed (method, section 8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.synthesis.grade.appraisal import Appraisal, AppraisedCertainty, appraise
from app.synthesis.grade.thresholds import thresholds_of
from app.synthesis.rating import PairRating
from app.vocabulary import Certainty, Importance

FROM_LOWEST = (Certainty.VERY_LOW, Certainty.LOW, Certainty.MODERATE, Certainty.HIGH)


@dataclass(frozen=True, slots=True)
class AppraisedRating:
    """`certainty` is the effective one; `bodies` are those that somebody appraised, also where the rating does not rest on them."""

    computed: PairRating
    certainty: Certainty
    bodies: Mapping[str, AppraisedCertainty]


def appraise_rating(rating: PairRating, appraisals: Mapping[str, Sequence[Appraisal]]) -> AppraisedRating:
    """The lowest effective certainty among the bodies that the rating rests on: the rule of the computed one (method, section 5).

    Which bodies those are stays as computed, and a rating on limited outcomes alone stays very low.
    """
    thresholds = thresholds_of(rating.method)
    appraised = {row.body.id: appraise(row.body, row.certainty, appraisals.get(row.body.id, ()), thresholds) for row in rating.bodies}
    resting_on = [appraised[row.body.id].certainty for row in rating.bodies if row.in_headline]
    stays = not resting_on or rating.tier is Importance.LIMITED
    return AppraisedRating(
        computed=rating,
        certainty=rating.certainty if stays else min(resting_on, key=FROM_LOWEST.index),
        bodies={body: beside for body, beside in appraised.items() if beside.is_appraised},
    )
