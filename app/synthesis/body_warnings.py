"""What a reader of a body must be told about its numbers, in sentences."""

from collections.abc import Sequence

from app.synthesis.body import Body, BodyStudy
from app.synthesis.body_study import EXPRESSION_OF_CONCERN, SIGN_DIFFERS, with_numbers
from app.synthesis.reported_effect import ASYMMETRIC, FROM_P
from app.synthesis.sample_size import COUNTED_ONCE, ESTIMATED, UNKNOWN
from app.synthesis.sensitivity import HIGH_LEVERAGE
from app.synthesis.trial_design import UNPAIRED
from app.vocabulary import RATIO_MEASURES

PEOPLE = "people"
"""The unit of instruments that count people; another unit beside a ratio (ears, eyes) means that people were counted twice."""

SENTENCE_OF_FLAG = {
    EXPRESSION_OF_CONCERN: "an expression of concern stands on the report.",
    SIGN_DIFFERS: "the sign of the numbers differs from the direction reported; the numbers count.",
    ASYMMETRIC: "the printed limits are asymmetric by more than 15 %.",
    HIGH_LEVERAGE: "a result converted from a p value carries more than half of the weight.",
    UNPAIRED: "the printed interval of this crossover trial is not paired; it is kept, which is wider than need be.",
    UNKNOWN: "the number of people in this comparison is unknown and counts as 0.",
    ESTIMATED: "the number of people in this comparison is estimated from the whole study.",
    COUNTED_ONCE: "the arms count more places than the study had people; each person counts once.",
    "measure-without-rule": "a risk difference or hazard ratio cannot be pooled under this method; only its direction counts.",
    "p-upper-bound": "p is printed as an upper bound and is not converted; only the direction counts.",
    "p-zero": "p is printed as zero and is not converted; only the direction counts.",
    "p-not-between-groups": "p is not of a comparison between these two groups and is not converted; only the direction counts.",
    "no-standard-error": "a value is printed without a standard error; only its direction counts.",
    "no-arm-sizes": "the sizes of both arms are not known, so that p cannot be converted; only the direction counts.",
    "impossible-interval": "the printed limits do not hold the printed value; only the direction counts.",
    "double-zero": "no event in either arm, or nothing but events: shown, not pooled.",
    "no-control-risk": "an odds ratio without the risk of the control group; only its direction counts.",
    "no-standardised-difference": "no standardised difference can be had from the mean difference; only its direction counts.",
    "cluster-size-unknown": "a cluster trial without adjusted estimate and cluster size; only its direction counts.",
    "change-score-left-out": "standardised change scores are not pooled with post scores; only the direction counts.",
    "other-kind-of-scale": "its numbers are of another kind than those the body is pooled on; only their direction counts.",
}


def warnings_of(body: Body) -> tuple[str, ...]:
    """Return the warnings of a body: flags of its studies, conversions, units, and the share that gives a direction only."""
    return (*_of_studies(body.studies), *_of_units(body), *_of_direction_only(body))


def _of_studies(studies: Sequence[BodyStudy]) -> list[str]:
    warnings = []
    for study in studies:
        name = study.study.label or study.study.key
        warnings += [f"{name}: {SENTENCE_OF_FLAG[flag]}" for flag in study.flags if flag in SENTENCE_OF_FLAG]
        if study.basis == FROM_P:
            warnings.append(f"{name}: the standard error is converted from the p value.")
    return warnings


def _of_units(body: Body) -> list[str]:
    """A ratio counted in anything but people: its interval is too narrow."""
    if body.measure not in RATIO_MEASURES:
        return []
    units = {instrument.slug: instrument.unit for instrument in body.outcome.instruments}
    found = ((entry.study.label or entry.study.key, units.get(entry.result.instrument)) for entry in with_numbers(body.studies))
    return [
        f"{name}: the unit of analysis is not the person ({unit}), so that the interval may be too narrow."
        for name, unit in found
        if unit is not None and unit != PEOPLE
    ]


def _of_direction_only(body: Body) -> list[str]:
    """How many studies of a pooled body give a direction only, and their share of the participants."""
    without = [study for study in body.studies if study.effect is None]
    if body.pooled is None or not without:
        return []
    share = "unknown" if body.n == 0 else f"{sum(study.n for study in without) / body.n:.0%}"
    return [f"{len(without)} of {body.k} studies give a direction only; their share of the participants is {share}."]
