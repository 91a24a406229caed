"""One person may hold several keys; rules that need a second person compare people."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.actions.api_keys import create_key, revoke_key
from app.actor import SEEDING
from app.database import reading, transaction
from app.queries.people import ACTS_WITHOUT_SECOND_PERSON, ids_of_person, is_among, people_behind, same_person
from app.vocabulary import Role, WithoutSecondPerson
from tests.query_count import counted_queries

ORCID = "0000-0002-1825-0097"


def prefix_of(text: str) -> str:
    return "_".join(text.split("_")[:2])


@pytest.fixture
def ids(engine: Engine) -> dict[str, str]:
    """Two keys of one person, one revoked; two keys that say nothing of theirs."""
    with transaction(engine) as session:
        made = {
            name: prefix_of(create_key(session, name=name, role=Role.CURATOR, orcid=orcid))
            for name, orcid in (("home", ORCID), ("office", ORCID), ("other", None), ("another", None))
        }
        revoke_key(session, made["home"])
    return made


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with reading(engine) as opened:
        yield opened


class TestPeople:
    def test_two_keys_with_one_orcid_are_one_person(self, session: Session, ids: dict[str, str]) -> None:
        assert same_person(session, ids["home"], ids["office"])
        assert ids_of_person(session, ids["office"]) == sorted([ids["home"], ids["office"]])

    def test_keys_without_an_orcid_are_people_of_their_own(self, session: Session, ids: dict[str, str]) -> None:
        assert not same_person(session, ids["other"], ids["another"])
        assert not same_person(session, ids["other"], ids["home"])
        assert same_person(session, ids["other"], ids["other"])
        assert ids_of_person(session, ids["other"]) == [ids["other"]]

    def test_an_id_that_no_key_has_is_a_person_of_its_own(self, session: Session, ids: dict[str, str]) -> None:
        assert not same_person(session, SEEDING.id, ids["home"])
        assert same_person(session, SEEDING.id, SEEDING.id)
        assert ids_of_person(session, SEEDING.id) == [SEEDING.id]

    def test_nobody_is_among_nobody(self, session: Session, ids: dict[str, str]) -> None:
        assert not is_among(session, ids["home"], [])
        assert not is_among(session, ids["home"], [None, ids["other"]])
        assert is_among(session, ids["home"], [None, ids["other"], ids["office"]])

    def test_however_many_ids_it_is_one_query(self, session: Session, ids: dict[str, str]) -> None:
        with counted_queries(session) as sent:
            people = people_behind(session, [*ids.values(), SEEDING.id])
        assert len(sent) == 1
        assert len(set(people.values())) == 4

    def test_every_exception_has_its_reason(self) -> None:
        assert ACTS_WITHOUT_SECOND_PERSON.keys() == set(WithoutSecondPerson)
        assert all(ACTS_WITHOUT_SECOND_PERSON.values())
        assert "an expression of concern" in ACTS_WITHOUT_SECOND_PERSON[WithoutSecondPerson.RETRACTION]
