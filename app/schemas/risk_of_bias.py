"""RoB 2 as it is served: its signalling questions, and what the published algorithm makes of answers to them."""

from pydantic import Field

from app.schemas.base import Shape
from app.synthesis.grade.rob2_questions import Answer, Rob2Domain
from app.vocabulary import RiskOfBiasLevel


class Rob2Question(Shape):
    number: str
    domain: Rob2Domain
    text: str
    help: str
    answers: list[Answer] = Field(description="The answers that the question has; `not-applicable` where it depends on another.")
    asked_if: str | None = Field(description="When it applies, in words; null: always.")


class Rob2DomainQuestions(Shape):
    domain: Rob2Domain
    name: str
    questions: list[Rob2Question]


class Rob2Tool(Shape):
    """The tool for parallel trials and the effect of assignment, in our own words; its published guidance is the authority."""

    tool: str
    source: str
    domains: list[Rob2DomainQuestions]


class ComputedDomain(Shape):
    level: RiskOfBiasLevel | None
    questions: list[str] = Field(description="The questions that led to the level; without a level those that leave it open.")
    open_because: str | None


class ComputedRiskOfBias(Shape):
    """What the algorithm of RoB 2 makes of the answers of one recorded judgement, beside what is recorded."""

    position: int = Field(description="Which entry of the document's `risk_of_bias` it belongs to.")
    domains: dict[Rob2Domain, ComputedDomain]
    overall: RiskOfBiasLevel | None = Field(description="The worst of the domains; null while a domain is open and none is high.")
    several_some_concerns: bool
    reasons: list[str]
