"""What-ifs: what a reader asks for, and what is said of it beside what is stored. Nothing is written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.queries.pair_inputs import load_pair_inputs
from app.synthesis.body import PairInput
from app.synthesis.what_if import WhatIf, is_by
from app.vocabulary import LeavingOut, RiskOfBiasLevel

Json = dict[str, Any]
WITHOUT = {None: frozenset[RiskOfBiasLevel](), LeavingOut.HIGH_RISK: frozenset({RiskOfBiasLevel.HIGH})}


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of a request; None where not given. `mid` is asked of bodies alone."""

    published_until: int | None = None
    without: LeavingOut | None = None
    method: str | None = None
    mid: float | None = None

    @property
    def nothing(self) -> bool:
        return self == NOTHING_ASKED

    def as_what_if(self, stored_method: str) -> WhatIf:
        """The same for the engine; without `method` the stored one counts."""
        return WhatIf(self.published_until, self.mid, WITHOUT[self.without], self.method or stored_method)


NOTHING_ASKED = Asked()


def load_pair(session: Session, condition: str, intervention: str, as_of: date) -> PairInput:
    """All that the rating of a pair may look at, as of a day. Eight queries, whatever the pair."""
    return load_pair_inputs(session, [(condition, intervention)], as_of=as_of)[0]


def records_behind(pair: PairInput, outcome: str | None = None) -> list[str]:
    """The reference records that computing now reads, of one outcome or of all that were measured.

    A stored rating does not follow their edits until it is rated anew.
    """
    measured = {row.outcome for study in pair.studies for row in study.results} if outcome is None else {outcome}
    used = [each for each in pair.outcomes if each.slug in measured]
    instruments = [f"instrument:{instrument.slug}" for each in used for instrument in each.instruments]
    return [*(f"outcome:{each.slug}" for each in used), *instruments, "condition-outcomes:all"]


def what_was_asked(asked: Asked, years: Sequence[tuple[str, int | None]], high_risk: Iterable[str]) -> Json:
    """The parameters, and the studies that they leave out of those given with their years."""
    later = left_out(years, asked.published_until)
    return {
        "published_until": asked.published_until,
        "without": asked.without,
        "method": asked.method,
        "left_out": {**later, "high_risk": sorted(high_risk)},
    }


def left_out(years: Iterable[tuple[str, int | None]], until: int | None) -> Json:
    """Which studies and reviews, given by key and year, a year leaves out; none without one."""
    gone = [(key, year) for key, year in years if until is not None and not is_by(year, until)]
    return {
        "later": sorted(key for key, year in gone if year is not None),
        "unknown_year": sorted(key for key, year in gone if year is None),
    }
