"""The tools that judge risk of bias, as data for forms."""

from fastapi import APIRouter, Request, Response

from app.schemas.risk_of_bias import Rob2DomainQuestions, Rob2Question, Rob2Tool
from app.synthesis.grade.rob2_questions import DOMAIN_NAMES, QUESTIONS, Question
from app.vocabulary import RiskOfBiasTool
from app.web.conditional import reply
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1/risk-of-bias", tags=["studies"], dependencies=[NO_PARAMETERS])
SOURCE = "https://doi.org/10.1136/bmj.l4898"  # Sterne 2019


def _question(question: Question) -> Rob2Question:
    return Rob2Question(
        number=question.number,
        domain=question.domain,
        text=question.text,
        help=question.help,
        answers=list(question.answers),
        asked_if=question.asked_if,
    )


ROB_2 = Rob2Tool(
    tool=RiskOfBiasTool.ROB_2,
    source=SOURCE,
    domains=[
        Rob2DomainQuestions(domain=domain, name=name, questions=[_question(one) for one in QUESTIONS if one.domain is domain])
        for domain, name in DOMAIN_NAMES.items()
    ],
)


@router.get("/rob-2", response_model=Rob2Tool)
def get_rob_2(request: Request) -> Response:
    """Give the signalling questions of RoB 2, domain by domain, with the answers that each has and when it applies."""
    return reply(request, ROB_2)
