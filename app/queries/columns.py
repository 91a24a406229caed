"""Selected columns and what a row holds of them."""

from typing import Any

Columns = tuple[Any, ...]
"""Columns of a statement; lists select columns, never entities."""


def members(row: Any, columns: Columns) -> dict[str, Any]:
    """The row's values of these columns by name, in their order."""
    return {column.key: getattr(row, column.key) for column in columns}
