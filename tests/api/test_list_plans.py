"""Every list is served by an index, on both engines: what a page costs must not grow with the ledger.

The statements are caught on their way to the database and explained there. SQLite keeps no statistics, so its plan for these few rows
is its plan for a million. PostgreSQL would read so few rows from end to end; it is told not to, and must then find an index.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from fastapi.testclient import TestClient
from sqlalchemy import Engine, event
from sqlmodel import SQLModel

import app.models  # noqa: F401  registers the tables

FEW = {
    "alembic_version", "contraindication", "adverse_effect", "condition_outcome", "instrument", "intervention", "outcome", "position",
    "reading", "source", "source_health", "claim", "condition", "sign_off",
}  # fmt: skip
"""Reference records: some hundred, a few thousand conditions; a list of these may read them all. Sign-offs are fewer than ratings."""
GROWING = {table.name for table in SQLModel.metadata.sorted_tables} - FEW
BY_NEWEST = (
    "/v1/studies", "/v1/studies?sort=year", "/v1/studies?sort=-year", "/v1/studies?sort=title", "/v1/studies?sort=n_randomised",
    "/v1/studies?sort=-n_randomised", "/v1/studies?sort=key", "/v1/studies?sort=id",
    "/v1/studies?intervention=craniosacral-therapy", "/v1/studies?kind=primary", "/v1/studies?kind=primary,synthesis",
    "/v1/studies?design=randomised-trial", "/v1/studies?design=cohort,case-series", "/v1/studies?publication_status=published",
    "/v1/studies?publication_status__not=retracted", "/v1/studies?status=accepted", "/v1/studies?status=accepted,retracted",
    "/v1/studies?age_group=adult", "/v1/studies?country=Spain", "/v1/studies?language=en", "/v1/studies?language=en,de",
    "/v1/studies?fidelity=craniosacral-therapy", "/v1/studies?year=2016", "/v1/studies?year__gte=2010&year__lte=2020",
    "/v1/studies?n_randomised__gte=50", "/v1/studies?comparator=sham", "/v1/studies?outcome=pain-intensity",
    "/v1/studies?risk_of_bias=high", "/v1/studies?condition__not=migraine", "/v1/studies?condition=low-back-pain",
    "/v1/studies?intervention=craniosacral-therapy&design=randomised-trial", "/v1/conditions/low-back-pain/studies",
    "/v1/conditions/low-back-pain/studies?design=randomised-trial",
    "/v1/studies?country=Spain&sort=-n_randomised", "/v1/studies?design=cohort&sort=title", "/v1/studies?kind=primary&sort=year",
    "/v1/changes", "/v1/changes?after=10", "/v1/changes?action=rating.changed", "/v1/changes?subject=condition:migraine",
    "/v1/evidence",
)  # fmt: skip
"""Lists that are one walk along an index which holds their order: nothing is sorted, however deep the page."""
FOUND_FIRST = (
    "/v1/studies?q=pain", "/v1/studies?condition=migraine,neck-pain", "/v1/studies?registration=NCT00000001",
    "/v1/studies?doi=10.1000/182", "/v1/studies?pmid=1", "/v1/studies?pmcid=PMC1", "/v1/studies?key=a-2001-b",
    "/v1/evidence?condition=migraine", "/v1/evidence?outcome=pain-intensity", "/v1/evidence?certainty=low",
    "/v1/evidence?intervention=craniosacral-therapy&condition=migraine", "/v1/conditions", "/v1/conditions?q=pain",
    "/v1/conditions?certainty=low", "/v1/conditions?intervention=craniosacral-therapy", "/v1/conditions/migraine",
    "/v1/conditions/migraine/claims", "/v1/conditions/migraine/ratings/craniosacral-therapy",
    "/v1/conditions/migraine/ratings/craniosacral-therapy/history", "/v1/interventions", "/v1/interventions/craniosacral-therapy",
    "/v1/interventions?q=cranio", "/v1/outcomes?q=pain", "/v1/claims", "/v1/registrations", "/v1/search?q=pain", "/v1/search?q=ost",
    "/v1/search?q=pain&kind=condition",
)  # fmt: skip
"""What finds its rows by an index and then puts them in order, or belongs to one record."""


WHOLE = re.compile(r"(?:^SCAN (?=\w+$)|Seq Scan on )(\w+)")


class Sent(NamedTuple):
    statement: str
    parameters: Any


@contextmanager
def caught() -> Iterator[list[Sent]]:
    """The SELECTs of the block, on every engine of this process."""
    sent: list[Sent] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith(("SELECT", "WITH")):
            sent.append(Sent(statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def pages_of(client: TestClient, address: str) -> list[Sent]:
    """What the first page of a list asks, and the second."""
    few = f"{address}{'&' if '?' in address else '?'}limit=1" if "/ratings/" not in address and "studies" in address else address
    with caught() as sent:
        answer = client.get(few)
        assert answer.status_code == 200, answer.text
        following = answer.json().get("page", {}).get("next")
        if following is not None:
            assert client.get(f"{few}&cursor={following}" if "?" in few else f"{few}?cursor={following}").status_code == 200
    return sent


def plan_of(engine: Engine, sent: Sent, *, in_order: bool) -> list[str]:
    """Its lines, each about one table or one step."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sent.statement}", sent.parameters)]
        for refused in ("seqscan", *(("sort", "bitmapscan", "incremental_sort") if in_order else ())):
            connection.exec_driver_sql(f"SET enable_{refused} = off")
        return [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {sent.statement}", sent.parameters)]


def read_whole(plan: list[str]) -> set[str]:
    """The growing tables that the plan reads without an index; the ledger lies in its own order, and is walked along that."""
    named = {found[1] for line in plan if (found := WHOLE.search(line)) is not None}
    read = {re.sub(r"_\d+$", "", name) for name in named} & GROWING  # an alias of SQLAlchemy is the name and a number
    return read - ({"change"} if not sorts(plan) else set())


def sorts(plan: list[str]) -> list[str]:
    return [line for line in plan if "FOR ORDER BY" in line or "PART OF ORDER BY" in line or re.search(r"\b(Incremental )?Sort\b", line)]


def test_no_growing_table_is_read_from_end_to_end(seeded_client: TestClient, seeded_engine: Engine) -> None:
    whole = {}
    for address in (*BY_NEWEST, *FOUND_FIRST):
        sent = pages_of(seeded_client, address)
        assert sent, address
        whole[address] = {table for one in sent for table in read_whole(plan_of(seeded_engine, one, in_order=False))}
    assert {address: tables for address, tables in whole.items() if tables} == {}


def test_a_list_is_a_walk_along_an_index_and_sorts_nothing(seeded_client: TestClient, seeded_engine: Engine) -> None:
    sorted_by = {}
    for address in BY_NEWEST:
        of_list = [one for one in pages_of(seeded_client, address) if "sort_0" in one.statement]
        assert of_list, address
        sorted_by[address] = [line for one in of_list for line in sorts(plan_of(seeded_engine, one, in_order=True))]
    assert {address: lines for address, lines in sorted_by.items() if lines} == {}


def test_a_plan_that_reads_or_sorts_everything_is_told_apart(seeded_engine: Engine) -> None:
    bad = Sent("SELECT completed_on FROM study ORDER BY completed_on", ())
    plan = plan_of(seeded_engine, bad, in_order=True)
    assert sorts(plan)
    assert read_whole(plan) == {"study"}
