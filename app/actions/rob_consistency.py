"""Judgements on risk of bias against the study, against their own domains, and against each other."""

import re
from collections.abc import Iterator

from app.errors import FieldDoubt, FieldProblem
from app.schemas.study import StudyDocument
from app.schemas.study_risk_of_bias import StudyRiskOfBias
from app.synthesis.eligibility import ADVERSE_EVENTS
from app.vocabulary import Design, RiskOfBiasTool, StudyKind

RANDOMISED = frozenset({Design.RANDOMISED_TRIAL, Design.RANDOMISED_CROSSOVER, Design.CLUSTER_RANDOMISED})
RANK = {
    "low": 0, "some-concerns": 1, "unclear": 1, "moderate": 1, "no-information": 1, "high": 2, "serious": 2, "critical": 3,
}  # fmt: skip
"""By RoB 2 (2019) and ROBINS-I (2016) a study is judged no better than its worst domain; without information it is not low."""
NUMBERED = re.compile(r"d(?:omain)?-?[1-7](?:-|$)")


def find_rob_contradictions(document: StudyDocument) -> Iterator[FieldProblem]:
    """A tool is used for the kind of study it is made for, a judgement of one outcome for one that the study has, and no judgement is
    better than its own domains.

    Harms may stand in rows of results or in the study's own account of them.
    """
    outcomes = sorted({result.outcome for result in document.results} | ({ADVERSE_EVENTS} if document.adverse_events.reported else set()))
    said: dict[tuple[object, ...], int] = {}
    for position, judgement in enumerate(document.risk_of_bias):
        pointer = f"/risk_of_bias/{position}"
        if judgement.outcome is not None and outcomes and judgement.outcome not in outcomes:
            yield FieldProblem(f"{pointer}/outcome", f"no result of the study is on {judgement.outcome}", outcomes)
        before = said.setdefault((judgement.tool, judgement.outcome, judgement.judged_by, judgement.source), position)
        if before != position:
            yield FieldProblem(
                pointer, f"is by the tool, the people and the source of /risk_of_bias/{before}, on the same: leave one of them"
            )
        if worse := _worse_domains(judgement, known=True):
            yield FieldProblem(
                f"{pointer}/overall",
                f"is {judgement.overall}, better than {', '.join(worse)}: by the tool it is no better than its worst domain, unless "
                "`override_reason` says why",
            )
        yield from _tool_for_design(f"{pointer}/tool", document, judgement)


def find_rob_doubts(document: StudyDocument) -> Iterator[FieldDoubt]:
    """Several judgements by one tool that differ, and worse entries that are no domains of the tool."""
    first: dict[tuple[object, ...], int] = {}
    for position, judgement in enumerate(document.risk_of_bias):
        pointer = f"/risk_of_bias/{position}"
        before = first.setdefault((judgement.tool, judgement.outcome), position)
        other = document.risk_of_bias[before]
        if (other.counted, other.score) != (judgement.counted, judgement.score):
            yield FieldDoubt(
                pointer, f"differs from /risk_of_bias/{before}, by the same tool on the same: the more cautious of them counts"
            )
        if worse := _worse_domains(judgement, known=False):
            yield FieldDoubt(
                f"{pointer}/domains", f"{', '.join(worse)}: no domain of the tool, so it is not held against {judgement.overall}"
            )


def _tool_for_design(pointer: str, document: StudyDocument, judgement: StudyRiskOfBias) -> Iterator[FieldProblem]:
    if document.design is None:
        return
    counts = document.kind is StudyKind.PRIMARY or judgement.answers
    if counts and judgement.tool is RiskOfBiasTool.ROB_2 and document.design not in RANDOMISED:
        yield FieldProblem(pointer, f"RoB 2 is a tool for randomised trials, and the design is {document.design}")
    if judgement.answers and judgement.tool is RiskOfBiasTool.ROBINS_I and document.design in RANDOMISED:
        yield FieldProblem(pointer, f"ROBINS-I is answered for studies that do not randomise, and the design is {document.design}")


def _worse_domains(judgement: StudyRiskOfBias, *, known: bool) -> list[str]:
    """Recorded domains that are worse than the whole, those that the tool has or the others; none where a reason is given."""
    form = judgement.form
    if form is None or judgement.overall is None or judgement.override_reason is not None:
        return []
    worse = []
    for name, word in judgement.domains.items():
        slug = _slug(name)
        is_known = slug in form.domains or NUMBERED.match(slug) is not None
        if is_known is known and RANK.get(_slug(word), 0) > RANK[judgement.overall]:
            worse.append(f"{name}: {word}")
    return worse


def _slug(text: str) -> str:
    return re.sub(r"[\W_]+", "-", text.strip().lower()).strip("-")
