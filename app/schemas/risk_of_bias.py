"""Tools with signalling questions as they are served, and what their published guidance makes of answers."""

from pydantic import ConfigDict, Field

from app.schemas.base import Line, Shape
from app.synthesis.grade.forms import MOST_QUESTIONS
from app.synthesis.grade.signalling import Answer
from app.vocabulary import RiskOfBiasJudgement, RiskOfBiasTool


class ToolSummary(Shape):
    tool: RiskOfBiasTool
    name: str
    applies_to: str
    source: str
    judgements: list[RiskOfBiasJudgement] = Field(description="Of a domain and of the whole, the mildest first.")
    questions: int
    href: str


class ToolList(Shape):
    items: list[ToolSummary]


class SignallingQuestion(Shape):
    number: str
    domain: str
    text: str
    help: str
    answers: list[Answer] = Field(description="The answers that the question has; `not-applicable` where it depends on another.")
    asked_if: str | None = Field(description="When it applies, in words; null: always.")


class DomainQuestions(Shape):
    domain: str
    name: str
    questions: list[SignallingQuestion]
    criteria: dict[RiskOfBiasJudgement, str] | None = Field(
        description="What makes the domain so, where the tool has criteria and no algorithm; an assessor decides by them."
    )


class SignallingTool(Shape):
    """A tool in our own words; its published guidance is the authority."""

    tool: RiskOfBiasTool
    name: str
    applies_to: str
    source: str
    judgements: list[RiskOfBiasJudgement]
    domains: list[DomainQuestions]
    overall_rule: str


class ComputedDomain(Shape):
    level: RiskOfBiasJudgement | None = Field(description="Null: the answers do not settle it.")
    possible: list[RiskOfBiasJudgement] = Field(description="The judgements that the answers leave, the mildest first.")
    questions: list[str] = Field(description="The questions that led to the level; without a level those that leave it open.")
    open_because: str | None


class AnswersGiven(Shape):
    model_config = ConfigDict(json_schema_extra={"examples": [{"answers": {"5.1": "yes", "5.2": "no", "5.3": "probably-no"}}]})

    answers: dict[Line, Answer] = Field(max_length=MOST_QUESTIONS, description="By the number of the question.")


class ComputedJudgement(Shape):
    """What a tool makes of answers."""

    tool: RiskOfBiasTool
    domains: dict[str, ComputedDomain]
    overall: RiskOfBiasJudgement | None = Field(description="What follows from the domains; null while they leave it open.")
    possible: list[RiskOfBiasJudgement]
    several_some_concerns: bool = Field(description="RoB 2: whether together they are a high risk is the assessor's to say.")
    reasons: list[str]


class ComputedRiskOfBias(ComputedJudgement):
    """What the tool makes of the answers of one recorded judgement, beside what is recorded."""

    position: int = Field(description="Which entry of the document's `risk_of_bias` it belongs to.")
