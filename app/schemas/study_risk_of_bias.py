"""A judgement on the risk of bias of a study, as its document records it."""

from typing import Annotated, Any, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from app.identifiers import Slug
from app.schemas.base import Line, Shape
from app.synthesis.grade.rob2 import NotJudged, Rob2Judgement, judge, overall_level
from app.synthesis.grade.rob2_questions import QUESTION_OF_NUMBER, Answer, Rob2Domain
from app.vocabulary import RiskOfBiasJudgement, RiskOfBiasLevel, RiskOfBiasTool

OF_TRIALS = tuple(RiskOfBiasJudgement(word) for word in ("low", "some-concerns", "unclear", "high"))
OF_ROBINS_I = tuple(RiskOfBiasJudgement(word) for word in ("low", "moderate", "serious", "critical", "no-information"))
WORDS_OF_TOOL = {RiskOfBiasTool.ROB_2: OF_TRIALS, RiskOfBiasTool.COCHRANE_2011: OF_TRIALS, RiskOfBiasTool.ROBINS_I: OF_ROBINS_I}


class StudyRiskOfBias(Shape):
    """A judgement by some tool; PEDro gives a score and no label. `outcome` None: for the study as a whole.

    RoB 2 may come with the `answers` to its signalling questions: then `overall` may be left out, and what is recorded otherwise than
    the published algorithm computes it needs an `override_reason`.
    """

    tool: RiskOfBiasTool
    overall: RiskOfBiasJudgement | None = None
    score: Annotated[float, Field(strict=True, ge=0, le=100)] | None = None
    domains: dict[Line, Line] = Field(default_factory=dict)
    outcome: Slug | None = None
    judged_by: Line
    source: Line
    answers: dict[Line, Answer] = Field(
        default_factory=dict,
        max_length=len(QUESTION_OF_NUMBER),
        description="Of RoB 2, by question; /v1/risk-of-bias/rob-2 lists them.",
    )
    override_reason: Line | None = Field(
        default=None, validate_default=True, description="Why the record differs from what the answers give."
    )

    @field_validator("answers")
    @classmethod
    def answers_are_those_of_the_tool(cls, value: dict[str, Answer], info: ValidationInfo) -> dict[str, Answer]:
        if value and info.data.get("tool", RiskOfBiasTool.ROB_2) is not RiskOfBiasTool.ROB_2:
            raise ValueError("answers to signalling questions belong to the tool rob-2")
        for number, given in value.items():
            if number not in QUESTION_OF_NUMBER:
                raise ValueError(f"RoB 2 has no question {number}; it has {', '.join(QUESTION_OF_NUMBER)}")
            if given not in QUESTION_OF_NUMBER[number].answers:
                raise ValueError(f"question {number} has no answer {given}; it has {', '.join(QUESTION_OF_NUMBER[number].answers)}")
        return value

    @field_validator("overall")
    @classmethod
    def the_word_is_one_of_the_tool(cls, value: RiskOfBiasJudgement | None, info: ValidationInfo) -> RiskOfBiasJudgement | None:
        words = WORDS_OF_TOOL.get(info.data.get("tool", RiskOfBiasTool.OTHER))
        if value is not None and words is not None and value not in words:
            raise ValueError(f"{info.data['tool']} judges {', '.join(words)}")
        return value

    @model_validator(mode="after")
    def domains_beside_answers_are_judged_in_the_words_of_the_tool(self) -> Self:
        """Other names are remarks that reviewers add, such as funding; they count for nothing."""
        for name, word in self.domains.items():
            if self.answers and name in list(Rob2Domain) and word not in list(RiskOfBiasLevel):
                raise ValueError(f"the domain {name} is judged {', '.join(RiskOfBiasLevel)}, not {word}")
        return self

    @field_validator("override_reason")
    @classmethod
    def what_differs_has_its_reason(cls, value: str | None, info: ValidationInfo) -> str | None:
        if not {"overall", "domains", "answers"} <= info.data.keys():
            return value  # one of them is refused already
        answers = info.data["answers"]
        if value is not None and not answers:
            raise ValueError("gives the reason for judging otherwise than the answers, and there are no answers")
        differing = _differing(judge(answers), info.data["overall"], info.data["domains"]) if answers else []
        if value is None and differing:
            raise ValueError(f"is needed: {'; '.join(differing)}")
        return value

    @model_validator(mode="after")
    def has_a_judgement(self) -> Self:
        if self.tool is RiskOfBiasTool.PEDRO:
            if self.score is None or self.score > 10:
                raise ValueError("PEDro needs a score from 0 to 10")
        elif self.counted is None:
            computed = self.computed
            raise ValueError(f"{self.tool} needs an overall judgement" + (f": {_open(computed)}" if computed is not None else ""))
        return self

    @property
    def computed(self) -> Rob2Judgement | None:
        """What the published algorithm makes of the answers; None without any."""
        return judge(self.answers) if self.answers else None

    @property
    def counted(self) -> RiskOfBiasJudgement | None:
        """The overall judgement that the rating reads: the recorded one, or else the worst domain, each as recorded or else computed."""
        computed = self.computed
        if self.overall is not None or computed is None:
            return self.overall
        recorded = {name: RiskOfBiasLevel(word) for name, word in self.domains.items() if word in list(RiskOfBiasLevel)}
        worst = overall_level([recorded.get(row.domain.value, row.level) for row in computed.domains])
        return None if worst is None else RiskOfBiasJudgement(worst.value)

    def as_counted(self) -> dict[str, Any]:
        """The record with what the answers give in the place of what it leaves out: the overall judgement and the domains."""
        computed = self.computed
        given = {row.domain.value: row.level.value for row in computed.domains if row.level is not None} if computed is not None else {}
        return self.model_dump(mode="json") | {"overall": self.counted, "domains": given | self.domains}


def _differing(computed: Rob2Judgement, overall: RiskOfBiasJudgement | None, domains: dict[str, str]) -> list[str]:
    """What is recorded otherwise than computed, in words: also a judgement of the whole that the answers leave open."""
    found = []
    if overall is not None and computed.overall is None:
        found.append(f"overall is {overall}, and {_open(computed)}")
    if overall is not None and computed.overall is not None and overall.value != computed.overall.value:
        found.append(f"overall is {overall}, the answers give {computed.overall}")
    for row in computed.domains:
        recorded = domains.get(row.domain)
        if recorded is not None and row.level is not None and recorded != row.level:
            found.append(f"{row.domain} is {recorded}, the answers give {row.level}")
    return found


def _open(computed: Rob2Judgement) -> str:
    missing = [number for row in computed.domains if isinstance(row.suggested, NotJudged) for number in row.suggested.questions]
    return f"the answers leave it open: {', '.join(missing)} not answered"
