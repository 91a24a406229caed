"""What every answer about health says of itself."""

from datetime import date

from pydantic import Field

from app.schemas.base import Shape

DISCLAIMER = "This describes what studies found. It is not medical advice and does not replace a health professional's judgement."


class Meta(Shape):
    """The method, the ledger entry and the day that an answer rests on."""

    method: str = Field(description="Version of the rating method, such as `certainty/1.0.0`.")
    sequence: int = Field(description="The newest entry of the ledger that the answer depends on; 0 while the ledger is empty.")
    as_of: date | None = Field(default=None, description="The newest day that its ratings speak of; null where there is none.")
    disclaimer: str = DISCLAIMER
