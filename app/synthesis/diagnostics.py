"""Diagnostics of a pooled body: does one study carry it, do small studies differ, does another model or another cut say the same?

None of them moves a level but the regression test of section 4; they are served so that readers can look for themselves. Each is
its numbers, named as by the function that computes it, where the sources stand, or `{"not_computed": reason}`. Effects are on the
analysis scale (log for ratios), sign as computed.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app.synthesis.body import Body, BodyStudy, NotPooled, PooledEffect
from app.synthesis.body_study import effects_and_variances
from app.synthesis.fail_safe import FailSafe, orwin, rosenberg, rosenthal
from app.synthesis.grade.risk_of_bias import study_level
from app.synthesis.grade.thresholds import CURRENT, Thresholds
from app.synthesis.grade.weights import studies_with_numbers
from app.synthesis.heterogeneity import TAU2_ESTIMATORS
from app.synthesis.influence import influence
from app.synthesis.mantel_haenszel import (
    PooledTables,
    mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_difference,
    mantel_haenszel_risk_ratio,
    peto,
)
from app.synthesis.meta_regression import MetaRegression, meta_regression
from app.synthesis.mixed_effects import TestMethod
from app.synthesis.not_computed import NotComputed
from app.synthesis.pooling import COMMON_EFFECT, pool
from app.synthesis.rank_correlation import RankCorrelation, rank_correlation
from app.synthesis.rated_body import Json
from app.synthesis.small_study_effects import NotTested, RegressionTest, egger, egger_mixed, peters
from app.synthesis.subgroups import CommonTau2Subgroups, subgroups_with_common_tau2
from app.synthesis.trim_and_fill import TrimAndFill, side_of, trim_and_fill
from app.vocabulary import RATIO_MEASURES, Design

ESTIMATORS = (*TAU2_ESTIMATORS, COMMON_EFFECT)
"""Every estimator of tau2 by its name, and EE: the common-effect model, which has none."""
TEST: TestMethod = "adhoc"
"""Subgroups and meta-regression are tested as the method pools: Knapp and Hartung 2003, scale factor at least 1."""
DEPENDENT = frozenset({Design.CLUSTER_RANDOMISED, Design.RANDOMISED_CROSSOVER})
"""Their counts are not of independent people: as a 2 x 2 table they would give intervals that are too narrow."""
NOTHING_POOLED = "nothing is pooled"
NOT_BINARY = "the outcome is not binary: there are no 2 x 2 tables"
NO_COUNTS = "no study gives events and people of both groups, each person counted once"
ESTIMATOR_NUMBERS = ("estimate", "se", "ci_low", "ci_high", "ci_method", "tau2", "i2")

Result = (
    RegressionTest
    | MetaRegression
    | RankCorrelation
    | TrimAndFill
    | FailSafe
    | PooledTables
    | CommonTau2Subgroups
    | NotComputed
    | NotTested
)
Leaf = Json | list[Json]


@dataclass(frozen=True, slots=True)
class Pooled:
    """The studies that a pool rests on with their effects and variances, and the tables of those that give counts."""

    body: Body
    rows: tuple[BodyStudy, ...]
    effects: list[float]
    variances: list[float]
    tables: tuple[BodyStudy, ...]

    @classmethod
    def of(cls, body: Body) -> "Pooled":
        rows = studies_with_numbers(body)
        tables = tuple(row for row in body.studies if has_table(row)) if body.measure in RATIO_MEASURES else ()
        return cls(body, rows, *effects_and_variances(rows), tables)


def diagnose(body: Body, thresholds: Thresholds = CURRENT) -> Json:
    """Every diagnostic of a body as plain JSON values, all of them `not_computed` where nothing is pooled.

    `thresholds` say at which level of risk of bias a study stands. `without_counts` are studies of a binary body that no table
    rests on.
    """
    on = Pooled.of(body)
    y, v = on.effects, on.variances

    def leaf(compute: Callable[[], Result]) -> Json:
        return not_computed(body.not_pooled or NOTHING_POOLED) if body.pooled is None else result_to_json(compute())

    by_se = egger_mixed(y, v)
    return {
        "influence": influence_to_json(on),
        "egger": leaf(lambda: egger(y, v)),
        "egger_mixed": leaf(lambda: by_se),
        "begg": leaf(lambda: rank_correlation(y, v)),
        "peters": leaf(lambda: _of_tables(on, peters)),
        "trim_and_fill": leaf(lambda: trim_and_fill(y, v, side=side_of(by_se))),
        "fail_safe_n": {
            "rosenthal": leaf(lambda: rosenthal(y, v)),
            "orwin": leaf(lambda: orwin(y, v)),
            "rosenberg": leaf(lambda: rosenberg(y, v)),
        },
        "estimators": [estimator_to_json(on, name) for name in ESTIMATORS],
        "mantel_haenszel": {
            "odds_ratio": leaf(lambda: _of_tables(on, mantel_haenszel_odds_ratio)),
            "risk_ratio": leaf(lambda: _of_tables(on, mantel_haenszel_risk_ratio)),
            "risk_difference": leaf(lambda: _of_tables(on, mantel_haenszel_risk_difference)),
        },
        "peto": leaf(lambda: _of_tables(on, peto)),
        "without_counts": _without_counts(on),
        "subgroups": {
            name: leaf(lambda groups=groups: subgroups_with_common_tau2(y, v, groups, test=TEST))  # type: ignore[misc]
            for name, groups in _groups(on, thresholds).items()
        },
        "meta_regression": {"year": leaf(lambda: _by_year(on))},
    }


def not_computed(reason: str) -> Json:
    """What stands in the place of numbers that cannot be had."""
    return {"not_computed": reason}


def result_to_json(result: Result) -> Json:
    """The members of a result under their own names, or why there is none."""
    if isinstance(result, NotComputed | NotTested):
        return not_computed(result.reason)
    members: Json = {name: _spelled_out(value) for name, value in asdict(result).items()}
    return {**members, "p": result.p} if isinstance(result, RankCorrelation) else members


def _spelled_out(value: Any) -> Any:
    """The pools in a result by the names of their members, as its own are."""
    if isinstance(value, PooledEffect):
        return value._asdict()
    return tuple(map(_spelled_out, value)) if isinstance(value, tuple) else value


def influence_to_json(on: Pooled) -> Leaf:
    """Leave-one-out diagnostics of every study, in the order of the pool; `weight` is its share of the pool, 0 to 1."""
    if on.body.pooled is None:
        return not_computed(on.body.not_pooled or NOTHING_POOLED)
    found = influence(on.effects, on.variances)
    if isinstance(found, NotComputed):
        return not_computed(found.reason)
    rows = zip(on.rows, found, on.body.pooled.weights, strict=True)
    return [{"study": row.study.key, "weight": weight, **asdict(result)} for row, result, weight in rows]


def estimator_to_json(on: Pooled, name: str) -> Json:
    """The same studies pooled with another estimator of tau2, interval as the method makes it; `used` differs where it failed."""
    if on.body.pooled is None:
        return {"tau2_method": name, **not_computed(on.body.not_pooled or NOTHING_POOLED)}
    pooled = pool(on.effects, on.variances, tau2_method=name, ci="by-number-of-studies", tau2_interval=False)
    if isinstance(pooled, NotPooled):
        return {"tau2_method": name, **not_computed(pooled.reason)}
    return {"tau2_method": name, "used": pooled.tau2_method, **{number: getattr(pooled, number) for number in ESTIMATOR_NUMBERS}}


def has_table(row: BodyStudy) -> bool:
    """Whether a study gives a 2 x 2 table of independent people."""
    groups = (row.result.treatment, row.result.control)
    return row.study.design not in DEPENDENT and all(group.events is not None and group.n is not None for group in groups)


def _of_tables(on: Pooled, compute: Callable[..., Result]) -> Result:
    if on.body.measure not in RATIO_MEASURES:
        return NotComputed(NOT_BINARY)
    if not on.tables:
        return NotComputed(NO_COUNTS)
    treatment, control = [row.result.treatment for row in on.tables], [row.result.control for row in on.tables]
    return compute(
        [float(group.events or 0) for group in treatment],
        [float(group.n or 0) for group in treatment],
        [float(group.events or 0) for group in control],
        [float(group.n or 0) for group in control],
    )


def _without_counts(on: Pooled) -> list[str]:
    return [row.study.key for row in on.body.studies if row not in on.tables] if on.body.measure in RATIO_MEASURES else []


def _groups(on: Pooled, thresholds: Thresholds) -> dict[str, Sequence[str]]:
    outcome, group = on.body.outcome.slug, on.body.comparator_group
    return {
        "comparator": [row.result.comparator.value for row in on.rows],
        "risk_of_bias": [study_level(row.study, outcome, group, thresholds).level.value for row in on.rows],
        "design": [row.study.design.value for row in on.rows],
    }


def _by_year(on: Pooled) -> MetaRegression | NotComputed:
    unknown = [row.study.key for row in on.rows if row.study.year is None]
    if unknown:
        return NotComputed(f"the year is not known of {', '.join(unknown)}")
    return meta_regression(on.effects, on.variances, [float(row.study.year or 0) for row in on.rows], test=TEST)
