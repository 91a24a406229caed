"""A body that is a merge patch (RFC 7396): how it is described, and what comes of it."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from app.errors import FieldProblem, InvalidBody, UnsupportedMediaType
from app.formats.merge_patch import MEDIA_TYPE, apply_merge_patch
from app.web.json_body import is_json, parse_json
from app.web.problems import body_problems

PATCHES = ("json", "merge-patch+json")
Record = TypeVar("Record", bound=BaseModel)


def describe_merge_patch(of_what: str, example: dict[str, Any]) -> dict[str, Any]:
    """The request body of a route that reads it itself, for its OpenAPI description."""
    schema = {"type": "object"}
    content = {MEDIA_TYPE: {"schema": schema, "example": example}, "application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "description": f"A merge patch (RFC 7396) over {of_what}.", "content": content}}


def patched(request: Request, body: bytes, record: Record, *, called: str) -> Record:
    """The record after the patch; a fault of the patch is named by its place in the record."""
    if not is_json(request.headers.get("content-type", ""), but_only=PATCHES):
        raise UnsupportedMediaType(f"Send {MEDIA_TYPE} or application/json.", headers={"Accept-Patch": MEDIA_TYPE})
    patch = parse_json(body)
    if not isinstance(patch, dict):
        whole = f"a merge patch of {called} is a JSON object"
        raise InvalidBody(whole, errors=[FieldProblem("", whole)])
    shape = type(record)
    try:
        return shape.model_validate(apply_merge_patch(record.model_dump(mode="json"), patch))
    except ValidationError as error:
        found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]  # as FastAPI places what it reads from a body
        raise InvalidBody(f"{called}, patched so, does not fit its schema", errors=body_problems(found, shape)) from None
