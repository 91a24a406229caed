"""The one filter grammar of every collection, and the table in which each declares its fields.

`field=a,b` (or) · `field__not=a,b` · `field__gte=1` · `field__lte=9` · `sort=-year,id` · `limit` · `cursor` · `count=true` ·
`fields=a,b.c`.
A comma inside a value is written `\\,`. `field__not` keeps rows in which the field is unknown: unknown is not the excluded value.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, not_, or_

from app.errors import InvalidQuery, ParameterProblem
from app.queries.filter_values import MAX_VALUES, allowed_values, parse_value, split_values, value_schema
from app.queries.nearest import as_sentence, did_you_mean
from app.queries.not_by_index import NotByIndex
from app.queries.paging import DEFAULT_LIMIT, MAX_LIMIT, PageRequest, SortKey, SortTerm, bind_cursor

Condition = ColumnElement[bool]
MEANING = {"eq": "one of these", "not": "none of these (rows without a value stay)", "gte": "at least", "lte": "at most"}


@dataclass(frozen=True)
class Field:
    """One filter. `condition` takes the place of a column where the filter is an EXISTS or a search; `whole` leaves commas alone.

    `walked`: an index holds the column and the list's usual order behind it. One value is then a stretch of that index; several are
    not, nor is one in another order: they are sought along the order of the list.
    """

    name: str
    column: Any = None
    type: Any = str
    operators: Collection[str] = ("eq", "not")
    condition: Callable[[list[Any]], Condition] | None = None
    whole: bool = False
    description: str = ""
    walked: bool = False

    def build(self, operator: str, values: list[Any], *, usual_order: bool = True) -> Condition:
        if self.condition is not None:
            wanted = self.condition(values)
            return not_(wanted) if operator == "not" else wanted
        if operator == "eq" and self.walked and not (usual_order and len(values) == 1):
            walked: Condition = NotByIndex(self.column).in_(values)
            return walked
        if operator == "eq":
            return self._equals(values)
        if operator == "not":
            return or_(self.column.is_(None), not_(self._equals(values)))
        bounded: Condition = self.column >= values[0] if operator == "gte" else self.column <= values[0]
        return bounded

    def _equals(self, values: list[Any]) -> Condition:
        condition: Condition = self.column == values[0] if len(values) == 1 else self.column.in_(values)
        return condition


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a client asked of a list. `values` holds the parsed filters by parameter, for whoever ranks by `q`."""

    conditions: list[Condition]
    sort: list[SortTerm]
    page: PageRequest
    fields: str | None
    values: dict[str, list[Any]]

    def apply(self, statement: Select[Any]) -> Select[Any]:
        return statement.where(*self.conditions)


