"""Keys over time: they expire, are rotated, change hands and roles; somebody can always manage them; the ledger tells it all."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from sqlmodel import col

from app.actions.api_keys import authenticate, change_key, create_key, revoke_key, rotate_key
from app.actions.key_use import WRITTEN_EVERY, record_use
from app.database import reading, transaction
from app.errors import Conflict, ExpiredKey, InvalidBody, InvalidKey, LastAdminKey
from app.models import ApiKey, Change
from app.models.base import utc_now
from app.schemas.api_key import ApiKeyRotation, ApiKeyUpdate
from app.vocabulary import Role
from tests.factories import ADA, differences

ORCID = "0000-0002-1825-0097"
OTHER_ORCID = "0000-0001-5109-3700"
A_MOMENT = timedelta(seconds=0.3)


def prefix_of(key: str) -> str:
    return "_".join(key.split("_")[:2])


def do(engine: Engine, act: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    with transaction(engine) as session:
        return act(session, *arguments, by=ADA, **named)


def make(engine: Engine, name: str = "Anna", role: Role = Role.CONTRIBUTOR, expires_at: datetime | None = None) -> str:
    made: str = do(engine, create_key, name=name, role=role, orcid=ORCID, expires_at=expires_at)
    return made


def holder(engine: Engine, key: str) -> tuple[str, str]:
    with reading(engine) as session:
        actor = authenticate(session, key)
    return actor.id, actor.role


def row_of(engine: Engine, key: str) -> ApiKey:
    with reading(engine) as session:
        return session.get_one(ApiKey, prefix_of(key))


def actions(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return list(session.execute(select(col(Change.action)).order_by(col(Change.sequence))).scalars())


class TestExpiry:
    def test_a_key_works_until_it_expires_and_then_says_so(self, engine: Engine) -> None:
        key = make(engine, expires_at=utc_now() + A_MOMENT)
        assert holder(engine, key)[0] == prefix_of(key)
        time.sleep(A_MOMENT.total_seconds() * 1.3)
        with pytest.raises(ExpiredKey, match=f"{prefix_of(key)} expired on 20"):
            holder(engine, key)
        with pytest.raises(InvalidKey) as caught:  # who does not hold the key does not hear that there is one
            holder(engine, key[:-1])
        assert not isinstance(caught.value, ExpiredKey)
        assert differences(engine) == []

    def test_it_cannot_lie_in_the_past(self, engine: Engine) -> None:
        with pytest.raises(InvalidBody, match="in the past"):
            make(engine, expires_at=utc_now() - A_MOMENT)
        key = make(engine)
        with pytest.raises(InvalidBody, match="in the past"):
            do(engine, change_key, prefix_of(key), ApiKeyUpdate(expires_at=utc_now() - A_MOMENT))
        assert actions(engine) == ["key.created"]

    def test_can_be_put_off_and_taken_away(self, engine: Engine) -> None:
        key = make(engine, expires_at=utc_now() + A_MOMENT)
        do(engine, change_key, prefix_of(key), ApiKeyUpdate(expires_at=None, reason="stays"))
        time.sleep(A_MOMENT.total_seconds() * 1.3)
        assert holder(engine, key)
        assert differences(engine) == []


class TestRotate:
    def test_both_secrets_open_until_the_grace_ends(self, engine: Engine) -> None:
        old = make(engine)
        new = do(engine, rotate_key, prefix_of(old), ApiKeyRotation(grace_days=2, reason="yearly"))
        assert new != old
        assert holder(engine, old) == holder(engine, new) == (prefix_of(old), "contributor")  # one person, one id
        with transaction(engine) as session:
            session.execute(update(ApiKey).values(previous_valid_until=utc_now() - A_MOMENT))
        with pytest.raises(ExpiredKey, match="has a newer secret"):
            holder(engine, old)
        assert holder(engine, new)

    def test_the_ledger_knows_both_and_neither_secret(self, engine: Engine) -> None:
        old = make(engine)
        new = do(engine, rotate_key, prefix_of(old))
        with reading(engine) as session:
            said = "".join(session.execute(select(col(Change.content))).scalars())
        assert old.rpartition("_")[2] not in said
        assert new.rpartition("_")[2] not in said
        assert (actions(engine), row_of(engine, old).version) == (["key.created", "key.rotated"], 2)
        assert differences(engine) == []

    def test_without_grace_the_old_secret_is_dead_at_once(self, engine: Engine) -> None:
        old = make(engine)
        new = do(engine, rotate_key, prefix_of(old), ApiKeyRotation(grace_days=0))
        with pytest.raises(InvalidKey):
            holder(engine, old)
        assert holder(engine, new)
        assert differences(engine) == []

    def test_of_three_secrets_the_first_opens_nothing(self, engine: Engine) -> None:
        first = make(engine)
        second = do(engine, rotate_key, prefix_of(first))
        third = do(engine, rotate_key, prefix_of(first))
        with pytest.raises(InvalidKey):
            holder(engine, first)
        assert holder(engine, second) == holder(engine, third)
        assert differences(engine) == []

    def test_the_grace_lengthens_no_life(self, engine: Engine) -> None:
        end = utc_now() + timedelta(days=1)
        old = make(engine, expires_at=end)
        do(engine, rotate_key, prefix_of(old), ApiKeyRotation(grace_days=30, expires_at=None))
        row = row_of(engine, old)
        assert (row.expires_at, row.previous_valid_until) == (None, end)

    def test_an_expired_key_needs_a_new_expiry_and_its_old_secret_stays_dead(self, engine: Engine) -> None:
        old = make(engine, expires_at=utc_now() + A_MOMENT)
        time.sleep(A_MOMENT.total_seconds() * 1.3)
        with pytest.raises(Conflict, match="name a new expiry"):
            do(engine, rotate_key, prefix_of(old))
        new = do(engine, rotate_key, prefix_of(old), ApiKeyRotation(expires_at=utc_now() + timedelta(days=365)))
        assert holder(engine, new)
        with pytest.raises(InvalidKey):
            holder(engine, old)
        assert differences(engine) == []

    def test_a_revoked_key_gets_no_new_secret(self, engine: Engine) -> None:
        key = make(engine)
        do(engine, revoke_key, prefix_of(key))
        with pytest.raises(Conflict, match="revoked for good"):
            do(engine, rotate_key, prefix_of(key))


class TestChange:
    def test_a_role_counts_from_the_next_request_on(self, engine: Engine) -> None:
        key = make(engine)
        do(engine, change_key, prefix_of(key), ApiKeyUpdate(role=Role.CURATOR, reason="trained"))
        assert holder(engine, key)[1] == "curator"
        assert (actions(engine), differences(engine)) == (["key.created", "key.changed"], [])

    def test_an_orcid_is_changed_and_taken_away_with_both_in_the_ledger(self, engine: Engine) -> None:
        key = make(engine)
        do(engine, change_key, prefix_of(key), ApiKeyUpdate(orcid=OTHER_ORCID, reason="mistyped"))
        do(engine, change_key, prefix_of(key), ApiKeyUpdate(orcid=None))
        assert row_of(engine, key).orcid is None
        with reading(engine) as session:
            said = session.execute(select(col(Change.content)).where(col(Change.action) == "key.changed")).scalars().all()
        assert f'"after":{{"orcid":"{OTHER_ORCID}"}},"before":{{"orcid":"{ORCID}"}}' in said[0]
        assert differences(engine) == []

    def test_what_is_so_already_is_no_act(self, engine: Engine) -> None:
        key = make(engine)
        do(engine, change_key, prefix_of(key), ApiKeyUpdate(role=Role.CONTRIBUTOR, orcid=ORCID))
        assert (actions(engine), row_of(engine, key).version) == (["key.created"], 1)

    def test_nothing_named_is_refused(self, engine: Engine) -> None:
        key = make(engine)
        with pytest.raises(InvalidBody, match="nothing to change"):
            do(engine, change_key, prefix_of(key), ApiKeyUpdate(reason="why not"))

    def test_of_a_revoked_key_only_the_orcid_can_be_put_right(self, engine: Engine) -> None:
        key = make(engine)
        do(engine, revoke_key, prefix_of(key))
        with pytest.raises(Conflict, match="revoked for good"):
            do(engine, change_key, prefix_of(key), ApiKeyUpdate(role=Role.CURATOR))
        do(engine, change_key, prefix_of(key), ApiKeyUpdate(orcid=OTHER_ORCID))
        assert differences(engine) == []

    def test_a_change_behind_the_back_of_the_ledger_is_found(self, engine: Engine) -> None:
        key = make(engine)
        with transaction(engine) as session:
            session.execute(update(ApiKey).values(role="admin"))
        assert differences(engine) == [f"key {prefix_of(key)}: is not as the ledger says"]


class TestLastAdmin:
    @pytest.fixture
    def admin(self, engine: Engine) -> str:
        return prefix_of(make(engine, "Boss", Role.ADMIN))

    def test_cannot_be_revoked_demoted_or_given_an_end(self, engine: Engine, admin: str) -> None:
        make(engine)  # a contributor is no help
        for act, given in (
            (revoke_key, ()),
            (change_key, (ApiKeyUpdate(role=Role.CURATOR),)),
            (change_key, (ApiKeyUpdate(expires_at=utc_now() + timedelta(days=9)),)),
            (rotate_key, (ApiKeyRotation(expires_at=utc_now() + timedelta(days=9)),)),
        ):
            with pytest.raises(LastAdminKey, match="last key with the role admin"):
                do(engine, act, admin, *given)
        assert actions(engine) == ["key.created", "key.created"]

    def test_can_be_revoked_where_another_lasts(self, engine: Engine, admin: str) -> None:
        make(engine, "Second", Role.ADMIN)
        do(engine, revoke_key, admin)
        assert differences(engine) == []

    def test_another_that_ends_earlier_is_none(self, engine: Engine, admin: str) -> None:
        make(engine, "Second", Role.ADMIN, expires_at=utc_now() + timedelta(days=9))
        with pytest.raises(LastAdminKey):
            do(engine, change_key, admin, ApiKeyUpdate(expires_at=utc_now() + timedelta(days=10)))
        do(engine, change_key, admin, ApiKeyUpdate(expires_at=utc_now() + timedelta(days=8)))

    @pytest.mark.parametrize("ask", [ApiKeyUpdate, ApiKeyRotation])
    def test_can_be_given_a_longer_life_and_no_shorter_one(self, engine: Engine, ask: type[ApiKeyUpdate | ApiKeyRotation]) -> None:
        admin = prefix_of(make(engine, role=Role.ADMIN, expires_at=utc_now() + timedelta(days=30)))
        act = change_key if ask is ApiKeyUpdate else rotate_key
        longer = utc_now() + timedelta(days=300)
        do(engine, act, admin, ask(expires_at=longer))
        with reading(engine) as session:
            assert session.get_one(ApiKey, admin).expires_at == longer
        with pytest.raises(LastAdminKey):
            do(engine, act, admin, ask(expires_at=longer - timedelta(days=1)))
        do(engine, act, admin, ask(expires_at=None))
        assert differences(engine) == []

    def test_can_be_given_a_new_secret(self, engine: Engine, admin: str) -> None:
        assert do(engine, rotate_key, admin)


class TestRecordUse:
    def test_is_written_once_in_a_while(self, engine: Engine) -> None:
        key, first = make(engine), utc_now()
        for moment in (first, first + WRITTEN_EVERY / 2):
            with transaction(engine) as session:
                record_use(session, prefix_of(key), moment)
        assert row_of(engine, key).last_used_at == first
        with transaction(engine) as session:
            record_use(session, prefix_of(key), first + WRITTEN_EVERY)
        assert row_of(engine, key).last_used_at == first + WRITTEN_EVERY
        assert differences(engine) == []  # it is no fact of the ledger
