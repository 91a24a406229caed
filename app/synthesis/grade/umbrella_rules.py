"""The two rule sets of the software metaumbrella: classes of evidence after Ioannidis, and its GRADE-like option (method, section 8).

Gosling 2023, doi 10.1136/bmjment-2022-300534; classes as in Fusar-Poli and Radua 2018, doi 10.1136/ebmental-2018-300014. The
GRADE-like rules are those of its manual up to version 1.0.11 (1.1.0 has others), and of its code where the manual is silent: what
cannot be computed takes a level. The classes are those of 1.1.0, where class II also asks for the side of the pooled effect. The
manual prints p < 10e-6 and 10e-3 where the code, as the paper, has 1e-6 and 1e-3. Both were made for umbrella reviews, and neither
is GRADE.
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

GRADE_LIKE = RuleSet("metaumbrella GRADE-like", "metaumbrella 1.0.11", "doi 10.1136/bmjment-2022-300534")
CLASSES = RuleSet("Ioannidis classes", "metaumbrella 1.1.0", "doi 10.1136/bmjment-2022-300534; doi 10.1136/ebmental-2018-300014")

# GRADE-like: participants for power 0.80, two-sided alpha 0.05, by the t test: 394 and 64 a group. The manual speaks of the total,
# here in two equal groups; the software takes cases and controls as they are, which asks for more where they differ in number.
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
SIZES_UNKNOWN = "The participants of a study are not known, and these rules look at the largest."


def rate_grade_like(body: Body, shares: BiasShares) -> Alternative:
    """Start high; imprecision 0 to 2, limitations 0 to 2, publication bias 0 or 1, inconsistency 0 or 1. No word of indirectness.

    Where Egger's test or I2 cannot be had (under three studies, one study), that takes the level, as in the software.
    """
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
        return known("publication bias", 1, f"Publication bias: Egger's test cannot be done ({test.reason}), which takes a level.")
    return known("publication bias", int(test.p < EGGER_P_DOWNGRADE), f"Publication bias: Egger's test, p = {test.p:.2g}.")


def _inconsistency(pooled: PooledEffect) -> AlternativeDomain:
    if pooled.i2 is None:
        return known("inconsistency", 1, "Inconsistency: one study has no I², which takes a level.")
    return known("inconsistency", int(pooled.i2 >= I2_DOWNGRADE), f"Inconsistency: I² is {pooled.i2:.0f} %.")


def classify(body: Body) -> Alternative:
    """Class I (convincing) to IV (weak), or ns.

    I: more than 1000 cases, p < 1e-6, I2 < 50 %, prediction interval without null, Egger and excess significance with p > 0.05.
    II: more than 1000 cases, p < 1e-6, the largest study alone excludes null on the same side. III: more than 1000 cases, p < 1e-3.
    IV: p < 0.05. ns: else.
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
    if cases is not None and cases <= MANY_CASES:
        return Alternative(CLASSES, "class-iv", reasons)
    best, worst = _class_with_many_cases(pooled, studies)
    if cases is not None and best == worst:
        return Alternative(CLASSES, best, reasons)
    unknown = (*(reasons[1:] if cases is None else ()), *((SIZES_UNKNOWN,) if best != worst else ()))
    return Alternative(CLASSES, NOT_APPLICABLE, unknown, could_be=(best, "class-iv" if cases is None else worst))


def count_cases(body: Body) -> tuple[float | None, str]:
    """The cases as the software counts them: events for ratios, else the people of the intervention groups; None if not all known."""
    studies = studies_with_numbers(body)
    if body.measure in RATIO_MEASURES:
        return total_events(studies), "events"
    groups = [study.n_treatment for study in studies]
    return None if None in groups else float(sum(n or 0 for n in groups)), "people in the intervention groups"


def largest_study(studies: tuple[BodyStudy, ...]) -> BodyStudy:
    """The study with most participants, of several the one with the smallest effect, as the software picks it."""
    return min(studies, key=lambda study: (-study.n, abs(study.effect or 0.0), study.study.key))


def _class_with_many_cases(pooled: PooledEffect, studies: tuple[BodyStudy, ...]) -> tuple[str, str]:
    """The best and the worst class; they differ where nobody knows which study is the largest."""
    if pooled.p >= P_CLASS_I:
        return "class-iii", "class-iii"
    if any(not study.n_known for study in studies):
        return "class-i", "class-iii"
    if _is_convincing(pooled, studies):
        return "class-i", "class-i"
    largest = largest_study(studies)
    side = _side(largest.ci_low, largest.ci_high)
    found = "class-ii" if side != 0 and side == _side(pooled.ci_low, pooled.ci_high) else "class-iii"
    return found, found


def _is_convincing(pooled: PooledEffect, studies: tuple[BodyStudy, ...]) -> bool:
    if pooled.i2 is None or pooled.i2 >= I2_CLASS_I or _side(pooled.pi_low, pooled.pi_high) == 0:
        return False
    asymmetry = egger(*effects_and_variances(studies))
    return isinstance(asymmetry, RegressionTest) and asymmetry.p > TEST_P and excess_significance_p(studies) > TEST_P


def excess_significance_p(studies: tuple[BodyStudy, ...]) -> float:
    """P(X >= observed significant studies), X binomial(k, mean power) when the effect is that of the largest study.

    Power of a study with standard error se to find |effect| with two-sided alpha 0.05: Phi(|e|/se - z) + Phi(-|e|/se - z).
    Ioannidis and Trikalinos 2007, doi 10.1177/1740774507079441, in its binomial form. The software offers it (binomial, true effect
    that of the largest study); its default in 1.0.11 is another test.
    """
    effects, variances = effects_and_variances(studies)
    errors = [math.sqrt(variance) for variance in variances]
    assumed = abs(effects[studies.index(largest_study(studies))])
    powers = [float(normal_cdf(assumed / se - Z_975) + normal_cdf(-assumed / se - Z_975)) for se in errors]
    power, k = math.fsum(powers) / len(powers), len(powers)
    observed = sum(abs(effect) / se > Z_975 for effect, se in zip(effects, errors, strict=True))
    return min(1.0, math.fsum(math.comb(k, x) * power**x * (1 - power) ** (k - x) for x in range(observed, k + 1)))


def _side(low: float | None, high: float | None) -> int:
    return 0 if low is None or high is None else int(low > 0) - int(high < 0)
