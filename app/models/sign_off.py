from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from app.models.base import UTCDateTime


class SignOff(SQLModel, table=True):
    """A curator's word that he read a rating with all it rests on and found it sound; it changes nothing of the rating.

    `inputs_hash` and `sequence` are those of the rating that was read; `evidence_hash` is the fingerprint of what it rests on and
    says, without the day. `stands_at` is the newest inputs hash of the rating that the word still holds for: while the rating has
    another one, the sign-off requires review. `independent`: the signer had no hand in what he signed and declares no interest; `alone`:
    he had, and it counts nevertheless, by the exception for an installation of one person.
    """

    __tablename__ = "sign_off"
    __table_args__ = (Index("ix_sign_off_condition_intervention", "condition", "intervention"),)

    id: str = Field(primary_key=True, max_length=36)
    condition: str = Field(foreign_key="condition.slug")
    intervention: str = Field(foreign_key="intervention.slug")
    inputs_hash: str
    evidence_hash: str
    sequence: int
    method: str
    certainty: str
    direction: str | None = None
    comment: str = Field(sa_type=Text)
    conflict_of_interest: str = Field(sa_type=Text)
    independent: bool
    alone: bool
    signer: str
    signed_at: datetime = Field(sa_type=UTCDateTime)
    stands_at: str
    withdrawn_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    withdrawn_by: str | None = None
    withdrawal_reason: str | None = Field(default=None, sa_type=Text)
