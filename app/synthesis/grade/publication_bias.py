"""Publication and reporting bias: what may be missing? (method, section 4) Undetected, or suspected and one level, never more.

GRADE guidelines 5 (Guyatt 2011, doi 10.1016/j.jclinepi.2011.01.011); Egger 1997, doi 10.1136/bmj.315.7109.629; Peters 2006,
doi 10.1001/jama.295.6.676; for standardised differences a predictor that is free of the effect, 1/n
(Pustejovsky and Rodgers 2019, doi 10.1002/jrsm.1332).
"""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta

from app.synthesis.body import Body, BodyStudy, RegistrationInput, StudyInput
from app.synthesis.eligibility import ADVERSE_EVENTS, comparator_group
from app.synthesis.grade.crossings import TOLERANCE, turned_interval
from app.synthesis.grade.judgement import SHARE_DIGITS, DomainJudgement, percent
from app.synthesis.grade.thresholds import CURRENT, Thresholds
from app.synthesis.grade.weights import studies_with_numbers
from app.synthesis.small_study_effects import NotTested, RegressionTest, egger, peters
from app.synthesis.usable_result import is_usable_result
from app.vocabulary import RATIO_MEASURES, Better, Domain, Measure, PublicationStatus, StudyKind

YEAR_AND_MONTH = 7  # characters of YYYY-MM

OVERDUE_RULE = "publication-bias/overdue-registrations"
UNDETECTED = "No sign of missing studies or results was found."


@dataclass(frozen=True, slots=True)
class OverdueRegistration:
    """A registration completed more than 24 months ago without a linked study that has a usable result; `n` None: unknown."""

    key: str
    registration: str | None
    completed_on: str
    n: int | None


@dataclass(frozen=True, slots=True)
class PairContext:
    """What every body of a pair shares: overdue registrations, and the participants of controlled studies with a usable result."""

    overdue: tuple[OverdueRegistration, ...] = ()
    controlled_n: int = 0


def judge_publication_bias(body: Body, context: PairContext, thresholds: Thresholds = CURRENT) -> DomainJudgement:
    """Suspected (-1) on any sign: asymmetry in ten or more studies, overdue registrations, only small favourable studies."""
    test = regression_test(body, thresholds)
    found = (_asymmetry(test, thresholds), _overdue(context, thresholds), _only_small_favourable(body, thresholds))
    signs = [sign for sign in found if sign is not None]
    inputs = _inputs(body, context, test, thresholds)
    if not signs:
        return DomainJudgement(Domain.PUBLICATION_BIAS, 0, "publication-bias/undetected", UNDETECTED, inputs=inputs)
    rule, _ = signs[0]
    inputs["signs"] = [name for name, _ in signs]
    return DomainJudgement(Domain.PUBLICATION_BIAS, 1, rule, " ".join(text for _, text in signs), inputs=inputs)


def find_overdue(
    registrations: Iterable[RegistrationInput], condition: str, as_of: date, thresholds: Thresholds = CURRENT
) -> tuple[OverdueRegistration, ...]:
    """The registrations that should have been reported by `as_of`, by key."""
    return tuple(
        OverdueRegistration(row.key, row.registration, row.completed_on, row.n)
        for row in sorted(registrations, key=lambda row: row.key)
        if row.completed_on is not None
        and is_overdue(row.completed_on, as_of, thresholds.overdue_months)
        and not _is_reported(row, condition)
    )


def _is_reported(registration: RegistrationInput, condition: str) -> bool:
    return any(reports_result(study, condition) for study in registration.linked)


def is_overdue(completed_on: str, as_of: date, months: int = CURRENT.overdue_months) -> bool:
    """Whether more than `months` (24, whole years) lie between the completion (a bare month: its first day) and `as_of`."""
    completed = date.fromisoformat(completed_on if len(completed_on) > YEAR_AND_MONTH else f"{completed_on}-01")
    year = completed.year + months // 12
    if year > MAXYEAR:
        return False  # a typing mistake; dates end there
    last_day = calendar.monthrange(year, completed.month)[1]
    return date(year, completed.month, min(completed.day, last_day)) < as_of


def last_overdue_day(as_of: date, months: int = CURRENT.overdue_months) -> date:
    """The latest day of completion that `is_overdue` on `as_of`: those years before its eve, of the last day of a month the last."""
    eve = as_of - timedelta(days=1)
    year, month = eve.year - months // 12, eve.month
    ends_month = eve.day == calendar.monthrange(eve.year, month)[1]
    return date(year, month, calendar.monthrange(year, month)[1] if ends_month else eve.day)


def reports_result(study: StudyInput, condition: str) -> bool:
    """Whether a study (not retracted) has a row for this condition that a body can take: a direction or numbers, no harms, no mixture."""
    counts = study.kind is StudyKind.PRIMARY and study.publication_status not in {PublicationStatus.RETRACTED, PublicationStatus.REGISTERED}
    rows = [row for row in study.results if row.condition == condition and row.outcome != ADVERSE_EVENTS]
    return counts and any(comparator_group(study, row) is not None and is_usable_result(study, row) for row in rows)


