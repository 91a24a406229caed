"""Which members a body may have at a place: for the answer to somebody who misspelt one."""

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel


def members_at(shape: Any, path: Sequence[str | int]) -> list[str] | None:
    """The members of the object at `path` within a body of the type `shape`; None where the type says nothing of it."""
    shapes = list(_models(shape))
    for step in path:
        if isinstance(step, str):
            shapes = [inner for model in shapes for inner in _below(model, step)]
    return list(dict.fromkeys(_name(model, field) for model in shapes for field in model.model_fields)) or None


def _below(model: type[BaseModel], step: str) -> Iterator[type[BaseModel]]:
    for field, described in model.model_fields.items():
        if _name(model, field) == step:
            yield from _models(described.annotation)


def _models(shape: Any) -> Iterator[type[BaseModel]]:
    """The models in a type: itself, or those in `list[…]`, `… | None` and `Annotated[…]`. Places in a list are no step of their own."""
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        yield shape
    for part in get_args(shape):
        yield from _models(part)


def _name(model: type[BaseModel], field: str) -> str:
    return model.model_fields[field].alias or field
