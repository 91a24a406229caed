import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.actions.ledger import GENESIS_HASH, hash_of
from app.database import reading
from app.queries.changes import CHANGES, list_changes
from app.queries.paging import Page
from tests.query_count import counted_queries


@pytest.fixture
def session(seeded_engine: Engine) -> Iterator[Session]:
    with reading(seeded_engine) as opened:
        yield opened


def ask(session: Session, **params: str) -> Page[Any]:
    return list_changes(session, CHANGES.parse("/v1/changes", params.items()))


def follow(session: Session, **params: str) -> list[Any]:
    """Everything, as a follower reads it who keeps nothing but the last sequence."""
    seen: list[Any] = []
    while items := ask(session, after=str(seen[-1]["sequence"] if seen else 0), limit="200", **params).items:
        seen += items
    return seen


class TestListChanges:
    def test_the_sequence_has_no_gaps(self, session: Session) -> None:
        sequences = [item["sequence"] for item in follow(session)]
        assert sequences == list(range(1, len(sequences) + 1))

    def test_a_follower_can_check_the_chain_from_the_contents(self, session: Session) -> None:
        items = follow(session, include="content")
        assert items[0]["previous_hash"] == GENESIS_HASH
        assert all(later["previous_hash"] == earlier["hash"] for earlier, later in pairwise(items))
        for item in items:
            assert hash_of(item["content"]) == item["hash"]
            said = json.loads(item["content"])
            assert (said["sequence"], said["previous_hash"], said["summary"]) == (item["sequence"], item["previous_hash"], item["summary"])

    def test_the_content_is_given_only_when_asked(self, session: Session) -> None:
        assert ask(session, limit="1").items[0]["content"] is None

    def test_a_subject_is_found_in_every_entry_that_touches_it(self, session: Session) -> None:
        items = ask(session, subject="condition:migraine", limit="200").items
        assert {"condition.added", "study.accepted", "rating.changed"} <= {item["action"] for item in items}
        assert all("condition:migraine" in item["subjects"] for item in items)
        everything = follow(session)
        assert [item["sequence"] for item in items] == [item["sequence"] for item in everything if "condition:migraine" in item["subjects"]]

    def test_actions_and_actors_can_be_chosen(self, session: Session) -> None:
        assert {item["action"] for item in ask(session, action="study.accepted,study.submitted").items} <= {
            "study.accepted",
            "study.submitted",
        }
        assert ask(session, actor="nobody").items == []
        assert ask(session, actor="system:seed", limit="1").items[0]["actor"] == {
            "id": "system:seed",
            "name": "Founding data",
            "orcid": None,
        }

    @pytest.mark.parametrize("limit", ["1", "200"])
    def test_one_query(self, session: Session, limit: str) -> None:
        with counted_queries(session) as sent:
            ask(session, limit=limit)
        assert len(sent) == 1
