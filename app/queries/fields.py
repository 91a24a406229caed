"""`fields=title,results.effect.value`: keep only the members that were asked for, nested by dots, through lists too."""

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from app.errors import InvalidQuery, ParameterProblem
from app.queries.nearest import as_sentence, did_you_mean

FieldTree = dict[str, "FieldTree"]
"""The members to keep; an empty tree below a member keeps all of it."""


def parse_fields(text: str, shape: type[BaseModel]) -> FieldTree:
    """Read `fields=` against the shape of one item; InvalidQuery names what the shape does not have."""
    tree: FieldTree = {}
    for path in text.split(","):
        _check_path(path, shape)
        _add(tree, path.split("."))
    return tree


def project(value: Any, tree: FieldTree) -> Any:
    """The part of a model or JSON-able value that the tree keeps, in the value's own order."""
    if not tree:
        return value
    if isinstance(value, BaseModel):
        return project(value.model_dump(mode="json", by_alias=True), tree)
    if isinstance(value, Mapping):
        return {name: project(part, tree[name]) for name, part in value.items() if name in tree}
    if isinstance(value, list | tuple):
        return [project(part, tree) for part in value]
    return value


def _add(tree: FieldTree, parts: list[str]) -> None:
    """`a` keeps all of a, so `a,a.b` is `a`, in either order."""
    for place, part in enumerate(parts):
        known = part in tree
        below = tree.setdefault(part, {})
        last = place == len(parts) - 1
        if last:
            below.clear()
        if known and not below:
            return
        tree = below


def _check_path(path: str, shape: type[BaseModel]) -> None:
    shapes: list[type[BaseModel]] | None = [shape]
    walked = ""
    for part in path.split("."):
        if shapes is None:
            return  # an open mapping: any member may be there
        members = {name: annotation for one in shapes for name, annotation in _members(one).items()}
        if part not in members:
            raise _unknown(part[:100], walked, members)
        shapes = _shapes_below(members[part])
        walked += part + "."


def _unknown(name: str, walked: str, members: Mapping[str, Any]) -> InvalidQuery:
    place = f" in {walked[:-1]!r}" if walked else ""
    hint = did_you_mean(name, members) if members else "it has none"
    sentence = as_sentence(f"there is no member {name!r}{place}; {hint}")
    return InvalidQuery(f"fields: {sentence}", errors=[ParameterProblem("fields", sentence, sorted(members) or None)])


def _members(shape: type[BaseModel]) -> dict[str, Any]:
    """The members of a shape by the name they have on the wire."""
    declared = {field.serialization_alias or field.alias or name: field.annotation for name, field in shape.model_fields.items()}
    computed = {field.alias or name: field.return_type for name, field in shape.model_computed_fields.items()}
    return {**declared, **computed}


def _shapes_below(annotation: Any) -> list[type[BaseModel]] | None:
    """The models that a member may hold, through optionals, unions and lists; None where it holds an open mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in {Any, dict} or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return None
    if origin is Annotated:
        return _shapes_below(arguments[0])
    if origin in {Union, UnionType} or (isinstance(origin, type) and issubclass(origin, list | tuple | set | frozenset)):
        below = [_shapes_below(argument) for argument in arguments if argument is not Ellipsis]
        return None if None in below else [shape for shapes in below if shapes for shape in shapes]
    return []
