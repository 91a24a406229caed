"""Builders for bodies of evidence, ready pooled: the least that a rule needs, every member open to an override.

`entry(...)` is what one study brings, `body(...)` a body around entries. Defaults: pain on 0-100 against sham, lower is
better, MID 10, fifty people a study. `ratio_body` is the same for a risk ratio, where limits are given on the natural scale.
"""

import math
from typing import Any

from app.synthesis.body import (
    Body,
    BodyStudy,
    DirectnessInput,
    MidOnScale,
    OutcomeInput,
    PooledEffect,
    RiskOfBiasInput,
    Sensitivity,
)
from app.synthesis.direction import count_directions
from app.vocabulary import (
    Better,
    Comparator,
    ComparatorGroup,
    DesignLevel,
    Horizon,
    Importance,
    Measure,
    MidStanding,
    RiskOfBiasJudgement,
    RiskOfBiasTool,
)
from tests.synthesis.factories import PAIN, VAS, result, study

Z = 1.959963984540054
COMPARATOR_OF_GROUP = {
    ComparatorGroup.SHAM: Comparator.SHAM,
    ComparatorGroup.INACTIVE: Comparator.USUAL_CARE,
    ComparatorGroup.ACTIVE: Comparator.ACTIVE,
    ComparatorGroup.NONE: Comparator.NONE,
}


def rob_2(level: str) -> RiskOfBiasInput:
    return RiskOfBiasInput(RiskOfBiasTool.ROB_2, RiskOfBiasJudgement(level))


def entry(
    key: str = "first-2020",
    effect: float | None = -10.0,
    se: float | None = 2.0,
    *,
    n: int = 50,
    direction: int | None = None,
    risk: str | None = "low",
    comparator: Comparator = Comparator.SHAM,
    better: Better = Better.LOWER,
    directness: DirectnessInput | None = None,
    **members: Any,
) -> BodyStudy:
    """One study with an effect (`risk`: its RoB 2 judgement, None: not assessed)."""
    judged = () if risk is None else (rob_2(risk),)
    sign = 0 if effect is None else int(math.copysign(1, effect)) * (-1 if better is Better.LOWER else 1) if effect else 0
    with_limits = {} if effect is None or se is None else {"ci_low": effect - Z * se, "ci_high": effect + Z * se}
    least: dict[str, Any] = {
        "study": study(key=key, risk_of_bias=judged, label=key),
        "result": result(comparator=comparator),
        "direction": sign if direction is None else direction,
        "n": n,
        "n_known": n > 0,
        "n_estimated": False,
        "effect": effect,
        "se": se,
        "directness": directness or DirectnessInput(),
        **with_limits,
    }
    return BodyStudy(**(least | members))


def direction_entry(key: str = "first-2020", direction: int = 1, **members: Any) -> BodyStudy:
    """One study that gives a direction only."""
    return entry(key, None, None, direction=direction, **members)


def pooled(estimate: float = -10.0, ci_low: float = -15.0, ci_high: float = -5.0, *, k: int = 1, **members: Any) -> PooledEffect:
    least: dict[str, Any] = {
        "k": k,
        "estimate": estimate,
        "se": (ci_high - ci_low) / (2 * Z),
        "ci_low": ci_low,
        "ci_high": ci_high,
        "p": 0.5,
        "tau2_method": "REML",
        "ci_method": "single-study" if k == 1 else "wald" if k == 2 else "hartung-knapp",
        "weights": tuple(1 / k for _ in range(k)),
    }
    return PooledEffect(**(least | members))


def outcome(
    better: Better = Better.LOWER, importance: Importance = Importance.CRITICAL, slug: str = PAIN.slug, name: str = PAIN.name
) -> OutcomeInput:
    return OutcomeInput(slug, name, better, importance, (VAS,))


def body(
    *studies: BodyStudy,
    effect: PooledEffect | None = None,
    mid: float | None = 10.0,
    standing: MidStanding = MidStanding.PROVISIONAL,
    better: Better = Better.LOWER,
    **members: Any,
) -> Body:
    """A body around these studies; pooled when `effect` is given."""
    of_outcome = members.pop("outcome", outcome(better))
    least: dict[str, Any] = {
        "id": "body",
        "condition": "neck-pain",
        "intervention": "craniosacral-therapy",
        "outcome": of_outcome,
        "comparator_group": ComparatorGroup.SHAM,
        "horizon": Horizon.POST_TREATMENT,
        "design_level": DesignLevel.RANDOMISED,
        "studies": studies or (entry(),),
        "measure": None if effect is None else Measure.MD,
        "instrument": None if effect is None else VAS,
        "mid": MidOnScale(mid, "a review", standing),
        "pooled": effect,
        "not_pooled": None if effect is not None else "no numbers",
        "directions": count_directions([row.direction for row in studies]),
        "sensitivity": Sensitivity(),
    }
    return Body(**(least | members))


def pooled_body(estimate: float, ci_low: float, ci_high: float, *, k: int = 1, n: int = 50, **members: Any) -> Body:
    """A pooled body of k like studies whose effect has these limits; other pooled members under `pool`."""
    pool = members.pop("pool", {})
    studies = members.pop("studies", None) or tuple(entry(f"s{i}-2020", estimate, 2.0, n=n) for i in range(k))
    return body(*studies, effect=pooled(estimate, ci_low, ci_high, k=k, **pool), **members)


def ratio_body(
    estimate: float, ci_low: float, ci_high: float, *, mid_ratio: float = 1.25, pi: tuple[float, float] | None = None, **members: Any
) -> Body:
    """A pooled risk ratio with limits on the natural scale; higher is better, so that the log ratio is benefit-oriented."""
    pool = members.pop("pool", {})
    if pi is not None:
        pool = {**pool, "pi_low": math.log(pi[0]), "pi_high": math.log(pi[1])}
    k = members.pop("k", 1 if pi is None else 3)
    least = {
        "measure": Measure.RR,
        "instrument": None,
        "mid": math.log(mid_ratio),
        "standing": MidStanding.CONVENTION,
        "better": Better.HIGHER,
    }
    return pooled_body(math.log(estimate), math.log(ci_low), math.log(ci_high), k=k, pool=pool, **(least | members))
