"""How stable is the level of a body? The share of each level over a grid of defensible choices (method, section 8).

The grid: the MID at half, once and one and a half times its size; every study left out in turn, and none; the share of weight
at low risk of bias that is enough. Nothing else changes, not even what the rest of the pair says of unreported trials.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.synthesis.grade.certainty import CERTAINTY_OF_LEVEL
from app.synthesis.grade.level_parts import LevelParts, level_of, levels_on_grid
from app.synthesis.grade.thresholds import Thresholds
from app.vocabulary import Certainty

MID_FACTORS = (0.5, 1.0, 1.5)
LOW_SHARE_CUTS = (0.65, 0.75, 0.85)
CERTAINTIES = tuple(CERTAINTY_OF_LEVEL[level] for level in (4, 3, 2, 1))


@dataclass(frozen=True, slots=True)
class Cell:
    """One choice of the grid and the level it gives, 1 to 4; `left_out` None: every study counts."""

    mid_factor: float
    left_out: str | None
    low_share_enough: float
    level: int


@dataclass(frozen=True, slots=True)
class Stability:
    """All cells, and the share of them at each level; shares sum to 1. `same` is the share at the level as computed."""

    computed: int
    cells: tuple[Cell, ...]
    shares: Mapping[Certainty, float]
    same: float


def measure_stability(whole: LevelParts, left_out: Mapping[str, LevelParts]) -> Stability:
    """The stability of a body; `left_out` holds its parts without each study, empty where a single study leaves nothing over."""
    versions: list[tuple[str | None, LevelParts]] = [(None, whole), *left_out.items()]
    variants = [replace(whole.thresholds, low_share_enough=cut) for cut in LOW_SHARE_CUTS]
    cells = [cell for key, parts in versions for cell in _cells(key, parts, variants)]
    return summarise(level_of(whole), cells)


def summarise(computed: int, cells: Iterable[Cell]) -> Stability:
    """The shares of a set of cells, of which there is at least one."""
    all_cells = tuple(cells)
    counts = {certainty: sum(CERTAINTY_OF_LEVEL[cell.level] is certainty for cell in all_cells) for certainty in CERTAINTIES}
    shares = {certainty: count / len(all_cells) for certainty, count in counts.items()}
    return Stability(computed, all_cells, shares, shares[CERTAINTY_OF_LEVEL[computed]])


def lowest_of(bodies: Iterable[Stability]) -> Stability:
    """The stability of a rating that rests on several bodies: in every cell the lowest level among them.

    A study is left out of every body that it belongs to; a body that does not rest on it keeps its level.
    """
    stabilities = list(bodies)
    tables = [{(cell.mid_factor, cell.left_out, cell.low_share_enough): cell.level for cell in each.cells} for each in stabilities]
    keys = list(dict.fromkeys(key for table in tables for key in table))
    cells = [Cell(*key, min(table.get(key, table[key[0], None, key[2]]) for table in tables)) for key in keys]
    return summarise(min(each.computed for each in stabilities), cells)


def _cells(left_out: str | None, parts: LevelParts, variants: Sequence[Thresholds]) -> list[Cell]:
    return [
        Cell(factor, left_out, variant.low_share_enough, level)
        for factor, levels in zip(MID_FACTORS, levels_on_grid(parts, MID_FACTORS, variants), strict=True)
        for variant, level in zip(variants, levels, strict=True)
    ]
