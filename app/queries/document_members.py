"""Members of a stored study document as SQL conditions: for revisions that have no rows of their own, because they are not accepted."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, ColumnElement, Text, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class AsJson(FunctionElement[Any]):
    """A text column read as JSON, so that its members can be asked for."""

    type = JSON()
    inherit_cache = True


class Elements(FunctionElement[Any]):
    """The elements of a JSON list, a row each, in the column `value`."""

    inherit_cache = True


@compiles(AsJson, "sqlite")
def _text_is_json(element: AsJson, compiler: Any, **rest: Any) -> str:
    return str(compiler.process(element.clauses, **rest))


@compiles(AsJson, "postgresql")
def _text_becomes_json(element: AsJson, compiler: Any, **rest: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **rest)} AS json)"


@compiles(Elements, "sqlite")
def _elements_in_sqlite(element: Elements, compiler: Any, **rest: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **rest)})"


@compiles(Elements, "postgresql")
def _elements_in_postgresql(element: Elements, compiler: Any, **rest: Any) -> str:
    return f"json_array_elements_text({compiler.process(element.clauses, **rest)})"


def document_member(document: Any, name: str) -> ColumnElement[str]:
    """A text on the top floor of the document, such as `kind`; null where it is null or missing."""
    member: ColumnElement[str] = AsJson(document)[name].as_string()
    return member


def lists_condition(document: Any, slugs: Sequence[str]) -> ColumnElement[bool]:
    """Does the document list one of these conditions? Those of its results are among them in everything that was submitted."""
    listed: Any = Elements(AsJson(document)["conditions"]).table_valued("value", name="listed").c.value
    listed.type = Text()
    found: ColumnElement[bool] = select(listed).where(listed.in_(slugs)).exists()
    return found
