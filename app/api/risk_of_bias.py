"""The tools that judge risk of bias, as data for forms."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from app.errors import FieldProblem, InvalidBody, NotFound
from app.schemas.risk_of_bias import (
    AnswersGiven,
    ComputedJudgement,
    DomainQuestions,
    SignallingQuestion,
    SignallingTool,
    ToolList,
    ToolSummary,
)
from app.synthesis.grade import rob2_questions, robins_i_questions
from app.synthesis.grade.forms import FORMS, judgement_to_json
from app.synthesis.grade.robins_i_criteria import CRITERIA
from app.synthesis.grade.signalling import Question, foreign_answers
from app.vocabulary import RiskOfBiasJudgement, RiskOfBiasTool
from app.web.conditional import NO_STORE, reply
from app.web.json_body import StrictRoute
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1/risk-of-bias", tags=["studies"], route_class=StrictRoute, dependencies=[NO_PARAMETERS])


def _question(question: Question) -> SignallingQuestion:
    return SignallingQuestion(
        number=question.number,
        domain=question.domain,
        text=question.text,
        help=question.help,
        answers=list(question.answers),
        asked_if=question.asked_if,
    )


def _tool(
    tool: RiskOfBiasTool,
    *,
    applies_to: str,
    source: str,
    names: Mapping[Any, str],
    overall_rule: str,
    criteria: Mapping[Any, Mapping[Any, str]] | None = None,
) -> SignallingTool:
    form = FORMS[tool]
    domains = [
        DomainQuestions(
            domain=domain,
            name=names[domain],
            questions=[_question(one) for one in form.questions.values() if one.domain == domain],
            criteria=None if criteria is None else {RiskOfBiasJudgement(word): text for word, text in criteria[domain].items()},
        )
        for domain in form.domains
    ]
    judgements = [RiskOfBiasJudgement(word) for word in form.words]
    return SignallingTool(
        tool=tool, name=form.name, applies_to=applies_to, source=source, judgements=judgements, domains=domains, overall_rule=overall_rule
    )


ROB_2 = _tool(
    RiskOfBiasTool.ROB_2,
    applies_to="one result of a randomised trial with parallel groups; the effect of assignment",
    source="https://doi.org/10.1136/bmj.l4898",  # Sterne 2019
    names=rob2_questions.DOMAIN_NAMES,
    overall_rule="The worst of the domains. Several domains with some concerns may together be a high risk: the assessor says so.",
)
ROBINS_I = _tool(
    RiskOfBiasTool.ROBINS_I,
    applies_to="one result of a non-randomised study that compares treatments and follows people over time (the tool of 2016)",
    source="https://doi.org/10.1136/bmj.i4919",  # Sterne 2016
    names=robins_i_questions.DOMAIN_NAMES,
    overall_rule="Low if all domains are; moderate if all are low or moderate; serious if one is and none is critical; critical if one is; "
    "no information if information lacks in a domain and none is serious or critical.",
    criteria=CRITERIA,
)
TOOLS = ToolList(
    items=[
        ToolSummary(
            tool=one.tool,
            name=one.name,
            applies_to=one.applies_to,
            source=one.source,
            judgements=one.judgements,
            questions=len(FORMS[one.tool].questions),
            href=f"/v1/risk-of-bias/{one.tool}",
        )
        for one in (ROB_2, ROBINS_I)
    ]
)


@router.get("", response_model=ToolList)
def list_risk_of_bias_tools(request: Request) -> Response:
    """List the tools whose signalling questions a study record may answer."""
    return reply(request, TOOLS)


@router.get("/rob-2", response_model=SignallingTool)
def get_rob_2(request: Request) -> Response:
    """Give the signalling questions of RoB 2, domain by domain, with the answers that each has and when it applies."""
    return reply(request, ROB_2)


@router.get("/robins-i", response_model=SignallingTool)
def get_robins_i(request: Request) -> Response:
    """Give the signalling questions of ROBINS-I, domain by domain, with the criteria by which an assessor judges each."""
    return reply(request, ROBINS_I)


@router.post("/{tool}/judgement", response_model=ComputedJudgement)
def judge_by_answers(request: Request, tool: str, given: AnswersGiven) -> Response:
    """Say what a tool makes of answers, unfinished ones too: for a form that is being filled in. Nothing is stored."""
    form = next((form for name, form in FORMS.items() if name == tool), None)
    if form is None:
        raise NotFound(f"No tool {tool[:40]!r} has signalling questions here; /v1/risk-of-bias lists those that do.")
    foreign = foreign_answers(form.questions, given.answers)
    if foreign:
        problems = [FieldProblem(f"/answers/{number}", f"{form.name} has no such question, or not this answer") for number in foreign]
        raise InvalidBody(f"{form.name} cannot read {len(foreign)} of the answers", errors=problems)
    return reply(request, {"tool": tool, **judgement_to_json(form, form.judge(given.answers))}, cache_control=NO_STORE)