@dataclass(frozen=True)
class FilterTable:
    """All that one collection can be asked. `tie` is its unique key, which ends every sort order."""

    fields: Sequence[Field]
    sort_keys: Sequence[SortKey]
    tie: SortKey
    default_sort: str = ""
    parameters: dict[str, tuple[Field, str]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.fields:
            if not set(one.operators) <= MEANING.keys():
                raise ValueError(f"{one.name}: the operators are {', '.join(MEANING)}")
            if one.condition is not None and not set(one.operators) <= {"eq", "not"}:
                raise ValueError(f"{one.name}: a condition of its own knows only eq and not")
            for operator in one.operators:
                self.parameters[one.name if operator == "eq" else f"{one.name}__{operator}"] = (one, operator)

    @cached_property
    def names(self) -> list[str]:
        return [*self.parameters, "sort", "limit", "cursor", "count", "fields"]

    def parse(self, path: str, params: Iterable[tuple[str, str]]) -> ListQuery:
        """Read the query of a request; InvalidQuery names every parameter that is wrong."""
        return _Reading(self, path, list(params)).finish()

    def describe(self) -> list[dict[str, Any]]:
        """The OpenAPI parameters of the list, for `openapi_extra={"parameters": …}`."""
        filters = [_describe_filter(name, *entry) for name, entry in self.parameters.items()]
        orders = [sign + key.name for key in self._all_sort_keys().values() for sign in ("", "-")]
        return [
            *filters,
            _describe("sort", {"type": "array", "items": {"type": "string", "enum": orders}}, "Sort keys; a minus turns one round."),
            _describe("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}, "Items per page."),
            _describe("cursor", {"type": "string"}, "`page.next` of the page before."),
            _describe("count", {"type": "boolean", "default": False}, "Count all matches into `page.total`."),
            _describe("fields", {"type": "array", "items": {"type": "string"}}, "Members to keep, nested by dots."),
        ]

    def _all_sort_keys(self) -> dict[str, SortKey]:
        return {key.name: key for key in (*self.sort_keys, self.tie)}

    def parse_sort(self, text: str) -> list[SortTerm]:
        """`-year,title` as terms, ended by the unique key; ValueError names a key that is not declared."""
        known = self._all_sort_keys()
        terms: dict[str, SortTerm] = {}
        for part in text.split(",") if text else []:
            name = part.removeprefix("-")
            if name not in known:
                raise ValueError(f"there is no sort key {name!r}; {did_you_mean(name, known)}")
            if name in terms:
                raise ValueError(f"the sort key {name!r} comes twice")
            terms[name] = SortTerm(known[name], descending=part.startswith("-"))
            if name == self.tie.name or known[name].unique:
                return list(terms.values())  # what follows could not change the order
        terms[self.tie.name] = SortTerm(self.tie)
        return list(terms.values())


class _Reading:
    """One query being read: collects what is asked and what is wrong."""

    def __init__(self, table: FilterTable, path: str, params: list[tuple[str, str]]) -> None:
        self.table = table
        self.path = path
        self.params = params
        self.errors: list[ParameterProblem] = []

    def finish(self) -> ListQuery:
        values = self._values()
        sort = self._once("sort", self.table.parse_sort, self.table.parse_sort(self.table.default_sort))
        limit = self._once("limit", _limit, DEFAULT_LIMIT)
        count = self._once("count", lambda text: bool(parse_value(text, bool)), False)
        cursor = self._once("cursor", str, None)
        fields = self._once("fields", str, None)
        if self.errors:
            raise InvalidQuery(f"{self.errors[0].parameter}: {self.errors[0].detail}", errors=self.errors)
        usual = [str(term) for term in sort] == [str(term) for term in self.table.parse_sort(self.table.default_sort)]
        asked = [(one, operator, values[name]) for name, (one, operator) in self.table.parameters.items() if name in values]
        conditions = [one.build(operator, wanted, usual_order=usual) for one, operator, wanted in asked]
        page = PageRequest(limit, cursor, count, bind_cursor(self.path, self.params, sort))
        return ListQuery(conditions, sort, page, fields, values)

    def _values(self) -> dict[str, list[Any]]:
        values: dict[str, list[Any]] = {}
        for name, text in self.params:
            if name in self.table.parameters:
                values.setdefault(name, []).extend(self._parse(name, text))
            elif name not in self.table.names:
                sentence = as_sentence(f"there is no parameter {name[:100]!r}; {did_you_mean(name, self.table.names)}")
                self.errors.append(ParameterProblem(name, sentence, self.table.names))
        for name, found in values.items():
            self._check_number(name, len(found))
        return values

    def _parse(self, name: str, text: str) -> list[Any]:
        one, operator = self.table.parameters[name]
        single = one.whole or operator in {"gte", "lte"}
        found: list[Any] = []
        for part in [text] if single else split_values(text):
            try:
                found.append(parse_value(part, one.type))
            except ValueError as error:
                self.errors.append(ParameterProblem(name, as_sentence(str(error)), allowed_values(one.type)))
        return found

    def _check_number(self, name: str, number: int) -> None:
        one, operator = self.table.parameters[name]
        if number > 1 and (one.whole or operator in {"gte", "lte"}):
            self.errors.append(ParameterProblem(name, "the parameter is given more than once."))
        if number > MAX_VALUES:
            self.errors.append(ParameterProblem(name, f"at most {MAX_VALUES} values are taken at once."))

    def _once(self, name: str, read: Callable[[str], Any], default: Any) -> Any:
        given = [text for parameter, text in self.params if parameter == name]
        if not given:
            return default
        try:
            if len(given) > 1:
                raise ValueError("the parameter is given more than once")
            if not given[0]:
                raise ValueError("a value is missing")
            return read(given[0])
        except ValueError as error:
            allowed = sorted(self.table._all_sort_keys()) if name == "sort" else None
            self.errors.append(ParameterProblem(name, as_sentence(str(error)), allowed))
            return default


def _limit(text: str) -> int:
    number = parse_value(text, int)
    if not 1 <= number <= MAX_LIMIT:
        raise ValueError(f"{number} is not between 1 and {MAX_LIMIT}")
    return int(number)


def _describe_filter(name: str, one: Field, operator: str) -> dict[str, Any]:
    schema = value_schema(one.type)
    several = not one.whole and operator in {"eq", "not"}
    description = one.description or f"{one.name}: {MEANING[operator]}."
    return _describe(name, {"type": "array", "items": schema} if several else schema, description)


def _describe(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    style = {"style": "form", "explode": False} if schema.get("type") == "array" else {}
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema, **style}
