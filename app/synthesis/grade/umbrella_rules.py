"""The two rule sets of the software metaumbrella: classes of evidence after Ioannidis, and its GRADE-like option (method, section 8).

Gosling 2023, doi 10.1136/bmjment-2022-300534; classes as in Fusar-Poli and Radua 2018, doi 10.1136/ebmental-2018-300014; rules as
its manual states them up to version 1.0.11 (version 1.1 has others). Both were made for umbrella reviews, and neither is GRADE.
"""

import math

from app.synthesis.body import Body, BodyStudy, PooledEffect
from app.synthesis.body_study import effects_and_variances
from app.synthesis.distributions import Z_975, normal_cdf
from app.synthesis.grade.alternatives import (
    CERTAINTY_BY_DOWNGRADES,
    NOT_APPLICABLE,
    NOTHING_POOLED,
    Alternative,
    AlternativeDomain,
    RuleSet,
    from_downgrades,
    known,
    not_applicable,
)
from app.synthesis.grade.information_size import total_events
from app.synthesis.grade.judgement import SHARE_DIGITS, people_in_words, percent
from app.synthesis.grade.risk_of_bias import BiasShares
from app.synthesis.grade.weights import studies_with_numbers
from app.synthesis.small_study_effects import RegressionTest, egger
from app.vocabulary import RATIO_MEASURES, RiskOfBiasLevel

VERSION = "metaumbrella 1.0.11"
GRADE_LIKE = RuleSet("metaumbrella GRADE-like", VERSION, "doi 10.1136/bmjment-2022-300534")
CLASSES = RuleSet("Ioannidis classes", VERSION, "doi 10.1136/bmjment-2022-300534; doi 10.1136/ebmental-2018-300014")

# GRADE-like: participants in two equal groups for power 0.80, two-sided alpha 0.05, by the t test: 394 and 64 a group.
ENOUGH_FOR_SMALL = 788  # a standardised difference of 0.20
ENOUGH_FOR_MEDIUM = 128  # 0.50
LOW_RISK_SHARE, LOW_RISK_HALF = 0.75, 0.50
EGGER_P_DOWNGRADE = 0.10
I2_DOWNGRADE = 50.0

# Classes.
MANY_CASES = 1000
P_CLASS_I, P_CLASS_III, P_CLASS_IV = 1e-6, 1e-3, 0.05
I2_CLASS_I = 50.0
TEST_P = 0.05


def rate_grade_like(body: Body, shares: BiasShares) -> Alternative:
    """Start high; imprecision 0 to 2, limitations 0 to 2, publication bias 0 or 1, inconsistency 0 or 1. No word of indirectness."""
    if body.pooled is None:
        return not_applicable(GRADE_LIKE, NOTHING_POOLED)
    studies = studies_with_numbers(body)
    if any(not study.n_known for study in studies):
        return not_applicable(GRADE_LIKE, "The participants of a study are not known, and these rules count them.")
    n = sum(study.n for study in studies)
    domains = (_imprecision(n), _limitations(studies, shares, n), _publication_bias(studies), _inconsistency(body.pooled))
    return from_downgrades(GRADE_LIKE, domains, CERTAINTY_BY_DOWNGRADES)


def _imprecision(n: int) -> AlternativeDomain:
    levels = 0 if n >= ENOUGH_FOR_SMALL else 1 if n >= ENOUGH_FOR_MEDIUM else 2
    needed = f"{ENOUGH_FOR_SMALL} can show a small, {ENOUGH_FOR_MEDIUM} a medium difference"
    return known("imprecision", levels, f"Imprecision: {people_in_words(n)}; {needed}.")


def _limitations(studies: tuple[BodyStudy, ...], shares: BiasShares, n: int) -> AlternativeDomain:
    at_low = sum(study.n for study in studies if shares.levels[study.study.key].level is RiskOfBiasLevel.LOW)
    share = round(at_low / n, SHARE_DIGITS) if n else 0.0
    levels = 0 if share >= LOW_RISK_SHARE else 1 if share >= LOW_RISK_HALF else 2
    return known("limitations", levels, f"Limitations: {percent(share)} of the participants are in studies at low risk of bias.")


def _publication_bias(studies: tuple[BodyStudy, ...]) -> AlternativeDomain:
    test = egger(*effects_and_variances(studies))
    if not isinstance(test, RegressionTest):
        return AlternativeDomain("publication bias", 0, 1, f"Publication bias: Egger's test cannot be done ({test.reason}).")
    return known("publication bias", int(test.p < EGGER_P_DOWNGRADE), f"Publication bias: Egger's test, p = {test.p:.2g}.")


