"""Cluster and crossover trials: their standard errors (method, section 1, arms)."""

import math
from dataclasses import replace

from app.synthesis.body import ResultInput, StudyInput
from app.synthesis.conversions import NotConverted, design_effect
from app.synthesis.reported_effect import FROM_ESTIMATE, Effect, NoEffect
from app.synthesis.sample_size import arms_hold_the_same_people
from app.vocabulary import Design

CLUSTER_ICC = 0.05  # method, section 1: cluster trials without an adjusted estimate; Cochrane Handbook 23.1.4
CROSSOVER_CORRELATION = 0.5  # method, section 1: crossover trials without a paired estimate; Cochrane Handbook 23.2.7

UNPAIRED = "unpaired-interval-kept"


def is_paired(study: StudyInput, row: ResultInput) -> bool:
    """Return whether the arms of this result are the same people, so that a correlation has to be assumed."""
    return arms_hold_the_same_people(study, row)


def allows_for_design(row: ResultInput) -> bool:
    """Return whether the printed estimate already allows for clusters or pairs."""
    return row.estimate is not None and row.estimate.adjusted_for_design


def cluster_factor(study: StudyInput) -> float | NoEffect:
    """Return the square root of the design effect 1 + (m - 1) ICC, by which a naive SE is multiplied; 1 without clusters.

    Source: Cochrane Handbook 23.1.4.
    """
    if study.design is not Design.CLUSTER_RANDOMISED:
        return 1.0
    if study.cluster_size is None:
        return NoEffect("cluster-size-unknown", "A cluster trial without an adjusted estimate and without the size of its clusters.")
    factor = design_effect(study.cluster_size, CLUSTER_ICC)
    return NoEffect("cluster-size-unknown", factor.reason) if isinstance(factor, NotConverted) else math.sqrt(factor.value)


def correct_for_clusters(study: StudyInput, row: ResultInput, effect: Effect) -> Effect | NoEffect:
    """Return the effect with its SE times the root of the design effect, unless the printed estimate allows for clusters.

    Printed limits are dropped where the SE was changed: they are those of the naive analysis.
    """
    adjusted = effect.basis == FROM_ESTIMATE and allows_for_design(row)
    if study.design is not Design.CLUSTER_RANDOMISED or adjusted:
        return effect
    factor = cluster_factor(study)
    if isinstance(factor, NoEffect):
        return factor
    formula = f"SE x sqrt(1 + (m - 1) ICC), ICC {CLUSTER_ICC:g}, m = {study.cluster_size:g} (Cochrane Handbook 23.1.4)"
    return replace(effect, se=effect.se * factor, printed_low=None, printed_high=None, converted=(*effect.converted, formula))


def flag_unpaired(study: StudyInput, effect: Effect, row: ResultInput) -> Effect:
    """Return the effect marked when a crossover trial's printed interval ignores the pairs: kept as printed, never narrowed."""
    ignores = study.design is Design.RANDOMISED_CROSSOVER and effect.basis == FROM_ESTIMATE and not allows_for_design(row)
    return replace(effect, flags=(*effect.flags, UNPAIRED)) if ignores else effect


def variance_of_paired(variance_treatment: float, variance_control: float) -> float:
    """Return v1 + v2 - 2 r sqrt(v1 v2): the variance of a difference between two conditions of the same people.

    v1, v2: variances of the two conditions' means, or of the logarithms of their risks or odds; r = 0.5.
    Source: Elbourne 2002, doi 10.1093/ije/31.1.140; Cochrane Handbook 23.2.7.
    """
    covariance = CROSSOVER_CORRELATION * math.sqrt(variance_treatment * variance_control)
    return variance_treatment + variance_control - 2 * covariance
