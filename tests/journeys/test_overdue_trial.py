"""A registered trial goes unreported: awaited it moves nothing, overdue it moves the reporting-bias domain, as METHOD says."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select
from sqlmodel import col

from app.actions import ledger, registration_check
from app.cli.main import main
from app.database import make_engine, reading
from app.main import create_app
from app.models import Change
from app.settings import get_settings
from tests.api.acting import an_accepted_study
from tests.conftest import make_keys, settings_for
from tests.factories import a_body, a_result, differences
from tests.fakes import FakeServices, fake_services

RATING = "/v1/conditions/neck-pain/ratings/craniosacral-therapy"
BODY = "/v1/evidence/neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"
NCT = "NCT99000001"
REGISTRATION: dict[str, Any] = {
    "title": "Light touch for neck pain, registered",
    "kind": "registration", "design": "registered-trial", "publication_status": "registered",
    "registration": NCT, "completed_on": "2025-06-30", "n_randomised": 24,
    "intervention": "craniosacral-therapy", "fidelity": "craniosacral-therapy", "conditions": ["neck-pain"], "notes": "Made up.",
}  # fmt: skip
DAY_BEFORE, DAY_OF = datetime(2027, 6, 30, 12, tzinfo=UTC), datetime(2027, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def engine(small_url: str) -> Iterator[Engine]:
    opened = make_engine(small_url)
    yield opened
    opened.dispose()


@pytest.fixture
def client(small_url: str) -> Iterator[TestClient]:
    with TestClient(create_app(settings_for(small_url))) as opened:
        yield opened


@pytest.fixture
def services() -> Iterator[FakeServices]:
    with fake_services() as running:
        yield running


@pytest.fixture
def check(services: FakeServices, small_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """`evidence check-registrations` on a day of one's own."""
    monkeypatch.setenv("EVIDENCE_CLINICALTRIALS_GOV_URL", f"{services.base}/clinicaltrials_gov")
    monkeypatch.setenv("EVIDENCE_DATABASE_URL", small_url)
    monkeypatch.setenv("EVIDENCE_SOURCE_CACHE", "")
    get_settings.cache_clear()

    def command(moment: datetime, *options: str) -> tuple[int, str]:
        for module in (registration_check, ledger):
            monkeypatch.setattr(module, "utc_now", lambda: moment)
        monkeypatch.setattr("app.cli.registrations.utc_now", lambda: moment)
        capsys.readouterr()
        done = main(["check-registrations", *options])
        return done, capsys.readouterr().out

    yield command
    get_settings.cache_clear()


def publication_bias(client: TestClient) -> dict[str, Any]:
    domain: dict[str, Any] = client.get(BODY).json()["domains"]["publication-bias"]
    return domain


class TestOverdueTrial:
    def test_time_moves_the_rating_and_the_ledger_says_that_it_was_time(self, client: TestClient, engine: Engine, check: Any) -> None:
        keys = make_keys(engine)
        an_accepted_study(client, keys.contributor, keys.curator, a_body())
        an_accepted_study(client, keys.contributor, keys.curator, REGISTRATION)
        standing = client.get(RATING).json()["registrations"]
        assert {name: standing[name] for name in ("reported", "overdue", "awaited", "running", "unknown")} == {
            "reported": 0, "overdue": 0, "awaited": 1, "running": 0, "unknown": 0,
        }  # fmt: skip
        assert publication_bias(client)["levels"] == 0

        assert check(DAY_BEFORE, "--offline") == (0, "no registered trial became overdue since its rating was made\n")
        assert "overdue for neck-pain" in check(DAY_OF, "--offline", "--dry-run")[1]
        assert publication_bias(client)["levels"] == 0

        done, said = check(DAY_OF, "--offline")
        assert (done, "overdue for neck-pain × craniosacral-therapy: completed 2025-06-30" in said) == (0, True)
        domain = publication_bias(client)
        assert (domain["levels"], domain["rule"]) == (1, "publication-bias/overdue-registrations")
        assert domain["inputs"]["overdue_share"] == 0.2  # 24 of 120: METHOD's share is reached, not passed
        after = client.get(RATING).json()
        assert (after["registrations"]["overdue"], after["registrations"]["items"][0]["months_since_completion"]) == (1, 24)
        assert after["history"][0]["cause"]["reason"] == "time alone made a registered trial overdue"
        with reading(engine) as session:
            newest = select(col(Change.action)).order_by(col(Change.sequence).desc()).limit(2)
            assert list(session.execute(newest).scalars()) == ["rating.changed", "registrations.overdue"]
        assert check(DAY_OF, "--offline")[1] == "no registered trial became overdue since its rating was made\n"
        assert differences(engine) == []

    def test_a_linked_report_with_a_usable_result_takes_it_back(self, client: TestClient, engine: Engine, check: Any) -> None:
        keys = make_keys(engine)
        an_accepted_study(client, keys.contributor, keys.curator, a_body())
        an_accepted_study(client, keys.contributor, keys.curator, {**REGISTRATION, "completed_on": "2020-01"})
        assert publication_bias(client)["levels"] == 1
        unusable = [a_result(direction="unclear", treatment={}, control={})]
        report = a_body(title="A report without numbers", linked_registration=NCT, results=unusable)
        an_accepted_study(client, keys.contributor, keys.curator, report)
        (row,) = client.get("/v1/registrations", params={"condition": "neck-pain"}).json()["items"]
        assert (row["status"], row["linked"]) == ("overdue", ["muster-2024-neck-pain-2"])
        an_accepted_study(client, keys.contributor, keys.curator, a_body(title="The report with numbers", linked_registration=NCT))
        (row,) = client.get("/v1/registrations", params={"status": "reported"}).json()["items"]
        assert row["registration"] == NCT
        assert publication_bias(client)["levels"] == 0
        assert differences(engine) == []

    def test_what_the_registry_says_anew_waits_for_a_curator(
        self, client: TestClient, engine: Engine, check: Any, services: FakeServices
    ) -> None:
        keys = make_keys(engine)
        study = an_accepted_study(client, keys.contributor, keys.curator, REGISTRATION)
        status = services.trials[NCT]["protocolSection"]["statusModule"]
        status["completionDateStruct"] = {"date": "2024-11-02", "type": "ACTUAL"}
        status["overallStatus"] = "TERMINATED"
        done, said = check(DAY_BEFORE)
        assert (done, "completed on 2024-11-02; the record says 2025-06-30" in said) == (0, True)
        (notice,) = client.get("/v1/notices", params={"status": "open"}).json()["items"]
        assert (notice["kind"], notice["source"], notice["study"]) == ("registry-change", "clinicaltrials-gov", study)
        assert "The registry's status is TERMINATED." in notice["reasons"]
        document = client.get(f"/v1/studies/{study}").json()["document"]
        assert document["completed_on"] == "2025-06-30"
        assert "0 new notices" in check(DAY_BEFORE)[1]
        assert differences(engine) == []
