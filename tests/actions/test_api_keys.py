"""Keys: shown once, stored as a hash, revocable for good."""

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from app.actions.api_keys import authenticate, create_key, revoke_key
from app.database import reading, transaction
from app.errors import Conflict, InvalidBody, InvalidKey, NotFound
from app.models import ApiKey, Change
from app.vocabulary import Role
from tests.factories import ADA, differences


def make(engine: Engine, name: str = "Anna", role: Role = Role.CONTRIBUTOR) -> str:
    with transaction(engine) as session:
        return create_key(session, name=name, role=role, orcid="0000-0002-1825-0097", by=ADA)


def prefix_of(key: str) -> str:
    return "_".join(key.split("_")[:2])


class TestCreate:
    def test_the_secret_is_stored_nowhere(self, engine: Engine) -> None:
        key = make(engine)
        secret = key.removeprefix(f"{prefix_of(key)}_")
        with reading(engine) as session:
            row = session.execute(select(ApiKey)).scalar_one()
            content = session.execute(select(col(Change.content))).scalar_one()
        assert len(secret) >= 43  # 256 bits
        assert secret not in f"{row.model_dump()} {content}"
        assert (row.prefix, row.name, row.role, row.orcid) == (prefix_of(key), "Anna", "contributor", "0000-0002-1825-0097")

    def test_a_name_is_taken_once(self, engine: Engine) -> None:
        make(engine)
        with pytest.raises(Conflict, match="exists"):
            make(engine, name=" Anna ")

    @pytest.mark.parametrize("name", ["", "  ", "x" * 101])
    def test_a_name_has_1_to_100_characters(self, engine: Engine, name: str) -> None:
        with pytest.raises(InvalidBody):
            make(engine, name=name)


class TestAuthenticate:
    def test_gives_the_holder(self, engine: Engine) -> None:
        key = make(engine)
        with reading(engine) as session:
            actor = authenticate(session, key)
        assert (actor.id, actor.name, actor.role, actor.orcid) == (prefix_of(key), "Anna", Role.CONTRIBUTOR, "0000-0002-1825-0097")

    @pytest.mark.parametrize(
        "spoil", [lambda key: key[:-1], lambda key: key + "x", lambda key: "x", lambda key: key.upper(), lambda key: "_" * 9]
    )
    def test_refuses_what_is_not_the_key(self, engine: Engine, spoil: "object") -> None:
        key = make(engine)
        with reading(engine) as session, pytest.raises(InvalidKey):
            authenticate(session, spoil(key))  # type: ignore[operator]

    def test_refuses_a_revoked_key(self, engine: Engine) -> None:
        key = make(engine)
        with transaction(engine) as session:
            revoke_key(session, prefix_of(key), by=ADA)
        with reading(engine) as session, pytest.raises(InvalidKey):
            authenticate(session, key)


class TestRevoke:
    def test_twice_is_once(self, engine: Engine) -> None:
        prefix = prefix_of(make(engine))
        with transaction(engine) as session:
            first = revoke_key(session, prefix, by=ADA).revoked_at
        with transaction(engine) as session:
            assert revoke_key(session, prefix, by=ADA).revoked_at == first
        with reading(engine) as session:
            actions = list(session.execute(select(col(Change.action)).order_by(col(Change.sequence))).scalars())
        assert actions == ["key.created", "key.revoked"]
        assert differences(engine) == []

    def test_an_unknown_prefix_is_not_found(self, engine: Engine) -> None:
        with pytest.raises(NotFound), transaction(engine) as session:
            revoke_key(session, "el_nothing", by=ADA)