def overdue_share(context: PairContext) -> float | None:
    """Participants of overdue registrations over those of controlled studies; None where either cannot be told.

    An unknown enrolment counts as the smallest known one above 0 among the overdue registrations.
    """
    enrolled = overdue_trials(context.overdue).values()
    if not enrolled:
        return 0.0
    smallest = min((n for n in enrolled if n), default=None)
    if context.controlled_n <= 0 or (None in enrolled and smallest is None):
        return None
    missing = sum((smallest or 0) if n is None else n for n in enrolled)
    return round(missing / context.controlled_n, SHARE_DIGITS)


def overdue_trials(overdue: Iterable[OverdueRegistration]) -> dict[str, int | None]:
    """Each trial once, with its enrolment: of several records of one registry number the largest known counts."""
    trials: dict[str, int | None] = {}
    for row in overdue:
        name = row.registration or row.key
        known = [n for n in (trials.get(name), row.n) if n is not None]
        trials[name] = max(known, default=None)
    return trials


def _overdue(context: PairContext, thresholds: Thresholds) -> tuple[str, str] | None:
    share = overdue_share(context)
    if share is not None and share < thresholds.overdue_share:
        return None
    number = len(overdue_trials(context.overdue))
    trials = f"{number} registered {'trial' if number == 1 else 'trials'}"
    if share is None:
        amount = "how much that is cannot be told, for want of participants to compare"
    else:
        whose = "its" if number == 1 else "their"
        amount = f"{whose} participants are {percent(share)} of those in the controlled studies with a usable result"
    return OVERDUE_RULE, f"{trials} ended more than two years ago without a usable result; {amount}."


def _only_small_favourable(body: Body, thresholds: Thresholds) -> tuple[str, str] | None:
    studies = studies_with_numbers(body)
    if body.pooled is None or len(studies) < thresholds.min_small_studies:
        return None
    small = thresholds.small_study_below
    if not all(study.n < small and favours_clearly(study, body.outcome.better) for study in studies):
        return None
    text = f"All {len(studies)} studies are small (fewer than {small} people), and every one clearly favours the treatment."
    return "publication-bias/only-small-favourable", text


def favours_clearly(study: BodyStudy, better: Better) -> bool:
    """Whether the 95 % interval of one study lies wholly on the side of the intervention."""
    if study.ci_low is None or study.ci_high is None:
        return False
    low, high = turned_interval(study.ci_low, study.ci_high, better)
    return low > TOLERANCE * (high - low)


def _asymmetry(test: tuple[str, RegressionTest] | None, thresholds: Thresholds) -> tuple[str, str] | None:
    if test is None or test[1].p >= thresholds.regression_p:
        return None
    text = f"Smaller studies show other results than larger ones ({test[0]} test, p = {test[1].p:.2g})."
    return "publication-bias/small-study-asymmetry", text


def regression_test(body: Body, thresholds: Thresholds = CURRENT) -> tuple[str, RegressionTest] | None:
    """Peters' test for binary outcomes, 1/n for standardised differences, Egger's else; None below ten studies.

    Where events or participants are missing for the special form, Egger's test on the standard error is used.
    """
    studies = studies_with_numbers(body)
    if body.pooled is None or len(studies) < thresholds.min_studies_for_regression:
        return None
    effects, variances = [study.effect or 0.0 for study in studies], [(study.se or 0.0) ** 2 for study in studies]
    special = _special_test(body, studies, effects, variances)
    if special is not None and isinstance(special[1], RegressionTest):
        return special[0], special[1]
    plain = egger(effects, variances)
    return None if isinstance(plain, NotTested) else ("Egger's", plain)


def _special_test(
    body: Body, studies: tuple[BodyStudy, ...], effects: list[float], variances: list[float]
) -> tuple[str, RegressionTest | NotTested] | None:
    if body.measure in RATIO_MEASURES:
        rows = [(s.events_treatment, s.n_treatment, s.events_control, s.n_control) for s in studies]
        if any(None in row for row in rows):
            return None
        return "Peters'", peters(*[[float(value or 0) for value in column] for column in zip(*rows, strict=True)])
    if body.measure is Measure.SMD and all(study.n > 0 for study in studies):
        return "Egger's (1/n)", egger(effects, variances, predictor="1/n", n=[float(study.n) for study in studies])
    return None


def _inputs(body: Body, context: PairContext, test: tuple[str, RegressionTest] | None, thresholds: Thresholds) -> dict[str, object]:
    total = body.n + body.not_usable_n
    return {
        "k_with_numbers": len(studies_with_numbers(body)),
        "regression_test": None if test is None else {"name": test[0], "p": test[1].p, "p_threshold": thresholds.regression_p},
        "regression_needs_studies": thresholds.min_studies_for_regression,
        "overdue_registrations": [row.key for row in context.overdue],
        "overdue_share": overdue_share(context),
        "overdue_share_threshold": thresholds.overdue_share,
        "controlled_n": context.controlled_n,
        "small_below": thresholds.small_study_below,
        "measured_not_usable_n": body.not_usable_n,
        "measured_not_usable_share": round(body.not_usable_n / total, SHARE_DIGITS) if total else None,
    }
