"""The level of a body under other published rule sets, so that a reader sees how much the method matters (method, section 8).

Each is followed as published, on the same pool. A domain whose input is not known is given as a range of levels, never guessed:
the rule set has a level only where the whole range leads to one, and is `not-applicable` with its reason otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.vocabulary import Certainty

NOT_APPLICABLE = "not-applicable"
NOTHING_POOLED = "Nothing is pooled, and these rules are about a pooled effect."
CERTAINTY_BY_DOWNGRADES = (Certainty.HIGH, Certainty.MODERATE, Certainty.LOW, Certainty.VERY_LOW)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A published set of rules: its name, the edition followed, and where it stands."""

    name: str
    version: str
    source: str


@dataclass(frozen=True, slots=True)
class AlternativeDomain:
    """What one domain takes: `least` and `most` differ where an input is not known."""

    name: str
    least: int
    most: int
    reason: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """The level under one rule set: a certainty or a class, or `not-applicable`; `could_be` (best, worst) where it is bounded."""

    rule_set: RuleSet
    level: str
    reasons: tuple[str, ...]
    domains: tuple[AlternativeDomain, ...] = ()
    could_be: tuple[str, str] | None = None


def known(name: str, levels: int, reason: str) -> AlternativeDomain:
    """A domain whose inputs are all known."""
    return AlternativeDomain(name, levels, levels, reason)


def not_applicable(rule_set: RuleSet, reason: str) -> Alternative:
    return Alternative(rule_set, NOT_APPLICABLE, (reason,))


def from_downgrades(rule_set: RuleSet, domains: Sequence[AlternativeDomain], levels: Sequence[Certainty]) -> Alternative:
    """The level that the sum of downgrades leads to; `levels` holds it for 0, 1, 2 ... downgrades, the last for all beyond."""
    best, worst = (levels[min(total, len(levels) - 1)] for total in (sum(d.least for d in domains), sum(d.most for d in domains)))
    unknown = tuple(domain.reason for domain in domains if domain.least != domain.most)
    reasons = tuple(domain.reason for domain in domains)
    if best is worst:
        return Alternative(rule_set, best.value, reasons, tuple(domains))
    return Alternative(rule_set, NOT_APPLICABLE, unknown, tuple(domains), (best.value, worst.value))
