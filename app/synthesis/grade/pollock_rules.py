"""The algorithm for overviews of reviews (method, section 8).

Pollock 2016, doi 10.1016/j.jclinepi.2015.08.013, table 2: participants, risk of bias of the trials, heterogeneity, quality of the
review. The paper also has a formula from the number of downgrades to a level, outside that table. We could not hold ours to it,
so the downgrades are shown and no level is given.
"""

from app.synthesis.body import Body
from app.synthesis.grade.alternatives import NOT_APPLICABLE, NOTHING_POOLED, Alternative, AlternativeDomain, RuleSet, known, not_applicable
from app.synthesis.grade.inconsistency import i2_from
from app.synthesis.grade.judgement import SHARE_DIGITS, people_in_words, percent
from app.synthesis.grade.risk_of_bias import BiasShares
from app.synthesis.grade.weights import studies_with_numbers
from app.vocabulary import DesignLevel, RiskOfBiasLevel

POLLOCK = RuleSet("Pollock 2016", "table 2, downgrades without a level", "doi 10.1016/j.jclinepi.2015.08.013")
MANY_PARTICIPANTS, SOME_PARTICIPANTS = 200, 100
LOW_RISK_SHARE = 0.75
I2_LIMIT = 75.0
AMSTAR_QUESTIONS = 4
NO_LEVEL = "The step from downgrades to a level has not been checked against the paper, so no level is given"


def rate_by_pollock(body: Body, shares: BiasShares, amstar_yes: int | None = None) -> Alternative:
    """The downgrades of table 2; `amstar_yes`: how many of AMSTAR questions 1 to 4 are a yes, None if nobody answered them.

    The algorithm asks for low risk of bias in randomisation and in blinding of observers. A study at low risk overall is at low
    risk in both; of others it is not recorded, and what is not recorded counts as not low, as published.
    """
    if body.pooled is None:
        return not_applicable(POLLOCK, NOTHING_POOLED)
    if body.design_level is not DesignLevel.RANDOMISED:
        return not_applicable(POLLOCK, "The algorithm is for randomised trials.")
    studies = studies_with_numbers(body)
    if any(not study.n_known for study in studies):
        return not_applicable(POLLOCK, "The participants of a study are not known, and the algorithm counts them.")
    n = sum(study.n for study in studies)
    at_low = sum(study.n for study in studies if shares.levels[study.study.key].level is RiskOfBiasLevel.LOW)
    domains = (_participants(n), _risk_of_bias(at_low, n), _heterogeneity(body), _review(amstar_yes))
    reasons = (f"{NO_LEVEL}; downgrades: {_sum_in_words(domains)}.", *(domain.reason for domain in domains))
    return Alternative(POLLOCK, NOT_APPLICABLE, reasons, domains)


def _sum_in_words(domains: tuple[AlternativeDomain, ...]) -> str:
    least, most = sum(domain.least for domain in domains), sum(domain.most for domain in domains)
    return f"{least}" if least == most else f"{least} to {most}"


def _participants(n: int) -> AlternativeDomain:
    levels = 0 if n >= MANY_PARTICIPANTS else 1 if n >= SOME_PARTICIPANTS else 2
    return known("imprecision", levels, f"Imprecision: {people_in_words(n)}; limits {MANY_PARTICIPANTS} and {SOME_PARTICIPANTS}.")


def _risk_of_bias(at_low: int, n: int) -> AlternativeDomain:
    share = round(at_low / n, SHARE_DIGITS) if n else 0.0
    text = f"Trial quality: {percent(share)} of the participants are in trials known to be at low risk of bias."
    return known("trial quality", int(share < LOW_RISK_SHARE), text)


def _heterogeneity(body: Body) -> AlternativeDomain:
    if body.pooled is None or body.pooled.k == 1:
        return known("inconsistency", 0, "Inconsistency: one trial takes nothing.")
    i2 = i2_from(body.pooled)
    return known("inconsistency", int(i2 > I2_LIMIT), f"Inconsistency: I² is {i2:.0f} %.")


def _review(amstar_yes: int | None) -> AlternativeDomain:
    if amstar_yes is None:
        text = "Review quality: AMSTAR questions 1 to 4 are about a published review; nobody answered them for this body."
        return AlternativeDomain("review quality", 0, 2, text)
    levels = 0 if amstar_yes == AMSTAR_QUESTIONS else 1 if amstar_yes == AMSTAR_QUESTIONS - 1 else 2
    return known("review quality", levels, f"Review quality: {amstar_yes} of {AMSTAR_QUESTIONS} AMSTAR questions answered yes.")
