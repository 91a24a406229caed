"""Keys keep who and what they are when the migration that lets them expire is undone and done again."""

from datetime import timedelta

from sqlalchemy import Engine, select

from app.actions.api_keys import authenticate, create_key, revoke_key, rotate_key
from app.cli.database import migrate_database
from app.database import reading, transaction
from app.models import ApiKey
from app.models.base import utc_now
from app.vocabulary import Role
from tests.factories import differences

WITHOUT = "2026112905"


def prefix_of(key: str) -> str:
    return "_".join(key.split("_")[:2])


class TestUpDownUp:
    def test_keys_are_kept_with_their_secrets_and_the_revoked_stay_revoked(self, vocabulary: Engine, small_url: str) -> None:
        with transaction(vocabulary) as session:
            kept = create_key(session, name="Anna", role=Role.CURATOR, orcid="0000-0002-1825-0097")
            revoked = create_key(session, name="Ben", role=Role.CONTRIBUTOR)
            revoke_key(session, prefix_of(revoked))
        vocabulary.dispose()
        migrate_database(small_url, WITHOUT)
        vocabulary.dispose()
        migrate_database(small_url)
        with reading(vocabulary) as session:
            assert authenticate(session, kept).orcid == "0000-0002-1825-0097"
            versions = {row.prefix: row.version for row in session.execute(select(ApiKey)).scalars()}
        assert versions == {prefix_of(kept): 1, prefix_of(revoked): 2}
        assert differences(vocabulary) == []

    def test_an_expiry_and_a_rotation_are_lost_and_verify_says_so(self, vocabulary: Engine, small_url: str) -> None:
        with transaction(vocabulary) as session:
            key = create_key(session, name="Anna", role=Role.CURATOR, expires_at=utc_now() + timedelta(days=9))
            rotate_key(session, prefix_of(key))
        vocabulary.dispose()
        migrate_database(small_url, WITHOUT)
        vocabulary.dispose()
        migrate_database(small_url)
        assert differences(vocabulary) == [f"key {prefix_of(key)}: is not as the ledger says"]
