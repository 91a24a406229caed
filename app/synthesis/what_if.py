"""What if? The same rules on other terms: an earlier literature, another smallest difference that matters, without some studies.

Nothing here is kept. Everything that is not asked for stays: the pair's eligible studies, and with `without` what is overdue or was
measured to no use.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from app.synthesis.assembly import Assembly, assemble_bodies
from app.synthesis.body import Body, MidOnScale, PairInput, StudyInput
from app.synthesis.grade.publication_bias import PairContext
from app.synthesis.grade.thresholds import CURRENT_METHOD, thresholds_of
from app.synthesis.place import Terms
from app.synthesis.rated_body import RatedBody, effect_unit
from app.synthesis.rating import PairRating, pair_context, rate_assembly
from app.vocabulary import RATIO_MEASURES, MidStanding, RiskOfBiasLevel

NOTHING_TO_JUDGE = "Nothing is pooled here, so no difference can be judged against `mid`: it changes nothing."
RATIO_ABOVE_ONE = "The effect of this body is a ratio: `mid` has to be a ratio above 1, such as 1.25."


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What to change. `mid`: on the natural scale of the body at hand (units of its instrument, SD, or a ratio above 1)."""

    published_until: int | None = None
    mid: float | None = None
    without: frozenset[RiskOfBiasLevel] = frozenset()
    method: str = CURRENT_METHOD


@dataclass(frozen=True, slots=True)
class OnOtherTerms:
    """A pair rated on other terms, with all that an explanation of it needs."""

    pair: PairInput
    assembly: Assembly
    context: PairContext
    rating: PairRating

    def find_body(self, body_id: str) -> RatedBody | None:
        return next((row for row in self.rating.bodies if row.body.id == body_id), None)

    def left_out_of(self, body_id: str | None = None) -> list[str]:
        """Keys of the studies that `without` keeps out of this body, or of any."""
        return sorted({key for body, key in self.assembly.left_out if body_id in (None, body)})


@dataclass(frozen=True, slots=True)
class UnfitMid:
    """Why a number cannot be the smallest difference that matters of this body."""

    reason: str


def rate_on(pair: PairInput, asked: WhatIf) -> OnOtherTerms:
    """Rate a pair on other terms, `mid` aside. LookupError for a method version that this engine does not know.

    An earlier literature is rated as of the end of its year, or the pair's own day where that is earlier.
    """
    then = pair if asked.published_until is None else published_until(pair, asked.published_until)
    return _rate(then, assemble_bodies(then, Terms(thresholds_of(asked.method), asked.without)), asked.method)


def rate_what_if(pair: PairInput, asked: WhatIf, body_id: str) -> OnOtherTerms | UnfitMid:
    """Rate a pair on other terms, with `asked.mid` as the smallest difference that matters of one body."""
    found = rate_on(pair, asked)
    rated = found.find_body(body_id)
    if asked.mid is None or rated is None:
        return found
    changed = with_mid(rated.body, asked.mid)
    if isinstance(changed, UnfitMid):
        return changed
    bodies = tuple(changed if body.id == body_id else body for body in found.assembly.bodies)
    return _rate(found.pair, replace(found.assembly, bodies=bodies), asked.method)


def _rate(pair: PairInput, assembly: Assembly, method: str) -> OnOtherTerms:
    context = pair_context(pair, assembly, thresholds_of(method))
    return OnOtherTerms(pair, assembly, context, rate_assembly(pair, assembly, context, method))


def published_until(pair: PairInput, year: int) -> PairInput:
    """The pair as the literature stood: studies of that year and earlier, also among those that report a registration."""
    registrations = tuple(replace(row, linked=_by_then(row.linked, year)) for row in pair.registrations)
    as_of = min(pair.as_of, date(year, 12, 31))
    return replace(pair, as_of=as_of, studies=_by_then(pair.studies, year), registrations=registrations)


def is_by(published: int | None, year: int) -> bool:
    """Whether something was published by the end of a year; of an unknown year nobody can say so."""
    return published is not None and published <= year


def with_mid(body: Body, value: float) -> Body | UnfitMid:
    """The body with `value` > 0 as its MID: units of the instrument (MD), SD (SMD), or a ratio above 1, taken as its logarithm.

    It counts as provisional, and the information size follows it: max(400, 4 (z.975 + z.80)^2 (SD / m)^2), SD 1 for an SMD. A body
    without a pooled effect stays as it is.
    """
    if body.pooled is None:
        return body
    if body.measure in RATIO_MEASURES and value <= 1:
        return UnfitMid(RATIO_ABOVE_ONE)
    on_scale = math.log(value) if body.measure in RATIO_MEASURES else value
    unit = effect_unit(body)
    source = f"as asked: {value:g}" if unit in (None, "ratio") else f"as asked: {value:g} {unit}"
    return replace(body, mid=MidOnScale(on_scale, source, MidStanding.PROVISIONAL))


def _by_then(studies: Iterable[StudyInput], year: int) -> tuple[StudyInput, ...]:
    return tuple(study for study in studies if is_by(study.year, year))
