"""Risk of bias as study records hold it, study by study: the tool's own words by domain and over all, beside what the rating made of them.

`stored` gives, by study key, the judgements of the record in their order (`tool overall score domains outcome judged_by`, as
StudyDocument has them). A study has a row for each judgement of it, or of the body's outcome. What the rating made of them stands beside
the one that decided: the most cautious by the first tool that the method reads (method, section 4).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.charts.from_body import Body, question_of, rating_bias, study_of
from app.charts.shapes import BiasRow, Judgement, TrafficLight
from app.vocabulary import RiskOfBiasTool

Stored = Mapping[str, Sequence[Mapping[str, Any]]]
TOOL_NAMES = {
    RiskOfBiasTool.ROB_2: "RoB 2",
    RiskOfBiasTool.ROBINS_I: "ROBINS-I",
    RiskOfBiasTool.COCHRANE_2011: "Cochrane 2011",
    RiskOfBiasTool.PEDRO: "PEDro",
    RiskOfBiasTool.AMSTAR_2: "AMSTAR 2",
    RiskOfBiasTool.OTHER: "Another tool",
}
NO_INFORMATION = "no-information"
LEVELS = {
    "low": "low",
    "some concerns": "some-concerns",
    "unclear": "some-concerns",
    "moderate": "some-concerns",
    "high": "high",
    "serious": "high",
    "critical": "high",
    "no information": NO_INFORMATION,
}
"""Words of RoB 2, ROBINS-I and the Cochrane tool of 2011 on the levels that marks have; any other word is shown as it was written."""
CAUTION = {"low": 1, "some-concerns": 2, NO_INFORMATION: 2, "high": 3}  # as `synthesis.grade.risk_of_bias` counts them
BEFORE_REMARK = re.compile(r"[^(,;:]*")
TAIL = re.compile(r" risk( of bias)?$")
BEST_PEDRO = 10


def level_of(written: str) -> str | None:
    """The level of a word, whatever its case and whatever remark stands behind it: `High (size not stated)` is high."""
    match = BEFORE_REMARK.match(written)
    word = " ".join((match[0] if match else "").lower().replace("-", " ").replace("_", " ").split())
    return LEVELS.get(TAIL.sub("", word))


def judgement_of(name: str, written: str | None) -> Judgement:
    return Judgement(name, written, None if written is None else level_of(written))


def traffic_light_of(body: Body, stored: Stored, retracted: Sequence[Body] = ()) -> TrafficLight:
    """The studies by year, retracted ones marked."""
    rows = [(row, False) for row in body["studies"]] + [(row, True) for row in retracted]
    rows.sort(key=lambda pair: (pair[0]["year"] is None, pair[0]["year"] or 0, pair[0]["label"], pair[0]["study"]))
    question = question_of(body)
    title = f"{question.outcome}: {question.intervention} against {question.comparator}, {question.condition}"
    drawn = [_rows_of(row, stored.get(row["study"], ()), body["outcome"], retracted=gone) for row, gone in rows]
    return TrafficLight(title, tuple(row for rows_of_study in drawn for row in rows_of_study))


def _rows_of(row: Body, stored: Sequence[Mapping[str, Any]], outcome: str, *, retracted: bool) -> list[BiasRow]:
    """A row for each judgement; the rating stands beside the one that decided, beside the first where the rating read none."""
    study = study_of(row, retracted=retracted)
    shown = [one for one in stored if one.get("outcome") in (None, outcome)]
    if not shown:
        nothing = Judgement("overall", None, None)
        return [BiasRow(study.key, study.name, None, None, (), nothing, rating_bias(row), retracted, study.concern)]
    read = [one for one in shown if one["tool"] == (row.get("risk_of_bias") or {}).get("tool")]
    decisive = max(read, key=_caution) if read else shown[0]
    return [
        BiasRow(
            key=study.key,
            label=study.name,
            tool=one["tool"],
            judged_by=one.get("judged_by"),
            domains=tuple(judgement_of(name, word) for name, word in (one.get("domains") or {}).items()),
            overall=_overall(one),
            rating=rating_bias(row) if one is decisive else None,
            retracted=retracted,
            concern=study.concern,
        )
        for one in shown
    ]


def _caution(judgement: Mapping[str, Any]) -> tuple[float, int]:
    """Of one tool the larger is the more cautious: a PEDro score falls with the risk, a level rises. Of equals the most detailed."""
    detail = len(judgement.get("domains") or {})
    if judgement["tool"] == RiskOfBiasTool.PEDRO and judgement.get("score") is not None:
        return -float(judgement["score"]), detail
    return CAUTION.get(level_of(judgement.get("overall") or "") or "", 0), detail


def _overall(shown: Mapping[str, Any]) -> Judgement:
    """The tool's own word over all, its score where it gives one instead."""
    if shown.get("score") is not None and (shown["tool"] == RiskOfBiasTool.PEDRO or shown.get("overall") is None):
        score = f"{shown['score']:g}"
        return Judgement("overall", f"{score}/{BEST_PEDRO}" if shown["tool"] == RiskOfBiasTool.PEDRO else score, None)
    return judgement_of("overall", shown.get("overall"))