def _inconsistency(pooled: PooledEffect) -> AlternativeDomain:
    if pooled.i2 is None:
        return known("inconsistency", 0, "Inconsistency: one study, nothing to differ from.")
    return known("inconsistency", int(pooled.i2 >= I2_DOWNGRADE), f"Inconsistency: I² is {pooled.i2:.0f} %.")


def classify(body: Body) -> Alternative:
    """Class I (convincing) to IV (weak), or ns.

    I: more than 1000 cases, p < 1e-6, I2 < 50 %, prediction interval without null, Egger and excess significance with p > 0.05.
    II: more than 1000 cases, p < 1e-6, the most precise study alone excludes null on the same side. III: more than 1000 cases,
    p < 1e-3. IV: p < 0.05. ns: else.
    """
    if body.pooled is None:
        return not_applicable(CLASSES, NOTHING_POOLED)
    pooled, studies = body.pooled, studies_with_numbers(body)
    cases, what = count_cases(body)
    reasons = (f"p of the pooled effect: {pooled.p:.2g}.", f"Cases ({what}): {'not known' if cases is None else f'{cases:g}'}.")
    if pooled.p >= P_CLASS_IV:
        return Alternative(CLASSES, "class-ns", reasons[:1])
    if pooled.p >= P_CLASS_III:
        return Alternative(CLASSES, "class-iv", reasons[:1])
    with_many = _class_with_many_cases(pooled, studies)
    if cases is None:
        return Alternative(CLASSES, NOT_APPLICABLE, reasons[1:], could_be=(with_many, "class-iv"))
    return Alternative(CLASSES, with_many if cases > MANY_CASES else "class-iv", reasons)


def count_cases(body: Body) -> tuple[float | None, str]:
    """The cases as the software counts them: events for ratios, else the people of the intervention groups; None if not all known."""
    studies = studies_with_numbers(body)
    if body.measure in RATIO_MEASURES:
        return total_events(studies), "events"
    groups = [study.n_treatment for study in studies]
    return None if None in groups else float(sum(n or 0 for n in groups)), "people in the intervention groups"


def _class_with_many_cases(pooled: PooledEffect, studies: tuple[BodyStudy, ...]) -> str:
    if pooled.p >= P_CLASS_I:
        return "class-iii"
    if _is_convincing(pooled, studies):
        return "class-i"
    largest = min(studies, key=lambda study: (study.se or math.inf, study.study.key))
    side = _side(largest.ci_low, largest.ci_high)
    return "class-ii" if side != 0 and side == _side(pooled.ci_low, pooled.ci_high) else "class-iii"


def _is_convincing(pooled: PooledEffect, studies: tuple[BodyStudy, ...]) -> bool:
    if pooled.i2 is None or pooled.i2 >= I2_CLASS_I or _side(pooled.pi_low, pooled.pi_high) == 0:
        return False
    asymmetry = egger(*effects_and_variances(studies))
    return isinstance(asymmetry, RegressionTest) and asymmetry.p > TEST_P and excess_significance_p(studies) > TEST_P


def excess_significance_p(studies: tuple[BodyStudy, ...]) -> float:
    """P(X >= observed significant studies), X binomial(k, mean power) when the effect is that of the most precise study.

    Power of a study with standard error se to find |effect| with two-sided alpha 0.05: Phi(|e|/se - z) + Phi(-|e|/se - z).
    Ioannidis and Trikalinos 2007, doi 10.1177/1740774507079441, in its binomial form.
    """
    effects, variances = effects_and_variances(studies)
    errors = [math.sqrt(variance) for variance in variances]
    assumed = abs(effects[errors.index(min(errors))])
    powers = [float(normal_cdf(assumed / se - Z_975) + normal_cdf(-assumed / se - Z_975)) for se in errors]
    power, k = math.fsum(powers) / len(powers), len(powers)
    observed = sum(abs(effect) / se > Z_975 for effect, se in zip(effects, errors, strict=True))
    return min(1.0, math.fsum(math.comb(k, x) * power**x * (1 - power) ** (k - x) for x in range(observed, k + 1)))


def _side(low: float | None, high: float | None) -> int:
    return 0 if low is None or high is None else int(low > 0) - int(high < 0)
