"""An audit as it is served."""

from datetime import datetime

from pydantic import Field

from app.schemas.base import Shape
from app.schemas.page import PageInfo
from app.vocabulary import AuditQuestion, WithoutSecondPerson


class AuditActor(Shape):
    id: str
    name: str
    orcid: str | None


class AuditFinding(Shape):
    """One act. `id` is unique among the answers to one question; `sequence` is its entry in the ledger, null where only the tables
    tell of it."""

    id: str
    sequence: int | None
    at: datetime | None
    who: AuditActor
    subject: str
    revision: int | None
    detail: str
    exception: WithoutSecondPerson | None = Field(description="The named exception that allows it; null: it is a finding.")


class AuditSummary(Shape):
    question: AuditQuestion
    text: str
    findings: int
    exceptions: int = Field(description="Acts of this kind that a named exception allows.")
    href: str


class AuditReport(Shape):
    """`clean`: no question has a finding."""

    clean: bool
    items: list[AuditSummary]
    exceptions: dict[WithoutSecondPerson, str] = Field(description="The named exceptions, each with its reason.")
    sequence: int = Field(description="The newest entry of the ledger that was looked at.")


class AuditAnswer(Shape):
    """A page of what answers one question, in the order of the ledger."""

    question: AuditQuestion
    text: str
    findings: int = Field(description="How many there are in all.")
    exceptions: int = Field(description="How many acts of this kind a named exception allows; `excepted=true` lists them.")
    items: list[AuditFinding]
    page: PageInfo
    sequence: int
