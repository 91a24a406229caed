from sqlalchemy import JSON, Text
from sqlmodel import Field, SQLModel


class RatingInput(SQLModel, table=True):
    """What a rating rested on, by its inputs hash: the texts around its parts, and the parts by their own hashes.

    `frame` has one text more than `parts`: text, part, text, ..., part, text gives the canonical text whose SHA-256 is `hash`.
    """

    __tablename__ = "rating_input"

    hash: str = Field(primary_key=True, max_length=64)
    frame: list[str] = Field(sa_type=JSON)
    parts: list[str] = Field(sa_type=JSON)


class RatingInputPart(SQLModel, table=True):
    """One study or one outcome of a rating's input, stored once however many ratings rest on it; `hash` is SHA-256 of `text`."""

    __tablename__ = "rating_input_part"

    hash: str = Field(primary_key=True, max_length=64)
    text: str = Field(sa_type=Text)
