"""Pools that are asked for first and made all at once, for as many bodies as there are (method, section 2)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from app.synthesis.body import BodyStudy, NotPooled, PooledEffect
from app.synthesis.body_study import NO_NUMBERS, as_printed, effects_and_variances, with_numbers
from app.synthesis.pool_many import pool_many
from app.synthesis.pooling_model import BY_METHOD, PoolingModel


@dataclass(frozen=True, slots=True)
class Ticket:
    """The place of a pool among those asked for with one model, of how many studies; `alone` is the study, if there is but one."""

    model: PoolingModel
    place: int
    studies: int
    alone: BodyStudy | None


class Pools:
    """What became of the pools asked for."""

    def __init__(self, rows: dict[PoolingModel, tuple[PooledEffect | NotPooled, ...]]) -> None:
        self._rows = rows

    def of(self, ticket: Ticket) -> PooledEffect | NotPooled:
        """Return a pool as `body_study.pool_studies` would."""
        if ticket.studies == 0:
            return NotPooled(NO_NUMBERS)
        pooled = self._rows[ticket.model][ticket.place]
        return pooled if ticket.alone is None or isinstance(pooled, NotPooled) else as_printed(pooled, ticket.alone)


class PoolRequests:
    """A list of the studies to be pooled, one entry for each pool."""

    def __init__(self) -> None:
        self._asked: dict[PoolingModel, list[tuple[list[float], list[float]]]] = defaultdict(list)

    def ask(self, studies: Sequence[BodyStudy], model: PoolingModel = BY_METHOD) -> Ticket:
        """Ask for the pool of those of the studies that have numbers."""
        entries = with_numbers(studies)
        asked = self._asked[model]
        asked.append(effects_and_variances(entries))
        return Ticket(model, len(asked) - 1, len(entries), entries[0] if len(entries) == 1 else None)

    def pool_all(self) -> Pools:
        """Make every pool asked for, those of one model in one call."""
        rows = {
            model: pool_many([effects for effects, _ in asked], [variances for _, variances in asked], model).rows()
            for model, asked in self._asked.items()
        }
        return Pools(rows)
