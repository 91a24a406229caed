"""A column that SQLite is not to look up in an index: it keeps no statistics, and would sort a million rows to spare itself a walk."""

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class NotByIndex(FunctionElement[Any]):
    """The column itself; in front of it SQLite's unary plus. PostgreSQL knows how often a value occurs, and decides by itself."""

    inherit_cache = True
    name = "not_by_index"

    def __init__(self, column: Any) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(NotByIndex, "sqlite")
def _with_plus(element: NotByIndex, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


@compiles(NotByIndex, "postgresql")
def _as_it_is(element: NotByIndex, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)
