"""Kept replies: who gets one, what it carries, and when it is dropped."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.testclient import TestClient

from app.queries.ledger_clock import Moved
from app.settings import Settings
from app.web.conditional import reply
from app.web.door import Door
from app.web.problems import install_problem_handlers
from app.web.reply_cache import LONG_STRETCH, made_from_of

PER_REQUEST = {"x-request-id", "evidence-revision"}


class Shelf:
    """A small service over a ledger of which a test writes the entries, and which counts how often an answer was made."""

    def __init__(self, **settings: Any) -> None:
        self.entries: list[tuple[str, ...]] = [("study:0",)]
        self.made = 0
        self.during: tuple[str, ...] | None = None
        self.broken = False
        self.rests_on = 0
        self.action = "study.created"
        self.observed: list[tuple[str, str | None, int | None]] = []
        app = FastAPI(openapi_url=None)
        install_problem_handlers(app)
        app.add_api_route("/things/{name}", self._answer, methods=["GET"])
        app.add_api_route("/silent", self._answer_silently, methods=["GET"])
        chosen = Settings(**{"rate_limit": "off", "rate_limit_writes": "off", **settings})
        self.door = Door(app, chosen, self, lambda method, route, status, _: self.observed.append((method, route, status)))

    def read(self, *, sure: bool) -> int:
        if self.broken:
            raise OSError("no database")
        return len(self.entries)

    def moved(self, after: int, until: int) -> Moved:
        stretch = self.entries[after:until]
        return Moved(
            frozenset(one for entry in stretch for one in entry), frozenset(entry[0] for entry in stretch), frozenset({self.action})
        )

    def write(self, subject: str, *touches: str) -> None:
        self.entries.append((subject, *touches))

    def _answer(self, request: Request, name: str) -> Response:
        self.made += 1
        made_from = made_from_of(request.scope)
        made_from.noted, made_from.subjects, made_from.records = True, {f"condition:{name}"}, {"study:named"}
        made_from.everything = name == "everything"
        made_from.sequence = self.rests_on
        if self.during is not None:
            self.write(*self.during)
        body = {"name": name, "made": self.made, "text": "x" * int(request.query_params.get("size", 2000))}
        return reply(request, body, headers={"Link": "</next>; rel=next"})

    def _answer_silently(self, request: Request) -> Response:
        self.made += 1
        return reply(request, {"made": self.made})


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def client(shelf: Shelf) -> Iterator[TestClient]:
    with TestClient(shelf.door) as client:
        yield client


def seen(response: Any) -> tuple[int, dict[str, str], bytes]:
    return response.status_code, {name: value for name, value in response.headers.items() if name not in PER_REQUEST}, response.content


class TestWhoGetsOne:
    def test_the_second_reader_gets_what_the_first_was_told(self, client: TestClient, shelf: Shelf) -> None:
        first, second = client.get("/things/a"), client.get("/things/a")
        assert seen(first) == seen(second)
        assert shelf.made == 1
        assert first.headers["X-Request-ID"] < second.headers["X-Request-ID"]

    @pytest.mark.parametrize("name", ["Authorization", "Cookie", "Content-Length"])
    def test_who_says_more_of_himself_is_answered_anew(self, client: TestClient, shelf: Shelf, name: str) -> None:
        client.get("/things/a")
        client.get("/things/a", headers={name: "0"})
        assert shelf.made == 2

    def test_what_was_made_for_one_person_is_kept_for_nobody(self, client: TestClient, shelf: Shelf) -> None:
        client.get("/things/a", headers={"Authorization": "Bearer x"})
        client.get("/things/a")
        assert shelf.made == 2

    def test_an_answer_of_which_nobody_says_what_it_was_made_from_is_not_kept(self, client: TestClient, shelf: Shelf) -> None:
        assert [client.get("/silent").json()["made"] for _ in range(2)] == [1, 2]

    def test_problems_are_not_kept(self, client: TestClient) -> None:
        first, second = client.get("/nowhere"), client.get("/nowhere")
        assert first.status_code == second.status_code == 404
        assert first.json()["request_id"] != second.json()["request_id"]

    @pytest.mark.parametrize(
        "other", [{"Accept-Encoding": "identity"}, {"Accept": "text/html"}, {"Accept-Encoding": "gzip;q=0"}], ids=lambda one: str(one)
    )
    def test_each_representation_is_kept_for_itself(self, client: TestClient, other: dict[str, str]) -> None:
        plain = client.get("/things/a", headers={"Accept-Encoding": "gzip"})
        different = client.get("/things/a", headers=other)
        assert plain.headers["Content-Encoding"] == "gzip"
        assert seen(client.get("/things/a", headers={"Accept-Encoding": "br, gzip"})) == seen(plain)
        assert seen(client.get("/things/a", headers=other)) == seen(different)

    def test_what_takes_a_long_key_is_not_kept(self, client: TestClient, shelf: Shelf) -> None:
        for _ in range(2):
            client.get("/things/a", params={"q": "x" * 2_000})
            client.get("/things/a", headers={"Accept": "application/json;" + "x" * 300})
        assert shelf.made == 4

    def test_another_query_is_another_answer(self, client: TestClient, shelf: Shelf) -> None:
        assert client.get("/things/a?size=3").json()["text"] == "xxx"
        assert client.get("/things/a?size=4").json()["text"] == "xxxx"
        assert client.get("/things/a?size=3").json()["text"] == "xxx"
        assert shelf.made == 2

    def test_nothing_is_kept_where_there_is_no_room(self) -> None:
        shelf = Shelf(reply_cache_bytes=0)
        client = TestClient(shelf.door)
        assert [client.get("/things/a").json()["made"] for _ in range(2)] == [1, 2]


class TestWhatItCarries:
    def test_head_is_the_same_without_the_body(self, client: TestClient) -> None:
        got, headed = client.get("/things/a"), client.head("/things/a")
        assert headed.content == b""
        assert seen(got)[:2] == seen(headed)[:2]

    def test_what_head_made_is_kept_whole(self, client: TestClient, shelf: Shelf) -> None:
        assert client.head("/things/a").content == b""
        assert len(client.get("/things/a").json()["text"]) == 2000
        assert shelf.made == 1

    def test_a_client_that_holds_it_is_told_so_as_by_the_route_itself(self, client: TestClient, shelf: Shelf) -> None:
        tag = client.get("/things/a").headers["ETag"]
        for named in (tag, f'W/{tag}, "other"', "*"):
            by_the_route = TestClient(Shelf(reply_cache_bytes=0).door).get("/things/a", headers={"If-None-Match": named})
            kept = client.get("/things/a", headers={"If-None-Match": named})
            assert kept.status_code == 304
            assert seen(kept) == seen(by_the_route)
        assert client.get("/things/a", headers={"If-None-Match": '"other"'}).status_code == 200
        assert shelf.made == 1

    def test_a_field_that_cannot_be_read_is_still_a_problem(self, client: TestClient) -> None:
        client.get("/things/a")
        assert client.get("/things/a", headers={"If-None-Match": "nonsense"}).status_code == 400

    def test_the_sequence_is_that_of_now(self, client: TestClient, shelf: Shelf) -> None:
        client.get("/things/a")
        shelf.write("study:9", "condition:b")
        assert client.get("/things/a").headers["Evidence-Revision"] == "2"
        assert shelf.made == 1

    def test_whoever_asks_for_no_later_state_than_it_stands_for_gets_it(self, client: TestClient, shelf: Shelf) -> None:
        shelf.write("study:9", "condition:b")
        client.get("/things/a")
        for least in ("0", "1", "2"):
            assert client.get("/things/a", headers={"Min-Evidence-Revision": least}).status_code == 200
        assert shelf.made == 1

    def test_whoever_asks_for_a_later_state_does_not(self, client: TestClient, shelf: Shelf) -> None:
        client.get("/things/a")
        client.get("/things/a", headers={"Min-Evidence-Revision": "2"})
        assert shelf.made == 2

    def test_an_answer_says_no_later_state_than_it_was_surely_made_from(self, client: TestClient, shelf: Shelf) -> None:
        shelf.during = ("study:9", "condition:b")
        assert client.get("/things/a").headers["Evidence-Revision"] == "1"
        shelf.during = None
        assert client.get("/things/a").headers["Evidence-Revision"] == "2"

    def test_an_answer_that_says_it_is_newer_than_what_was_heard_of_says_so_and_is_not_kept(self, client: TestClient, shelf: Shelf) -> None:
        shelf.rests_on = 5
        for made in (1, 2):
            assert client.get("/things/a").headers["Evidence-Revision"] == "5"
            assert shelf.made == made

    def test_each_origin_is_answered_for_itself(self) -> None:
        client = TestClient(Shelf(cors_origins=("https://app.example",)).door)
        client.get("/things/a")
        allowed = client.get("/things/a", headers={"Origin": "https://app.example"})
        refused = client.get("/things/a", headers={"Origin": "https://evil.example"})
        assert allowed.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert "Access-Control-Allow-Origin" not in refused.headers
        assert "Origin" in refused.headers["Vary"]

    def test_a_sane_request_id_is_echoed_and_another_is_not(self, client: TestClient) -> None:
        client.get("/things/a")
        assert client.get("/things/a", headers={"X-Request-ID": "proxy-id-12345"}).headers["X-Request-ID"] == "proxy-id-12345"
        assert client.get("/things/a", headers={"X-Request-ID": "odd one"}).headers["X-Request-ID"] != "odd one"

    def test_it_counts_against_the_limit(self) -> None:
        client = TestClient(Shelf(rate_limit="3/minute").door)
        replies = [client.get("/things/a") for _ in range(4)]
        assert [response.status_code for response in replies] == [200, 200, 200, 429]
        assert [response.headers["RateLimit"].split(";")[1] for response in replies[:3]] == ["r=2", "r=1", "r=0"]

    def test_it_is_counted_under_its_route(self, client: TestClient, shelf: Shelf) -> None:
        tag = client.get("/things/a").headers["ETag"]
        client.get("/things/a", headers={"If-None-Match": tag})
        assert shelf.observed == [("GET", "/things/{name}", 200), ("GET", "/things/{name}", 304)]


class TestWhenItIsDropped:
    @pytest.mark.parametrize(
        ("entry", "made"),
        [
            (("study:9", "condition:a"), 2),  # touches what it was made from
            (("study:9", "condition:b"), 1),
            (("study:named",), 2),  # a record whose name it shows
            (("study:9", "study:named"), 1),  # which an entry only touches
            (("condition:b",), 2),  # may show anywhere
            (("unheard-of:1",), 2),
        ],
    )
    def test_by_what_the_entry_touches(self, client: TestClient, shelf: Shelf, entry: tuple[str, ...], made: int) -> None:
        client.get("/things/a")
        shelf.write(*entry)
        client.get("/things/a")
        assert shelf.made == made

    @pytest.mark.parametrize("action", ["study.accepted", "study.retracted"])
    def test_by_every_acceptance(self, client: TestClient, shelf: Shelf, action: str) -> None:
        client.get("/things/a")
        shelf.action = action
        shelf.write("study:9", "condition:b")
        client.get("/things/a")
        assert shelf.made == 2

    def test_an_answer_made_from_everything_by_any_entry(self, client: TestClient, shelf: Shelf) -> None:
        client.get("/things/everything")
        shelf.write("study:9")
        client.get("/things/everything")
        assert shelf.made == 2

    def test_an_answer_is_not_kept_that_was_old_before_it_was_whole(self, client: TestClient, shelf: Shelf) -> None:
        shelf.during = ("study:9", "condition:a")
        client.get("/things/a")
        shelf.during = None
        client.get("/things/a")
        assert shelf.made == 2

    def test_what_is_written_meanwhile_of_something_else_does_no_harm(self, client: TestClient, shelf: Shelf) -> None:
        shelf.during = ("study:9", "condition:b")
        client.get("/things/a")
        client.get("/things/a")
        assert shelf.made == 1

    def test_a_ledger_put_back_from_a_copy_drops_everything(self, client: TestClient, shelf: Shelf) -> None:
        shelf.write("study:9", "condition:b")
        client.get("/things/a")
        shelf.entries.pop()
        client.get("/things/a")
        assert shelf.made == 2

    def test_after_a_long_stretch_everything_is_dropped(self, client: TestClient, shelf: Shelf) -> None:
        client.get("/things/a")
        shelf.entries += [("study:9", "condition:b")] * (LONG_STRETCH + 1)
        client.get("/things/a")
        assert shelf.made == 2

    def test_while_the_ledger_cannot_be_read_nothing_kept_is_given(self, client: TestClient, shelf: Shelf) -> None:
        client.get("/things/a")
        shelf.broken = True
        assert "Evidence-Revision" not in client.get("/things/a").headers
        assert shelf.made == 2

    def test_the_longest_unread_goes_when_there_is_no_more_room(self) -> None:
        shelf = Shelf(reply_cache_bytes=70_000)
        client = TestClient(shelf.door, headers={"Accept-Encoding": "identity"})
        for number in range(24):  # each counts some 4,100 bytes
            client.get(f"/things/{number}")
            client.get("/things/0")
        assert shelf.made == 24
        client.get("/things/1")
        client.get("/things/1")
        assert shelf.made == 24 + 1
        client.get("/things/0")
        assert shelf.made == 24 + 1

    def test_one_answer_never_takes_most_of_the_room(self) -> None:
        shelf = Shelf(reply_cache_bytes=100_000)
        client = TestClient(shelf.door, headers={"Accept-Encoding": "identity"})
        assert [client.get("/things/a?size=50000").json()["made"] for _ in range(2)] == [1, 2]
