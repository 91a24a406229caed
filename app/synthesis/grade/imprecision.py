"""Imprecision: how wide is the interval, and how much information stands behind it? (method, section 4)

GRADE guidelines 6 (Guyatt 2011, doi 10.1016/j.jclinepi.2011.01.012); crossings as in CINeMA (Nikolakopoulou 2020,
doi 10.1371/journal.pmed.1003082), null and the MID on the opposite side.
"""

from app.synthesis.body import Body, BodyStudy
from app.synthesis.grade.crossings import BenefitView, benefit_view, count_imprecision_crossings
from app.synthesis.grade.information_size import InformationSize, measure_information, participants_still_needed
from app.synthesis.grade.judgement import SHARE_DIGITS, DomainJudgement, people_in_words, percent
from app.synthesis.grade.thresholds import CURRENT, Thresholds
from app.vocabulary import Domain

CROSSED_IN_WORDS = {
    0: "neither null nor an important difference the other way",
    1: "null or an important difference the other way",
    2: "both null and an important difference the other way",
}


def judge_imprecision(body: Body, thresholds: Thresholds = CURRENT) -> DomainJudgement:
    """Judge a pooled body by crossings and information size, an unpooled one by its participants."""
    view = benefit_view(body)
    return _judge_unpooled(body, thresholds) if view is None else _judge_pooled(body, view, thresholds)


def table_levels(crossings: int, fraction: float, thresholds: Thresholds = CURRENT) -> tuple[int, str]:
    """Levels by c (0, 1, 2) and f; the rule id names the cell."""
    rounded = round(fraction, SHARE_DIGITS)
    column = 0 if rounded >= thresholds.fraction_enough else 1 if rounded >= thresholds.fraction_some else 2
    size = ("enough-information", "some-information", "little-information")[column]
    return thresholds.imprecision_levels[crossings][column], f"imprecision/crossings-{crossings}-{size}"


def unpooled_levels(body: Body, n: int, thresholds: Thresholds = CURRENT) -> tuple[int, str]:
    """Levels of a body without a pooled effect and with n participants."""
    if any(has_bare_value(study) for study in body.studies):
        return 2, "imprecision/no-standard-error"
    return (1, "imprecision/directions-many") if n >= thresholds.unpooled_participants else (2, "imprecision/directions-few")


def still_needed(body: Body, thresholds: Thresholds = CURRENT) -> dict[str, int | None]:
    """Participants still needed for f >= 0.5 and f >= 1; None where nothing is pooled."""
    if body.pooled is None:
        return {"f_0_5": None, "f_1_0": None}
    return _needed(measure_information(body, thresholds), thresholds)


def _needed(size: InformationSize, thresholds: Thresholds) -> dict[str, int | None]:
    return {"f_0_5": participants_still_needed(size, thresholds.fraction_enough), "f_1_0": participants_still_needed(size, 1.0)}


def _judge_pooled(body: Body, view: BenefitView, thresholds: Thresholds) -> DomainJudgement:
    crossings = count_imprecision_crossings(view)
    size = measure_information(body, thresholds)
    levels, rule = table_levels(crossings, size.fraction, thresholds)
    inputs = _inputs(view, crossings, size, thresholds)
    return DomainJudgement(Domain.IMPRECISION, levels, rule, _reason(view, crossings, size), inputs=inputs)


def _reason(view: BenefitView, crossings: int, size: InformationSize) -> str:
    amount = f"{people_in_words(size.n)} of {size.needed} needed"
    if size.events is not None:
        amount += f", {size.events:g} events of {size.events_needed} needed"
    return f"{_interval_in_words(view, crossings)}; the information is {percent(size.fraction)} of what is needed ({amount})."


def _interval_in_words(view: BenefitView, crossings: int) -> str:
    if view.ci_inside_mid:
        return "The confidence interval holds only differences too small to matter"
    if view.mid is None:
        return f"The confidence interval {'includes' if crossings else 'excludes'} null; whether the difference matters could not be judged"
    return f"The confidence interval includes {CROSSED_IN_WORDS[crossings]}"


def _inputs(view: BenefitView, crossings: int, size: InformationSize, thresholds: Thresholds) -> dict[str, object]:
    return {
        "crossings": crossings,
        "confidence_interval": [view.ci_low, view.ci_high],
        "orientation": "benefit",
        "null": 0.0,
        "opposite_mid": view.opposite_mid,
        "mid": view.mid,
        "inside_mid": view.ci_inside_mid,
        "n": size.n,
        "information_size": size.needed,
        "information_size_basis": size.basis,
        "sd": size.sd,
        "control_risk": size.control_risk,
        "events": size.events,
        "events_needed": size.events_needed,
        "fraction": size.fraction,
        "fraction_thresholds": [thresholds.fraction_enough, thresholds.fraction_some],
        "participants_still_needed": _needed(size, thresholds),
    }


def has_bare_value(study: BodyStudy) -> bool:
    """Whether a study prints a value of the effect from which no standard error can be had."""
    printed = study.result.estimate
    if study.effect is not None or printed is None or printed.value is None:
        return False
    return printed.se is None and (printed.ci_low is None or printed.ci_high is None)


def _judge_unpooled(body: Body, thresholds: Thresholds) -> DomainJudgement:
    levels, rule = unpooled_levels(body, body.n, thresholds)
    inputs: dict[str, object] = {"n": body.n, "n_at_least": thresholds.unpooled_participants}
    bare = [study.study.key for study in body.studies if has_bare_value(study)]
    if bare:
        inputs["without_standard_error"] = bare
        reason = "There are values without a standard error: how precise they are cannot be told."
    else:
        limit = thresholds.unpooled_participants
        bound = f"{limit} or more" if body.n >= limit else f"fewer than {limit}"
        people = f"{people_in_words(body.n)} took part ({bound})" if body.n else "how many people took part is not known"
        reason = f"Nothing could be pooled; {people}."
    return DomainJudgement(Domain.IMPRECISION, levels, rule, reason, inputs=inputs)
