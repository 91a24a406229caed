"""The reference values in `reference/`, and the one comparison that every test against them makes.

A number agrees when |ours - reference| <= 1e-9 |reference| + 1e-12 s, with s the natural scale of the quantity: the standard
error for effects and limits, the mean variance for tau2, 100 for I2, 0 (no allowance) for p values.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIRECTORY = Path(__file__).parent / "reference"
NOT_A_DATASET = {"conversions", "worked-examples", "exact-tau2"}

RELATIVE = 1e-9
RELATIVE_TINY_P = 1e-7  # p below 1e-200: the tail is a power series of a large argument in R and here alike
TINY_P = 1e-200
ABSOLUTE = 1e-12

Array = NDArray[np.float64]


@cache
def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DIRECTORY / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def dataset_names() -> list[str]:
    return sorted(path.stem for path in DIRECTORY.glob("*.json") if path.stem not in NOT_A_DATASET)


def column(values: list[float | None]) -> Array:
    """A column of a reference file; null becomes NaN."""
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


@dataclass(frozen=True)
class Analysis:
    """One pooled data set: the effects and variances metafor pooled, and what it made of them."""

    dataset: str
    measure: str
    effects: Array
    variances: Array
    block: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.dataset}-{self.measure}"

    @property
    def k(self) -> int:
        return self.effects.size

    @property
    def mean_variance(self) -> float:
        return float(self.variances.mean())


@cache
def analyses() -> tuple[Analysis, ...]:
    return tuple(_analyses())


def _analyses() -> Iterator[Analysis]:
    for name in dataset_names():
        dataset = load(name)
        for measure, block in dataset["analyses"].items():
            source = dataset["inputs"] if measure == "generic" else dataset["escalc"][measure]
            rows = np.array(block["rows"]) - 1
            yield Analysis(name, measure, column(source["yi"])[rows], column(source["vi"])[rows], block)


@dataclass(frozen=True)
class Compared:
    """One number beside its reference."""

    name: str
    ours: float | None
    reference: float
    scale: float = 0.0

    @property
    def agrees(self) -> bool:
        if self.ours is None or not math.isfinite(self.ours):
            return False
        relative = RELATIVE_TINY_P if self.scale == 0.0 and abs(self.reference) < TINY_P else RELATIVE
        return abs(self.ours - self.reference) <= relative * abs(self.reference) + ABSOLUTE * self.scale


def disagreements(compared: list[Compared]) -> list[Compared]:
    return [one for one in compared if not one.agrees]
