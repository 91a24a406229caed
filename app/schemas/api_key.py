from datetime import datetime

from app.identifiers import Orcid
from app.schemas.base import Line, Shape
from app.schemas.page import PageInfo
from app.vocabulary import Role


class ApiKeyCreate(Shape):
    name: Line
    role: Role
    orcid: Orcid | None = None


class ApiKeyRead(Shape):
    """A key as it is listed: never its secret."""

    prefix: str
    name: str
    role: Role
    orcid: str | None
    created_at: datetime
    revoked_at: datetime | None


class ApiKeyCreated(ApiKeyRead):
    """The one answer that shows the key itself."""

    key: str


class ApiKeyList(Shape):
    items: list[ApiKeyRead]
    page: PageInfo
