"""Bodies of evidence as the API stores them, written by the engine's own `body_to_json`, of any size."""

import math
from typing import Any

from app.synthesis.body import Body, PooledEffect, Sensitivity
from app.synthesis.findings import find_body_finding
from app.synthesis.grade.certainty import rate_body
from app.synthesis.grade.publication_bias import PairContext
from app.synthesis.rated_body import RatedBody, body_to_json
from app.vocabulary import Better, Measure, MidStanding
from tests.synthesis.factories import study
from tests.synthesis.grade.bodies import body, direction_entry, entry, pooled, rob_2

LONG = "Matarán-Peñarrocha and the international collaborative craniosacral therapy trialists of the northern region"
RISKS = ("low", "some-concerns", "high", None)
DIRECTION_EVERY = 5  # of the studies, one in so many gives a direction only


def stored(given: Body) -> dict[str, Any]:
    """The body as stored."""
    return body_to_json(RatedBody(given, rate_body(given, PairContext((), 1000)), find_body_finding(given), "A sentence."))


def body_of(k: int, *, long_labels: bool = False, ratio: bool = False, better: Better = Better.LOWER) -> dict[str, Any]:
    """A pooled body of k studies; from three on every fifth gives a direction only."""
    step = 0.1 if ratio else 3.0
    entries = []
    for index in range(k):
        label = f"{LONG if long_labels and index % 3 == 1 else 'Haller'} {1985 + index}"
        risk = RISKS[index % 4]
        judged = () if risk is None else (rob_2(risk),)
        record = study(key=f"s{index:02}", label=label, year=1985 + index, risk_of_bias=judged)
        effect, se = -step * (index % 7 - 1) - 0.01, step * (1 + index % 4)
        if k > 2 and index % DIRECTION_EVERY == DIRECTION_EVERY - 1:
            entries.append(direction_entry(record.key, 1 if index % 2 else 0, study=record, n=30 + index))
        else:
            entries.append(entry(record.key, effect, se, study=record, n=0 if index % 6 == 3 else 40 + index, better=better))
    with_numbers = [row for row in entries if row.effect is not None]
    pool = pool_of(len(with_numbers), step)
    steps = tuple((row.study.year, row.study.key, pool_of(count, step)) for count, row in enumerate(with_numbers, start=1))
    members: dict[str, Any] = {"measure": Measure.RR, "instrument": None, "mid": math.log(1.25)} if ratio else {}
    standing = MidStanding.CONVENTION if ratio else MidStanding.PROVISIONAL
    sensitivity = Sensitivity(cumulative=steps if len(steps) > 1 else ())
    return stored(body(*entries, effect=pool, better=better, standing=standing, sensitivity=sensitivity, **members))


def pool_of(k: int, step: float) -> PooledEffect:
    width = 4 * step / math.sqrt(k)
    members: dict[str, Any] = {"i2": 40.0, "tau2": 0.02, "q_p": 0.04, "q": 5.0, "q_df": k - 1} if k > 1 else {}
    members |= {"pi_low": -step - 2 * width, "pi_high": -step + 2 * width} if k > 2 else {}
    return pooled(-step, -step - width, -step + width, k=k, **members)


def directions_only(k: int = 3, *, better: Better = Better.LOWER) -> dict[str, Any]:
    return stored(body(*(direction_entry(f"d{index}", (1, -1, 0)[index % 3]) for index in range(k)), better=better))


def without_studies() -> dict[str, Any]:
    """A body of which nothing is left."""
    return directions_only() | {"studies": [], "not_pooled": "no numbers"}


def named(body: dict[str, Any], text: str) -> dict[str, Any]:
    """The same with one text in the place of every name."""
    rows = [row | {"label": f"{text} {index}"} for index, row in enumerate(body["studies"])]
    return body | {"studies": rows, "outcome_name": text, "condition_name": text, "intervention_name": text}


ROB_2 = (
    "randomisation process",
    "deviations from intended interventions",
    "missing outcome data",
    "measurement of the outcome",
    "selection of the reported result",
)
PEDRO = ("random allocation", "concealed allocation", "baseline comparability", "blind subjects", "blind therapists", "blind assessors")
COCHRANE = ("sequence generation", "allocation concealment", "blinding", "incomplete outcome data", "selective reporting", "other bias")
WORDS = ("Low", "some concerns", "HIGH", "unclear (random number program)", "No information", "it depends on whom one asks")


def judgements_of(body: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Judgements by three tools in turn, as study records hold them; every seventh study has none."""
    stored: dict[str, list[dict[str, Any]]] = {}
    for index, row in enumerate(body["studies"]):
        tool, names = (("rob-2", ROB_2), ("pedro", PEDRO * 2), ("cochrane-2011", COCHRANE))[index % 3]
        if index % 7 == 6:
            continue
        words = ("yes", "no") if tool == "pedro" else WORDS
        domains = {f"{name} {place}": words[(index + place) % len(words)] for place, name in enumerate(names)}
        overall: dict[str, Any] = {"overall": None, "score": 6.0} if tool == "pedro" else {"overall": "high", "score": None}
        stored[row["study"]] = [{"tool": tool, "domains": domains, "outcome": None, **overall}]
        row["risk_of_bias"]["tool"] = tool
    return stored


def with_concern(body: dict[str, Any], place: int = 0) -> dict[str, Any]:
    """The same with an expression of concern on the report of one of its studies."""
    rows = [row | {"flags": [*row["flags"], "expression-of-concern"]} if i == place else row for i, row in enumerate(body["studies"])]
    return body | {"studies": rows}


def retracted_row(label: str = "Fraudster 2012") -> dict[str, Any]:
    return {
        "study": "r1",
        "label": label,
        "year": 2012,
        "n": 80,
        "effect": -9.0,
        "se": 1.0,
        "ci_low": -11.0,
        "ci_high": -7.0,
        "direction": 1,
    }


def map_answer(rows: int, columns: int = 2, *, long_names: bool = False) -> dict[str, Any]:
    """As `/v1/evidence-map` answers."""
    levels = ("high", "moderate", "low", "very-low", "no-evidence")
    findings = ("favours-intervention", "unclear", "no-important-difference", "mixed", "conflicting", "favours-comparator")
    slugs = [f"treatment-{index}" for index in range(columns)]

    def cell(row: int, column: int) -> dict[str, Any]:
        certainty = levels[(row + column) % 5]
        direction = None if certainty == "no-evidence" else findings[(row + 2 * column) % 6]
        numbers = {"eligible_studies": row % 9, "eligible_participants": 37 * row % 800}
        return {"intervention": slugs[column], "certainty": certainty, "direction": direction, **numbers}

    name = "Complex regional pain syndrome and related disorders of the limbs" if long_names else "Condition"
    return {
        "columns": [{"slug": slug, "name": f"Osteopathic manipulative treatment {index}"} for index, slug in enumerate(slugs)],
        "rows": [{"name": f"{name} {row}", "cells": [cell(row, column) for column in range(columns)]} for row in range(rows)],
    }
