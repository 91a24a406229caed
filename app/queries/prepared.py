"""Statements that are put together once, when the module is read: to build one costs five times as much as to ask it.

A value stands in it as a bound parameter, a list of values as one parameter too (`in_list`), so that its text is always the same.
"""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Text, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean, TypeDecorator, TypeEngine

HELD = "held_connection"


def ask_prepared(session: Session, statement: Any, **values: Any) -> CursorResult[*tuple[Any, ...]]:
    """The rows of a prepared statement of columns, past the machinery for entities, which it does not need."""
    if session.autoflush:  # a writer's: what waits in it is sent first
        return session.execute(statement, values)  # type: ignore[return-value]
    connection: Connection | None = session.info.get(HELD)  # a session that only reads keeps one connection and one transaction
    if connection is None:
        connection = session.info[HELD] = session.connection()
    return connection.execute(statement, values)


class _ListOfTexts(TypeDecorator[Collection[str]]):
    """An array on PostgreSQL; SQLite has none, and reads it from JSON."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(Text()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Collection[str] | None, dialect: Dialect) -> Any:
        listed = sorted(set(value or ()))
        return listed if dialect.name == "postgresql" else json.dumps(listed)


class _InList(FunctionElement[bool]):
    inherit_cache = True
    type = Boolean()
    name = "in_list"

    def self_group(self, against: Any = None) -> Any:
        """As it is: a boolean function is otherwise compared with 1, which hides the IN from SQLite's planner."""
        return self


@compiles(_InList, "sqlite")
def _of_json(element: _InList, compiler: SQLCompiler, **options: Any) -> str:
    column, wanted = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({wanted}))"  # noqa: S608  both compiled by SQLAlchemy


@compiles(_InList, "postgresql")
def _of_array(element: _InList, compiler: SQLCompiler, **options: Any) -> str:
    column, wanted = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY ({wanted})"


def in_list(column: Any, name: str) -> Any:
    """Whether the column of text holds one of the values of the parameter of that name, of which there may be none."""
    return _InList(column, bindparam(name, type_=_ListOfTexts()))
