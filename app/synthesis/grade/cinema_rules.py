"""CINeMA-style confidence in one pairwise pool (method, section 8).

Nikolakopoulou 2020, doi 10.1371/journal.pmed.1003082; Papakonstantinou 2020, doi 10.1002/cl2.1080: limits as in the software
from 1.5 of May 2019 on (null and the clinically important value further from the estimate). So an interval that holds null counts
one even if it lies inside the range of little difference, where the papers, as this method, see no concern. Of the three rules for
within-study bias and indirectness (majority, average, highest) the average, halves rounded up. Each domain has no, some or major
concerns, which take 0, 1 or 2 levels; CINeMA leaves the last step to reviewers, who are not to count related domains twice, so the
plain sum here is the cautious end. A pairwise pool is not a network: incoherence has nothing to compare.
"""

import math

from app.synthesis.body import Body
from app.synthesis.grade.alternatives import NOTHING_POOLED, Alternative, AlternativeDomain, RuleSet, from_downgrades, known, not_applicable
from app.synthesis.grade.certainty import CERTAINTY_OF_LEVEL
from app.synthesis.grade.crossings import BenefitView, benefit_view, count_crossed, limits_of_imprecision
from app.synthesis.grade.indirectness import directness_score
from app.synthesis.grade.judgement import SHARE_DIGITS
from app.synthesis.grade.risk_of_bias import CAUTION, BiasShares
from app.synthesis.grade.weights import studies_with_numbers

CINEMA = RuleSet("CINeMA-style", "software 1.9, October 2019", "doi 10.1371/journal.pmed.1003082; doi 10.1002/cl2.1080")
CONCERNS = ("no concerns", "some concerns", "major concerns")
SOME_FROM, MAJOR_FROM = 1.5, 2.5  # the mean score of 1 (low), 2 and 3 (high), rounded
MOST_CONCERNS = 2
NO_MID = "There is no smallest difference that matters, and these rules cannot do without."


def rate_by_cinema(body: Body, start: int, shares: BiasShares, publication_bias: int) -> Alternative:
    """The confidence, starting at `start` (the level of the design, 4 for trials).

    Within-study bias and indirectness: mean score by contribution to the pool. Reporting bias: `publication_bias`, as judged by
    this method; CINeMA leaves it to the reviewer.
    """
    view = benefit_view(body)
    if body.pooled is None or view is None:
        return not_applicable(CINEMA, NOTHING_POOLED)
    if view.mid is None:
        return not_applicable(CINEMA, NO_MID)
    entries = studies_with_numbers(body)
    bias = [CAUTION[shares.levels[entry.study.key].level] + 1 for entry in entries]
    indirect = [directness_score(entry.directness) for entry in entries]
    domains = (
        _by_mean_score("within-study bias", bias, body.pooled.weights),
        known("reporting bias", publication_bias, f"Reporting bias: {CONCERNS[publication_bias]}, as judged by this method."),
        _by_mean_score("indirectness", indirect, body.pooled.weights),
        _imprecision(view),
        _heterogeneity(view, body.pooled.k),
        known("incoherence", 0, "Incoherence: no network, so direct and indirect evidence cannot disagree."),
    )
    return from_downgrades(CINEMA, domains, [CERTAINTY_OF_LEVEL[level] for level in range(start, 0, -1)])


def count_ci_crossings(view: BenefitView) -> int:
    """How many of null and the important value on the other side lie strictly inside the confidence interval."""
    return count_crossed(limits_of_imprecision(view), view.ci_low, view.ci_high)


def _by_mean_score(name: str, scores: list[int], weights: tuple[float, ...]) -> AlternativeDomain:
    mean = round(math.fsum(weight * score for weight, score in zip(weights, scores, strict=True)), SHARE_DIGITS)
    levels = 0 if mean < SOME_FROM else 1 if mean < MAJOR_FROM else MOST_CONCERNS
    return known(name, levels, f"{name.capitalize()}: mean score {mean:.2f} of 1 to 3, {CONCERNS[levels]}.")


def _imprecision(view: BenefitView) -> AlternativeDomain:
    crossings = count_ci_crossings(view)
    text = f"Imprecision: the confidence interval crosses {crossings} of the two limits, {CONCERNS[crossings]}."
    return known("imprecision", crossings, text)


def _heterogeneity(view: BenefitView, k: int) -> AlternativeDomain:
    ci_crossings = count_ci_crossings(view)
    if k == 1:
        return known("heterogeneity", 0, "Heterogeneity: one study, nothing to differ from.")
    if view.pi_low is None or view.pi_high is None:
        text = "Heterogeneity: two studies have no prediction interval, which these rules compare with the confidence interval."
        return AlternativeDomain("heterogeneity", 0, MOST_CONCERNS - ci_crossings, text)
    pi_crossings = count_crossed(limits_of_imprecision(view), view.pi_low, view.pi_high)
    levels = max(0, pi_crossings - ci_crossings)
    text = (
        f"Heterogeneity: the prediction interval crosses {pi_crossings} limits, the confidence interval {ci_crossings}, {CONCERNS[levels]}."
    )
    return known("heterogeneity", levels, text)
