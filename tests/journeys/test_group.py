"""An admin sets up a group from the command line; the group works, keys are rotated and expire; the audit stays empty until it must not."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update
from sqlmodel import col

from app.database import make_engine, transaction
from app.identifiers import orcid_check_digit
from app.main import create_app
from app.models import ApiKey, Review, StudyRevision
from tests.api.acting import a_submitted_study, assert_problem, header, review
from tests.command_line import Run, command_line
from tests.conftest import settings_for
from tests.factories import a_body

GROUP = {"Ada": "admin", "Anna": "contributor", "Ben": "contributor", "Clara": "curator", "Carl": "curator"}


def an_orcid(number: int) -> str:
    digits = f"{number:015}"
    text = digits + orcid_check_digit(digits)
    return "-".join(text[start : start + 4] for start in range(0, 16, 4))


ORCIDS = {name: an_orcid(number) for number, name in enumerate(GROUP, start=1)}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    yield from command_line(monkeypatch, capsys)


@pytest.fixture
def client(small_url: str) -> Iterator[TestClient]:
    with TestClient(create_app(settings_for(small_url))) as opened:
        yield opened


@pytest.fixture
def engine(small_url: str) -> Iterator[Engine]:
    opened = make_engine(small_url)
    yield opened
    opened.dispose()


@pytest.fixture
def keys(run: Run, small_url: str) -> dict[str, str]:
    """The keys of the group, made one by one as its admin does."""
    made = {}
    for name, role in GROUP.items():
        status, out, _ = run(small_url, "key", "create", name, "--role", role, "--orcid", ORCIDS[name])
        assert status == 0
        made[name] = out.splitlines()[-1]
    return made


def prefix_of(key: str) -> str:
    return "_".join(key.split("_")[:2])


def work(client: TestClient, author: str, curator: str, title: str = "Craniosacral therapy for neck pain") -> str:
    """A study comes in from one person and is accepted by another."""
    study = a_submitted_study(client, author, a_body(title=title))
    assert review(client, curator, study).status_code == 201
    return study


class TestGroup:
    def test_works_with_rotated_keys_and_its_audit_is_empty(
        self, run: Run, client: TestClient, keys: dict[str, str], small_url: str
    ) -> None:
        study = work(client, keys["Anna"], keys["Clara"])
        status, out, _ = run(small_url, "key", "rotate", prefix_of(keys["Anna"]), "--grace", "3", "--reason", "yearly")
        assert status == 0
        new = out.splitlines()[-1]
        work(client, keys["Anna"], keys["Carl"], "The second trial")  # the old secret, within its grace
        work(client, new, keys["Carl"], "The third trial")
        [author, reviewer] = client.get(f"/v1/studies/{study}").json()["attribution"]
        assert (author["by"], author["orcid"], reviewer["by"], reviewer["orcid"]) == ("Anna", ORCIDS["Anna"], "Clara", ORCIDS["Clara"])
        authors = {client.get(item["href"]).json()["attribution"][0]["orcid"] for item in client.get("/v1/studies").json()["items"]}
        assert authors == {ORCIDS["Anna"]}  # before, during and after the rotation one person
        assert run(small_url, "audit") == (0, run(small_url, "audit")[1], "")
        assert run(small_url, "audit")[1].endswith("nothing found\n")
        assert run(small_url, "verify")[:2] == (0, "nothing differs\n")

    def test_nobody_decides_on_his_own_whatever_key_he_takes(
        self, run: Run, client: TestClient, keys: dict[str, str], small_url: str
    ) -> None:
        _, out, _ = run(small_url, "key", "create", "Anna as curator", "--role", "curator", "--orcid", ORCIDS["Anna"])
        study = a_submitted_study(client, keys["Anna"])
        assert_problem(review(client, out.splitlines()[-1], study), 403, "own-submission")
        assert review(client, keys["Clara"], study).status_code == 201
        assert run(small_url, "audit")[0] == 0

    def test_a_key_that_expires_is_announced_and_then_refused(
        self, run: Run, client: TestClient, keys: dict[str, str], small_url: str, engine: Engine
    ) -> None:
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
        prefix = prefix_of(keys["Ben"])
        assert run(small_url, "key", "list", "--expiring")[1] == "no key expires within 14 days\n"
        assert run(small_url, "key", "set-expiry", prefix, tomorrow, "--reason", "his project ends")[0] == 0
        listed = run(small_url, "key", "list", "--expiring")[1].splitlines()
        assert [line.split()[0] for line in listed[1:]] == [prefix]
        assert client.get("/v1/api-keys/me", headers=header(keys["Ben"])).json()["state"] == "active"
        soon = datetime.now(UTC) + timedelta(seconds=0.2)
        tag = client.get(f"/v1/api-keys/{prefix}", headers=header(keys["Ada"])).headers["etag"]
        changed = client.patch(f"/v1/api-keys/{prefix}", json={"expires_at": soon.isoformat()}, headers=header(keys["Ada"], If_Match=tag))
        time.sleep(0.3)
        if changed.status_code == 422:  # a machine so slow that the moment had passed when it arrived
            with transaction(engine) as session:
                session.execute(update(ApiKey).where(col(ApiKey.prefix) == prefix).values(expires_at=soon))
        refused = client.post("/v1/studies", json=a_body(), headers=header(keys["Ben"]))
        assert_problem(refused, 401, "expired-key")
        assert run(small_url, "audit")[0] == 0

    def test_the_last_admin_key_cannot_be_lost(self, run: Run, keys: dict[str, str], small_url: str) -> None:
        prefix = prefix_of(keys["Ada"])
        for act in (("revoke", prefix), ("set-role", prefix, "curator"), ("set-expiry", prefix, "2099-12-31")):
            status, _, err = run(small_url, "key", *act)
            assert (status, "last key with the role admin" in err) == (1, True)

    def test_an_approval_forced_in_by_hand_is_found_by_audit_and_by_verify(
        self, run: Run, client: TestClient, keys: dict[str, str], small_url: str, engine: Engine
    ) -> None:
        study = work(client, keys["Clara"], keys["Carl"])
        clara = prefix_of(keys["Clara"])
        with transaction(engine) as session:
            session.execute(update(StudyRevision).where(col(StudyRevision.study_id) == study).values(decided_by=clara))
            session.execute(update(Review).where(col(Review.study_id) == study).values(reviewer=clara))
        status, out, _ = run(small_url, "audit")
        assert status == 1
        assert "one-person-approvals: 1" in out
        assert f"Clara ({clara}, ORCID {ORCIDS['Clara']}), study:{study} revision 1" in out
        assert run(small_url, "audit", "acts-without-orcid")[0] == 0
        status, out, _ = run(small_url, "verify")
        assert status == 1
        assert "decided_by is" in out
