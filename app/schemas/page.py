"""The envelope of every list: `{"items": […], "page": {…}}`; `meta` stands beside them where the items speak of health."""

from pydantic import Field

from app.schemas.base import Shape


class PageInfo(Shape):
    limit: int
    next: str | None = Field(description="What to send as `cursor` for the next page; null on the last.")
    total: int | None = Field(description="How many match; null unless `count=true` was asked.")
