"""Imprecision: how wide is the interval, and how much information stands behind it? (method, section 4)

GRADE guidelines 6 (Guyatt 2011, doi 10.1016/j.jclinepi.2011.01.012); crossings as in CINeMA (Nikolakopoulou 2020,
doi 10.1371/journal.pmed.1003082), null and the MID on the opposite side.
"""

from app.synthesis.body import Body, BodyStudy
from app.synthesis.grade.crossings import BenefitView, benefit_view, count_imprecision_crossings
from app.synthesis.grade.information_size import InformationSize, measure_information, participants_still_needed
from app.synthesis.grade.judgement import SHARE_DIGITS, DomainJudgement, people_in_words, percent
from app.vocabulary import Domain

FRACTION_ENOUGH = 0.5
FRACTION_SOME = 0.3
LEVELS = {
    # crossings: (f >= 0.5, 0.3 <= f < 0.5, f < 0.3)
    0: (0, 1, 2),
    1: (1, 2, 2),
    2: (2, 2, 3),
}
CROSSED_IN_WORDS = {
    0: "neither null nor an important difference the other way",
    1: "null or an important difference the other way",
    2: "both null and an important difference the other way",
}
UNPOOLED_PARTICIPANTS = 400  # GRADE guidelines 6, 2011


def judge_imprecision(body: Body) -> DomainJudgement:
    """Judge a pooled body by crossings and information size, an unpooled one by its participants."""
    view = benefit_view(body)
    return _judge_unpooled(body) if view is None else _judge_pooled(body, view)


def table_levels(crossings: int, fraction: float) -> tuple[int, str]:
    """Levels by c (0, 1, 2) and f; the rule id names the cell."""
    rounded = round(fraction, SHARE_DIGITS)
    column = 0 if rounded >= FRACTION_ENOUGH else 1 if rounded >= FRACTION_SOME else 2
    size = ("enough-information", "some-information", "little-information")[column]
    return LEVELS[crossings][column], f"imprecision/crossings-{crossings}-{size}"


def still_needed(body: Body) -> dict[str, int | None]:
    """Participants still needed for f >= 0.5 and f >= 1; None where nothing is pooled."""
    if body.pooled is None:
        return {"f_0_5": None, "f_1_0": None}
    size = measure_information(body)
    return {"f_0_5": participants_still_needed(size, FRACTION_ENOUGH), "f_1_0": participants_still_needed(size, 1.0)}


def _judge_pooled(body: Body, view: BenefitView) -> DomainJudgement:
    crossings = count_imprecision_crossings(view)
    size = measure_information(body)
    levels, rule = table_levels(crossings, size.fraction)
    return DomainJudgement(Domain.IMPRECISION, levels, rule, _reason(view, crossings, size), inputs=_inputs(body, view, crossings, size))


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


def _inputs(body: Body, view: BenefitView, crossings: int, size: InformationSize) -> dict[str, object]:
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
        "fraction_thresholds": [FRACTION_ENOUGH, FRACTION_SOME],
        "participants_still_needed": still_needed(body),
    }


def has_bare_value(study: BodyStudy) -> bool:
    """Whether a study prints a value of the effect from which no standard error can be had."""
    printed = study.result.estimate
    if study.effect is not None or printed is None or printed.value is None:
        return False
    return printed.se is None and (printed.ci_low is None or printed.ci_high is None)


def _judge_unpooled(body: Body) -> DomainJudgement:
    inputs: dict[str, object] = {"n": body.n, "n_at_least": UNPOOLED_PARTICIPANTS}
    bare = [study.study.key for study in body.studies if has_bare_value(study)]
    if bare:
        inputs["without_standard_error"] = bare
        reason = "There are values without a standard error: how precise they are cannot be told."
        return DomainJudgement(Domain.IMPRECISION, 2, "imprecision/no-standard-error", reason, inputs=inputs)
    if body.n >= UNPOOLED_PARTICIPANTS:
        reason = f"Nothing could be pooled; {people_in_words(body.n)} took part ({UNPOOLED_PARTICIPANTS} or more)."
        return DomainJudgement(Domain.IMPRECISION, 1, "imprecision/directions-many", reason, inputs=inputs)
    reason = f"Nothing could be pooled; {people_in_words(body.n)} took part (fewer than {UNPOOLED_PARTICIPANTS})."
    return DomainJudgement(Domain.IMPRECISION, 2, "imprecision/directions-few", reason, inputs=inputs)
