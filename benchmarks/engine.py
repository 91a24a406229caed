"""The rating engine's pooling beside metafor, PyMARE and statsmodels, and against itself: `python benchmarks/engine.py` prints a table.

Every figure is CPU time of one process with one thread, the median of rounds in which all take their turn. The data are made
here, from a fixed seed, and handed to R as text, so that all fit the same numbers; before anything is timed, the fits are
compared. What is missing on the machine is left out and named. How to install it: benchmarks/README.md.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_threads] = "1"  # read when NumPy is loaded, below

import numpy as np  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.synthesis.body import PairInput  # noqa: E402
from app.synthesis.explanation import explain  # noqa: E402
from app.synthesis.pool_many import pool_many  # noqa: E402
from app.synthesis.pooling import leave_one_out, pool  # noqa: E402
from app.synthesis.pooling_model import PoolingModel  # noqa: E402
from app.synthesis.rating import rate_many, rate_one_body  # noqa: E402
from tests.synthesis.factories import arm, pair, study, with_estimate  # noqa: E402

R_SCRIPT = Path(__file__).with_name("metafor.R")
SEED = 20261122
BODIES = 10_000
STUDIES = 20
DATA_SETS = 25  # of k = 20; one fit may be luckier than another
PAIRS = 200  # rated in one call
PAIN_BODY = "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"  # of the pairs that the tests' factories make
WITHOUT_TAU2_INTERVAL = PoolingModel(tau2_interval=False)
SAME = 1e-4  # relative; the others stop their iteration at tolerances of their own

Column = np.ndarray[Any, np.dtype[np.float64]]
Bodies = list[tuple[Column, Column]]


def make_bodies(rng: np.random.Generator, sizes: list[int]) -> Bodies:
    """Standardised mean differences of trials with 20 to 300 people, tau2 between 0 and 0.2."""
    bodies = []
    for k in sizes:
        v = 4 / rng.uniform(20, 300, k)
        bodies.append((rng.normal(0.3, np.sqrt(v + rng.choice([0.0, 0.02, 0.05, 0.2]))), v))
    return bodies


def make_pair(rng: np.random.Generator, k: int) -> PairInput:
    """A condition and an intervention with one body: trials of 40 people that print a mean difference in pain with its limits."""
    trials = []
    for i in range(k):
        value, half_width = float(rng.normal(-9, 4)), float(rng.uniform(4, 14))
        row = with_estimate(value, value - half_width, value + half_width, treatment=arm(20), control=arm(20))
        trials.append(study(row, key=f"trial-{i}"))
    return pair(*trials)


def seconds_each(work: Callable[[], object], times: int) -> float:
    start = process_time()
    for _ in range(times):
        work()
    return (process_time() - start) / times


class Engine:
    """This project's engine."""

    def __init__(self, twenty: Bodies, ten: Bodies, ragged: Bodies, pairs: list[PairInput], explained: PairInput) -> None:
        self.twenty, self.ten, self.ragged, self.pairs = twenty, ten, ragged, pairs
        found = rate_one_body(explained, PAIN_BODY)
        if found is None:
            raise LookupError(PAIN_BODY)
        self.rated, self.context = found

    def estimates(self, tau2_method: str, *, guard: bool) -> list[tuple[float, float]]:
        effects, variances = map(list, zip(*self.twenty, strict=True))
        fitted = pool_many(effects, variances, PoolingModel(tau2_method, guard=guard, tau2_interval=False))
        return list(zip(fitted.estimate.tolist(), fitted.se.tolist(), strict=True))

    def round(self) -> dict[str, float]:
        def fit_all(**options: Any) -> Callable[[], object]:
            return lambda: [pool(y, v, **options) for y, v in self.twenty]

        def batch(bodies: Bodies, model: PoolingModel) -> Callable[[], object]:
            effects, variances = map(list, zip(*bodies, strict=True))
            return lambda: pool_many(effects, variances, model)

        y, v = self.twenty[0]
        one_fit = seconds_each(fit_all(tau2_interval=False), 20) / DATA_SETS
        return {
            "one fit": one_fit,
            "one fit, metafor without PI": one_fit,
            "one fit + Q-profile": seconds_each(fit_all(), 10) / DATA_SETS,
            "one fit, Paule-Mandel": seconds_each(fit_all(tau2_method="PM", tau2_interval=False), 10) / DATA_SETS,
            "batch k = 10": seconds_each(batch(self.ten, WITHOUT_TAU2_INTERVAL), 3) / BODIES,
            "batch k = 3-60": seconds_each(batch(self.ragged, WITHOUT_TAU2_INTERVAL), 2) / BODIES,
            "batch k = 10 + Q-profile": seconds_each(batch(self.ten, PoolingModel()), 2) / BODIES,
            "batch k = 3-60 + Q-profile": seconds_each(batch(self.ragged, PoolingModel()), 2) / BODIES,
            "leave-one-out": seconds_each(lambda: leave_one_out(y, v, fit=WITHOUT_TAU2_INTERVAL), 50),
            "leave-one-out + Q-profile": seconds_each(lambda: leave_one_out(y, v), 50),
            "rating, k = 10": seconds_each(lambda: rate_many(self.pairs), 1) / PAIRS,
            "explanation, k = 20": seconds_each(lambda: explain(self.rated.body, self.context), 5),
        }


