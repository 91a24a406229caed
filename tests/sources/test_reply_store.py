import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.sources.reply_store import ReplyStore, StoredReply

MOMENT = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "replies.sqlite3"


def change(path: Path, sql: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(sql)
    connection.close()


class TestReplyStore:
    def test_gives_back_what_it_keeps(self, path: Path) -> None:
        reply = StoredReply(b"\x00body\xff" * 100, MOMENT, '"etag"', "Sun, 01 Nov 2026 12:00:00 GMT")
        ReplyStore(path).keep("https://a.example/1", reply)
        assert ReplyStore(path).find("https://a.example/1") == reply
        assert ReplyStore(path).find("https://a.example/2") is None

    def test_the_newest_replaces_the_older(self, path: Path) -> None:
        store = ReplyStore(path)
        for body in (b"one", b"two"):
            store.keep("u", StoredReply(body, MOMENT))
        found = store.find("u")
        assert found is not None
        assert found.body == b"two"

    @pytest.mark.parametrize(
        "damage",
        [
            "UPDATE reply SET body = x'00'",
            "UPDATE reply SET body = substr(body, 1, 5)",
            "UPDATE reply SET body = 'text'",
            "UPDATE reply SET sha256 = 'no'",
            "UPDATE reply SET fetched_at = 'yesterday'",
            "UPDATE reply SET fetched_at = '2026-11-01T12:00:00'",
        ],
    )
    def test_a_damaged_entry_is_dropped(self, path: Path, damage: str) -> None:
        store = ReplyStore(path)
        store.keep("u", StoredReply(b"body" * 50, MOMENT))
        change(path, damage)
        assert store.find("u") is None
        connection = sqlite3.connect(path)
        assert connection.execute("SELECT count(*) FROM reply").fetchone() == (0,)
        connection.close()

    def test_a_file_that_is_no_database_is_replaced(self, path: Path) -> None:
        path.write_bytes(b"this is no database" * 1000)
        store = ReplyStore(path)
        assert store.find("u") is None
        store.keep("u", StoredReply(b"body", MOMENT))
        assert store.find("u") is not None

    def test_a_table_of_another_form_costs_nothing_but_time(self, path: Path) -> None:
        change(path, "CREATE TABLE reply (fetched_at TEXT)")
        store = ReplyStore(path)
        store.keep("u", StoredReply(b"body", MOMENT))
        assert store.find("u") is None

    def test_a_place_that_cannot_be_written_costs_nothing_but_time(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        store = ReplyStore(tmp_path / "file" / "replies.sqlite3")
        store.keep("u", StoredReply(b"body", MOMENT))
        assert store.find("u") is None

    def test_the_oldest_go_when_there_are_too_many(self, path: Path) -> None:
        for number in range(5):  # a new store prunes at its first write
            ReplyStore(path, max_entries=3).keep(f"u{number}", StoredReply(b"body", MOMENT + timedelta(minutes=number)))
        store = ReplyStore(path)
        assert [store.find(f"u{number}") is not None for number in range(5)] == [False, False, True, True, True]

    def test_many_threads_may_use_it(self, path: Path) -> None:
        store = ReplyStore(path)

        def work(number: int) -> None:
            for turn in range(5):
                store.keep(f"u{number}-{turn}", StoredReply(b"body", MOMENT))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all(store.find(f"u{number}-{turn}") for number in range(6) for turn in range(5))
