"""A curator's view of one domain, kept beside the computed judgement; the effective level comes of both (method, section 8).

The full GRADE process is a panel's judgement (GRADE guidelines 1, Guyatt 2011, doi 10.1016/j.jclinepi.2010.04.026). An
appraisal never replaces what was computed: both are served, with who said so, when and why.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from app.synthesis.body import Body
from app.synthesis.grade.certainty import CERTAINTY_OF_LEVEL, BodyCertainty, capped_sum, clamp, under_ceiling
from app.synthesis.grade.judgement import CONCERNS, DomainJudgement
from app.synthesis.grade.thresholds import CURRENT, Thresholds
from app.synthesis.grade.upgrades import Upgrade, judge_upgrades
from app.vocabulary import Certainty, Concern, Domain

MOST_LEVELS = {
    Domain.RISK_OF_BIAS: 2,
    Domain.INCONSISTENCY: 2,
    Domain.INDIRECTNESS: 2,
    Domain.IMPRECISION: 3,
    Domain.PUBLICATION_BIAS: 1,
}
"""The most that a domain can take, as when it is computed; three for imprecision: GRADE guidelines 34 (Zeng 2022)."""


@dataclass(frozen=True, slots=True)
class Appraisal:
    """What a curator says of one domain of one body: levels taken (0 to the most of the domain), why, who and when."""

    domain: Domain
    levels: int
    rationale: str
    author: str
    made_on: date
    stands_on_current_inputs: bool = True
    """False: the computed judgement is now made of other numbers or studies than its author had before him. It counts all the same."""


@dataclass(frozen=True, slots=True)
class AppraisedDomain:
    """One domain: as computed, the appraisal that stands beside it (None: nobody appraised it), and the levels that count."""

    computed: DomainJudgement
    appraisal: Appraisal | None
    levels: int

    @property
    def concern(self) -> Concern:
        """FHIR's word for the levels that count."""
        return CONCERNS[self.levels]


@dataclass(frozen=True, slots=True)
class RefusedAppraisal:
    """An appraisal that was not used, and why."""

    appraisal: Appraisal
    reason: str


@dataclass(frozen=True, slots=True)
class AppraisedCertainty:
    """The certainty as computed and as it counts once the curators' appraisals are read; equal where there is none."""

    computed: BodyCertainty
    domains: tuple[AppraisedDomain, ...]
    levels_taken: int
    upgrades: tuple[Upgrade, ...]
    certainty: Certainty
    earlier: tuple[Appraisal, ...] = ()
    """Appraisals that a later one of the same domain has replaced."""
    refused: tuple[RefusedAppraisal, ...] = ()

    @property
    def is_appraised(self) -> bool:
        return any(domain.appraisal is not None for domain in self.domains)


def appraise(body: Body, computed: BodyCertainty, appraisals: Iterable[Appraisal], thresholds: Thresholds = CURRENT) -> AppraisedCertainty:
    """Lay the appraisals of a body beside its computed certainty and conclude again by the same rule.

    Of several appraisals of one domain the latest counts, on one day the more cautious. Caps, ceiling and rating up work on
    the effective levels. Invalid appraisals are listed with the reason and change nothing.
    """
    rows = list(appraisals)
    refused = tuple(RefusedAppraisal(row, reason) for row in rows if (reason := why_refused(row)) is not None)
    valid = sorted((row for row in rows if why_refused(row) is None), key=lambda row: (row.made_on, row.levels, row.author, row.rationale))
    latest = {row.domain: row for row in valid}
    domains = tuple(_beside(judgement, latest) for judgement in computed.judgements)
    taken = capped_sum({domain.computed.domain: domain.levels for domain in domains}, thresholds)
    upgrades = judge_upgrades(body, taken, thresholds)
    level = clamp(computed.start.level - taken + sum(upgrade.levels for upgrade in upgrades))
    return AppraisedCertainty(
        computed=computed,
        domains=domains,
        levels_taken=taken,
        upgrades=upgrades,
        certainty=CERTAINTY_OF_LEVEL[under_ceiling(body, level, thresholds)],
        earlier=tuple(row for row in valid if row is not latest[row.domain]),
        refused=refused,
    )


def why_refused(appraisal: Appraisal) -> str | None:
    """Why an appraisal cannot be used, None where it can."""
    most = MOST_LEVELS[appraisal.domain]
    if not 0 <= appraisal.levels <= most:
        return f"{appraisal.domain} takes 0 to {most} levels, not {appraisal.levels}."
    if not appraisal.rationale.strip():
        return "An appraisal needs its rationale."
    return None if appraisal.author.strip() else "An appraisal needs its author."


def appraisal_to_json(appraised: AppraisedCertainty) -> dict[str, object]:
    """Both certainties, and for each domain the computed levels, the appraisal and the effective levels; JSON-safe."""
    return {
        "computed": appraised.computed.certainty.value,
        "effective": appraised.certainty.value,
        "is_appraised": appraised.is_appraised,
        "levels_total": appraised.levels_taken,
        "upgrades": [upgrade.rule for upgrade in appraised.upgrades],
        "domains": {domain.computed.domain.value: _domain_to_json(domain) for domain in appraised.domains},
        "earlier": [_to_json(row) for row in appraised.earlier],
        "refused": [{**_to_json(row.appraisal), "reason": row.reason} for row in appraised.refused],
    }


def _beside(judgement: DomainJudgement, latest: Mapping[Domain, Appraisal]) -> AppraisedDomain:
    appraisal = latest.get(judgement.domain)
    return AppraisedDomain(judgement, appraisal, judgement.levels if appraisal is None else appraisal.levels)


def _domain_to_json(domain: AppraisedDomain) -> dict[str, object]:
    return {
        "computed_levels": domain.computed.levels,
        "override": None if domain.appraisal is None else _to_json(domain.appraisal),
        "effective_levels": domain.levels,
        "effective_concern": domain.concern.value,
    }


def _to_json(appraisal: Appraisal) -> dict[str, object]:
    return {
        "domain": appraisal.domain.value,
        "levels": appraisal.levels,
        "rationale": appraisal.rationale,
        "author": appraisal.author,
        "date": appraisal.made_on.isoformat(),
        "stands_on_current_inputs": appraisal.stands_on_current_inputs,
    }
