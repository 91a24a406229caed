"""A judgement on the risk of bias of a study, as its document records it."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from app.identifiers import Slug
from app.schemas.base import Line, Shape
from app.synthesis.grade.forms import FORMS, MOST_QUESTIONS, Form, FormJudgement
from app.synthesis.grade.robins_i import BOTH_EFFECTS, names_both_effects
from app.synthesis.grade.signalling import Answer
from app.vocabulary import RiskOfBiasJudgement, RiskOfBiasTool

OF_TRIALS = tuple(RiskOfBiasJudgement(word) for word in ("low", "some-concerns", "unclear", "high"))
OF_ROBINS_I = tuple(RiskOfBiasJudgement(word) for word in ("low", "moderate", "serious", "critical", "no-information"))
NAME_OF_TOOL = {
    RiskOfBiasTool.ROB_2: "RoB 2",
    RiskOfBiasTool.ROBINS_I: "ROBINS-I",
    RiskOfBiasTool.COCHRANE_2011: "Cochrane 2011",
}
WORDS_OF_TOOL = {RiskOfBiasTool.ROB_2: OF_TRIALS, RiskOfBiasTool.COCHRANE_2011: OF_TRIALS, RiskOfBiasTool.ROBINS_I: OF_ROBINS_I}


class StudyRiskOfBias(Shape):
    """A judgement by some tool; PEDro gives a score and no label. `outcome` None: for the study as a whole.

    RoB 2 and ROBINS-I may come with the `answers` to their signalling questions: then `overall` may be left out where the answers and the
    recorded domains settle it, and what is recorded otherwise than the answers give, or where they leave a choice, needs an
    `override_reason`; so does, without answers, an overall judgement that is better than a recorded domain. A draft may leave out
    what is not judged yet; a submission names it.
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
        max_length=MOST_QUESTIONS,
        description="Of RoB 2 or ROBINS-I, by question; /v1/risk-of-bias/{tool} lists them.",
    )
    override_reason: Line | None = Field(
        default=None,
        validate_default=True,
        description="Why the record differs from what the answers or the domains give, or what decided where they leave a choice.",
    )

    @field_validator("answers")
    @classmethod
    def answers_are_those_of_the_tool(cls, value: dict[str, Answer], info: ValidationInfo) -> dict[str, Answer]:
        form = FORMS.get(info.data.get("tool", RiskOfBiasTool.ROB_2))
        if value and form is None:
            raise ValueError(f"answers to signalling questions belong to the tools {' and '.join(FORMS)}")
        if form is not None:
            _refuse_foreign(form, value)
        if form is FORMS[RiskOfBiasTool.ROBINS_I] and names_both_effects(value):
            raise ValueError(BOTH_EFFECTS)
        return value

    @field_validator("overall")
    @classmethod
    def the_word_is_one_of_the_tool(cls, value: RiskOfBiasJudgement | None, info: ValidationInfo) -> RiskOfBiasJudgement | None:
        words = WORDS_OF_TOOL.get(info.data.get("tool", RiskOfBiasTool.OTHER))
        if value is not None and words is not None and value not in words:
            raise ValueError(f"{NAME_OF_TOOL[info.data['tool']]} judges {', '.join(words)}")
        return value

    @model_validator(mode="after")
    def domains_beside_answers_are_judged_in_the_words_of_the_tool(self) -> Self:
        """Other names are remarks that reviewers add, such as funding; they count for nothing."""
        form = self.form
        for name, word in self.domains.items():
            if form is not None and self.answers and name in form.domains and word not in form.words:
                raise ValueError(f"the domain {name} is judged {', '.join(form.words)}, not {word}")
        return self

    @field_validator("override_reason")
    @classmethod
    def what_differs_has_its_reason(cls, value: str | None, info: ValidationInfo) -> str | None:
        if not {"tool", "overall", "domains", "answers"} <= info.data.keys():
            return value  # one of them is refused already
        form, answers = FORMS.get(info.data["tool"]), info.data["answers"]
        if value is not None and not answers and not info.data["domains"]:
            raise ValueError("gives the reason for judging otherwise than answers or domains, and there are none")
        differing = _differing(form, form.judge(answers), info.data["overall"], info.data["domains"]) if form and answers else []
        if value is None and differing:
            raise ValueError(f"is needed: {'; '.join(differing)}")
        return value

    @model_validator(mode="after")
    def the_score_is_one_of_the_scale(self) -> Self:
        if self.tool is RiskOfBiasTool.PEDRO and self.score is not None and self.score > 10:
            raise ValueError("PEDro gives a score from 0 to 10")
        return self

    @property
    def form(self) -> Form | None:
        return FORMS.get(self.tool)

    @property
    def lacks(self) -> tuple[str, str] | None:
        """The member that a draft may leave out and a submission may not, and what it should say."""
        if self.tool is RiskOfBiasTool.PEDRO:
            return ("score", "PEDro needs a score from 0 to 10") if self.score is None else None
        if self.counted is not None:
            return None
        form, computed = self.form, self.computed
        why = f": {_open(form, computed)}" if form is not None and computed is not None else ""
        return "overall", f"{NAME_OF_TOOL.get(self.tool, 'the tool')} needs an overall judgement{why}"

    @property
    def computed(self) -> FormJudgement | None:
        """What the published tool makes of the answers; None without any."""
        return self.form.judge(self.answers) if self.form is not None and self.answers else None

    @property
    def counted(self) -> RiskOfBiasJudgement | None:
        """The overall judgement that the rating reads: the recorded one, or what follows from the domains, each as recorded or computed."""
        form, computed = self.form, self.computed
        if self.overall is not None or form is None or computed is None:
            return self.overall
        recorded = {name: frozenset({word}) for name, word in self.domains.items() if word in form.words}
        whole = form.overall([recorded.get(row.domain, row.possible) for row in computed.domains])
        return RiskOfBiasJudgement(next(iter(whole))) if len(whole) == 1 else None

    def as_counted(self) -> dict[str, Any]:
        """The record with what the answers give in the place of what it leaves out: the overall judgement and the domains."""
        computed = self.computed
        given = {row.domain: row.level for row in computed.domains if row.level is not None} if computed is not None else {}
        return self.model_dump(mode="json") | {"overall": self.counted, "domains": given | self.domains}


def _refuse_foreign(form: Form, answers: Mapping[str, Answer]) -> None:
    for number, given in answers.items():
        if number not in form.questions:
            raise ValueError(f"{form.name} has no question {number}; it has {', '.join(form.questions)}")
        if given not in form.questions[number].answers:
            raise ValueError(f"question {number} has no answer {given}; it has {', '.join(form.questions[number].answers)}")


def _differing(form: Form, computed: FormJudgement, overall: RiskOfBiasJudgement | None, domains: Mapping[str, str]) -> list[str]:
    """What is recorded otherwise than computed, or chosen where the answers leave a choice, in words."""
    found = []
    if overall is not None and computed.overall is None:
        found.append(f"overall is {overall}, and {_open(form, computed)}")
    if overall is not None and computed.overall is not None and overall.value != computed.overall:
        found.append(f"overall is {overall}, the answers give {computed.overall}")
    for row in computed.domains:
        recorded = domains.get(row.domain)
        if recorded is not None and row.open_because is None and recorded != row.level:
            found.append(f"{row.domain} is {recorded}, the answers give {' or '.join(form.in_order(row.possible))}")
    return found


def _open(form: Form, computed: FormJudgement) -> str:
    if computed.unanswered:
        return f"the answers leave it open: {', '.join(computed.unanswered)} not answered"
    return f"the answers leave it open: {' or '.join(form.in_order(computed.possible))}"