class Metafor:
    """metafor's rma.uni, predict and leave1out, timed inside R by its own CPU clock."""

    tau2_method, guard = "REML", True

    def __init__(self, twenty: Bodies, folder: Path) -> None:
        rows = [f"{i},{y!r},{v!r}" for i, body in enumerate(twenty) for y, v in zip(*(x.tolist() for x in body), strict=True)]
        self._data = folder / "twenty.csv"
        self._data.write_text("\n".join(["body,y,v", *rows]) + "\n", encoding="utf-8")
        self.name = self._run("version")[0].strip()

    def _run(self, what: str) -> list[str]:
        command = ["Rscript", "--vanilla", str(R_SCRIPT), what, str(self._data)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

    def estimates(self) -> list[tuple[float, float]]:
        return [(float(line.split()[0]), float(line.split()[1])) for line in self._run("estimates")]

    def round(self) -> dict[str, float]:
        return {name: float(value) for name, value in (line.split("\t") for line in self._run("times"))}


class PyMare:
    """PyMARE's restricted likelihood with its Knapp-Hartung correction, and the statistics of the result."""

    tau2_method, guard = "REML", False  # it does not keep the factor at 1 or above

    def __init__(self, twenty: Bodies) -> None:
        import pymare
        from pymare.estimators import VarianceBasedLikelihoodEstimator

        self.name = f"PyMARE {pymare.__version__}"
        self._estimator = lambda: VarianceBasedLikelihoodEstimator(method="REML")
        self._data = [pymare.Dataset(y, v) for y, v in twenty]

    def _fit(self, data: Any) -> Any:
        return self._estimator().fit_dataset(data).summary()

    def _fit_and_tell(self, data: Any, *, interval: bool = False) -> object:
        summary = self._fit(data)
        return summary.get_fe_stats(), summary.get_heterogeneity_stats(), summary.get_re_stats() if interval else None

    def estimates(self) -> list[tuple[float, float]]:
        stats = [self._fit(data).get_fe_stats() for data in self._data]
        return [(float(each["est"].item()), float(each["se"].item())) for each in stats]

    def round(self) -> dict[str, float]:
        return {
            "one fit": seconds_each(lambda: [self._fit_and_tell(data) for data in self._data], 1) / DATA_SETS,
            "one fit + Q-profile": seconds_each(lambda: [self._fit_and_tell(data, interval=True) for data in self._data], 1) / DATA_SETS,
        }


class StatsModels:
    """statsmodels' combine_effects: Paule-Mandel with Hartung and Knapp's interval; it has no restricted likelihood."""

    tau2_method, guard = "PM", False

    def __init__(self, twenty: Bodies) -> None:
        import statsmodels
        from statsmodels.stats.meta_analysis import combine_effects

        self.name = f"statsmodels {statsmodels.__version__}"
        self._data = twenty
        self._fit = lambda y, v: combine_effects(y, v, method_re="iterated", use_t=True)

    def estimates(self) -> list[tuple[float, float]]:
        fits = [self._fit(y, v) for y, v in self._data]
        return [(float(each.mean_effect_re), float(each.sd_eff_w_re_hksj)) for each in fits]

    def round(self) -> dict[str, float]:
        work = lambda: [(found := self._fit(y, v)).conf_int() and found.test_homogeneity() for y, v in self._data]  # noqa: E731
        return {"one fit, Paule-Mandel": seconds_each(work, 1) / DATA_SETS}


def peers(twenty: Bodies, folder: Path) -> list[Any]:
    found: list[Any] = []
    try:
        found.append(Metafor(twenty, folder))
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"left out: metafor ({error})\n")
    for peer in (PyMare, StatsModels):
        try:
            found.append(peer(twenty))
        except ImportError as error:
            sys.stderr.write(f"left out: {peer.__name__} ({error})\n")
    return found


def largest_difference(ours: list[tuple[float, float]], theirs: list[tuple[float, float]]) -> float:
    """Of estimates in standard errors, and of standard errors in per cent of one."""
    return max(max(abs(a - c) / b, abs(b - d) / b) for (a, b), (c, d) in zip(ours, theirs, strict=True))


def write_table(medians: dict[str, dict[str, float]]) -> None:
    others = [name for name in medians if name != "engine"]
    sys.stdout.write(f"{'CPU time of one':28}{'engine':>12}" + "".join(f"{name:>20}{'ratio':>8}" for name in others) + "\n")
    for row, ours in medians["engine"].items():
        cells = ""
        for name in others:
            theirs = medians[name].get(row)
            cells += f"{'-':>28}" if theirs is None else f"{theirs * 1e6:17.0f} us{theirs / ours:8.0f}"
        sys.stdout.write(f"{row:28}{ours * 1e6:9.1f} us{cells}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    warnings.simplefilter("ignore")  # PyMARE's, about SciPy
    rng = np.random.default_rng(SEED)
    twenty = make_bodies(rng, [STUDIES] * DATA_SETS)
    ten, ragged = make_bodies(rng, [10] * BODIES), make_bodies(rng, rng.integers(3, 61, BODIES).tolist())
    engine = Engine(twenty, ten, ragged, [make_pair(rng, 10) for _ in range(PAIRS)], make_pair(rng, STUDIES))
    with tempfile.TemporaryDirectory() as folder:
        others = peers(twenty, Path(folder))
        sys.stdout.write(f"{datetime.now(tz=UTC):%Y-%m-%d}, Python {sys.version.split()[0]}, NumPy {np.__version__}, {rounds} rounds\n")
        for other in others:
            difference = largest_difference(engine.estimates(other.tau2_method, guard=other.guard), other.estimates())
            sys.stdout.write(f"{other.name}: same fits to {difference:.1e} standard errors\n")
            if difference > SAME:
                sys.exit("the fits differ: nothing is timed")
        measured = [{"engine": engine.round(), **{other.name: other.round() for other in others}} for _ in range(rounds)]
    names = measured[0]
    write_table({name: {row: median(each[name][row] for each in measured) for row in names[name]} for name in names})


if __name__ == "__main__":
    main()
