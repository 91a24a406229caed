"""Crossref and PubMed say that a trial was retracted: the command takes it out, the rating moves, every page and plot says so."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select
from sqlmodel import col

from app.cli.main import main
from app.database import make_engine, reading
from app.main import create_app
from app.models import Change, SourceCheck
from app.settings import get_settings
from tests.api.acting import amend, an_accepted_study, header
from tests.conftest import make_keys
from tests.factories import a_body, differences, rating_content
from tests.fakes import XML, Answer, FakeServices, fake_services, status

DOI = "10.1097/ajp.0000000000000290"  # Haller 2016, neck pain, against sham
BODY = "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"
NOTICE = {
    "DOI": "10.5555/notice.2026",
    "type": "retraction",
    "source": "retraction-watch",
    "updated": {"date-parts": [[2026, 11, 20]]},
}


@pytest.fixture
def services() -> Iterator[FakeServices]:
    with fake_services() as running:
        yield running


@pytest.fixture
def engine(seeded_copy_url: str) -> Iterator[Engine]:
    opened = make_engine(seeded_copy_url)
    yield opened
    opened.dispose()


@pytest.fixture
def client(seeded_copy_url: str, services: FakeServices) -> Iterator[TestClient]:
    with TestClient(create_app(services.settings(database_url=seeded_copy_url, rate_limit="off", rate_limit_writes="off"))) as opened:
        yield opened


@pytest.fixture
def check(
    services: FakeServices, seeded_copy_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Any]:
    """`evidence check-retractions`, asking the played services."""
    for name in ("pubmed", "europe_pmc", "crossref", "clinicaltrials_gov"):
        monkeypatch.setenv(f"EVIDENCE_{name.upper()}_URL", f"{services.base}/{name}")
    monkeypatch.setenv("EVIDENCE_DATABASE_URL", seeded_copy_url)
    monkeypatch.setenv("EVIDENCE_SOURCE_CACHE", "")
    monkeypatch.setenv("EVIDENCE_SOURCE_TOTAL_SECONDS", "1")
    get_settings.cache_clear()

    def command(*options: str) -> tuple[int, str, str]:
        capsys.readouterr()
        done = main(["check-retractions", *options])
        said = capsys.readouterr()
        return done, said.out, said.err

    yield command
    get_settings.cache_clear()


def haller(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/v1/studies", params={"doi": DOI}).json()["items"][0]
    return found


def retracted_work(services: FakeServices, study: dict[str, Any], **others: Any) -> None:
    services.works[DOI] = {
        "DOI": DOI,
        "title": [f"RETRACTED: {study['title']}"],
        "updated-by": [NOTICE],
        "type": "journal-article",
        **others,
    }


def actions_after(engine: Engine, sequence: int) -> list[tuple[str, str]]:
    with reading(engine) as session:
        entries = select(col(Change.action), col(Change.actor)).where(col(Change.sequence) > sequence).order_by(col(Change.sequence))
        return [(action, actor) for action, actor in session.execute(entries)]


class TestRetractionFound:
    def test_the_study_is_out_and_everything_says_so(self, client: TestClient, engine: Engine, services: FakeServices, check: Any) -> None:
        keys, study = make_keys(engine), haller(client)
        an_accepted_study(client, keys.contributor, keys.curator, a_body(title="Another trial of neck pain"))
        retracted_work(services, study)
        with reading(engine) as session:
            before = rating_content(session)
        sequence = int(client.get("/v1/changes?limit=1").headers["evidence-revision"])

        assert check("--dry-run", "--only", study["key"])[0] == 0
        assert differences(engine) == []
        assert haller(client)["status"] == "accepted"
        assert actions_after(engine, sequence) == []

        done, said, complaints = check("--only", study["key"])
        assert (done, complaints) == (0, "")
        assert (
            f"{study['key']}: Retraction of 2026-11-20, doi:10.5555/notice.2026, reported by Crossref (retraction-watch): acted on" in said
        )
        assert "neck-pain × craniosacral-therapy: " in said

        assert haller(client)["status"] == "retracted"
        page = client.get(f"/v1/studies/{study['id']}").json()
        assert page["retraction"]["reason"].startswith("Retraction of 2026-11-20, doi:10.5555/notice.2026")
        (notice,) = page["notices"]
        assert (notice["source"], notice["dated"], notice["status"]) == ("crossref", "2026-11-20", "acted-on")
        assert notice["revision"] == page["revision"] == 2
        assert page["attribution"][-1]["by"] == "Retraction check"

        with reading(engine) as session:
            after = rating_content(session)
        assert after["eligible_studies"] == before["eligible_studies"] - 1
        happened = actions_after(engine, sequence)
        assert {actor for _, actor in happened} == {"system:retraction-check"}
        assert [action for action, _ in happened][:2] == ["study.amended", "study.retracted"]
        assert happened[-1][0] == "notice.found"
        assert differences(engine) == []

        for plot in ("forest", "funnel", "cumulative", "risk-of-bias"):
            assert "etracted" in client.get(f"/v1/evidence/{BODY}/{plot}.svg").text, plot
            assert "etracted" in client.get(f"/v1/evidence/{BODY}/{plot}.json").text, plot

    def test_a_second_run_changes_nothing(self, client: TestClient, engine: Engine, services: FakeServices, check: Any) -> None:
        study = haller(client)
        retracted_work(services, study)
        check("--only", study["key"])
        sequence = int(client.get("/health/live").headers["evidence-revision"])
        done, said, _ = check("--only", study["key"])
        assert (done, "0 new notices" in said) == (0, True)
        assert actions_after(engine, sequence) == []

    def test_a_run_a_minute_earlier_than_yesterdays_asks_anew(
        self, client: TestClient, services: FakeServices, check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        study, cache = haller(client), tmp_path / "replies.sqlite3"
        monkeypatch.setenv("EVIDENCE_SOURCE_CACHE", str(cache))
        get_settings.cache_clear()
        check("--only", study["key"])
        with closing(sqlite3.connect(cache)) as replies:
            yesterday = (datetime.now(UTC) - timedelta(hours=23, minutes=59)).isoformat()
            assert replies.execute("UPDATE reply SET fetched_at = ?", (yesterday,)).rowcount > 0
            replies.commit()
        retracted_work(services, study)
        done, said, _ = check("--only", study["key"])
        assert (done, "1 new notice;" in said) == (0, True)

    def test_what_a_curator_put_back_is_not_taken_out_again(
        self, client: TestClient, engine: Engine, services: FakeServices, check: Any
    ) -> None:
        keys, study = make_keys(engine), haller(client)
        retracted_work(services, study)
        check("--only", study["key"])
        notice = client.get(f"/v1/studies/{study['id']}").json()["notices"][0]
        closing = {"status": "dismissed", "reason": "The notice is about another paper of the same name."}
        closed = client.post(f"{notice['href']}/closing", json=closing, headers=header(keys.curator))
        assert (closed.status_code, closed.json()["closed_by"]) == (201, "Curator")
        assert haller(client)["status"] == "retracted"
        amend(client, keys.curator, study["id"], {"publication_status": "published"}, If_Match='"r2"')
        client.post(f"/v1/studies/{study['id']}/submit", headers=header(keys.curator))
        decision = {"decision": "accept", "conflict_of_interest": "none"}
        assert client.post(f"/v1/studies/{study['id']}/reviews", json=decision, headers=header(keys.second_curator)).status_code == 201

        services.works[DOI]["updated-by"] = [{**NOTICE, "DOI": "10.5555/again"}]
        done, said, _ = check("--only", study["key"])
        assert (done, "left open for a curator (a curator dismissed another retraction of this study)" in said) == (0, True)
        assert haller(client)["status"] == "accepted"
        assert differences(engine) == []

    def test_a_paper_that_was_reinstated_stays_and_a_curator_hears_of_it(
        self, client: TestClient, engine: Engine, services: FakeServices, check: Any
    ) -> None:
        study = haller(client)
        reinstated = {"DOI": "10.5555/back", "type": "reinstatement", "updated": {"date-parts": [[2026, 11, 21]]}}
        erased = {"DOI": "10.5555/odd", "type": "erasure"}
        retracted_work(services, study, **{"updated-by": [NOTICE, reinstated, erased]})
        done, said, _ = check("--only", study["key"])
        assert (done, "acted on" in said, "a kind that we do not know: erasure" in said) == (0, False, True)
        assert "left open for a curator (Crossref reports a reinstatement of 2026-11-21, which stands against it)" in said
        assert haller(client)["status"] == "accepted"
        assert [row["kind"] for row in client.get("/v1/notices?status=open").json()["items"]] == ["reinstatement", "retraction"]
        assert differences(engine) == []

    def test_what_two_people_put_back_stays_without_a_dismissal(
        self, client: TestClient, engine: Engine, services: FakeServices, check: Any
    ) -> None:
        keys, study = make_keys(engine), haller(client)
        retracted_work(services, study)
        check("--only", study["key"])
        amend(client, keys.curator, study["id"], {"publication_status": "published"}, If_Match='"r2"')
        client.post(f"/v1/studies/{study['id']}/submit", headers=header(keys.curator))
        decision = {"decision": "accept", "conflict_of_interest": "none"}
        assert client.post(f"/v1/studies/{study['id']}/reviews", json=decision, headers=header(keys.second_curator)).status_code == 201
        services.works[DOI]["updated-by"] = [{**NOTICE, "DOI": "10.5555/again"}]
        done, said, _ = check("--only", study["key"])
        assert (done, "left open for a curator (revision 3, accepted on" in said) == (0, True)
        assert haller(client)["status"] == "accepted"

    def test_an_unknown_name_stops_the_run_before_anybody_is_asked(self, client: TestClient, services: FakeServices, check: Any) -> None:
        study = haller(client)
        done, _, complaints = check("--only", study["key"], "--only", "nobody-1999", "--only", "doi:10.5555/nobody")
        assert (done, "'nobody-1999'" in complaints, "'10.5555/nobody'" in complaints, study["key"] in complaints) == (1, True, True, False)
        assert services.seen == []

    @pytest.mark.parametrize("name", [DOI.upper(), f"https://doi.org/{DOI}", f"doi:{DOI}"])
    def test_a_study_is_named_by_its_doi_as_people_write_it(self, services: FakeServices, check: Any, name: str) -> None:
        assert "1 study asked for" in check("--only", name)[1]

    def test_a_service_that_knows_none_of_our_studies_is_out_of_order(self, engine: Engine, services: FakeServices, check: Any) -> None:
        services.always("pubmed", Answer(body=b"<PubmedArticleSet></PubmedArticleSet>", media=XML))
        done, said, complaints = check()
        assert (done, "pubmed: 0)" in said, "PubMed has none of the" in complaints) == (1, True, True)
        with reading(engine) as session:
            assert session.execute(select(SourceCheck).where(col(SourceCheck.source) == "pubmed")).first() is None

    def test_a_day_that_is_none_is_refused_with_the_form_of_one(self, check: Any, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            check("--since", "yesterday")
        assert "'yesterday' is no day; write it as 2026-11-29" in capsys.readouterr().err

    def test_a_source_that_is_down_is_named_and_the_other_one_heard(
        self, client: TestClient, engine: Engine, services: FakeServices, check: Any
    ) -> None:
        study = haller(client)
        retracted_work(services, study)
        services.always("pubmed", status(503))
        done, said, complaints = check("--only", study["key"])
        assert (done, "acted on" in said) == (1, True)
        assert "PubMed answers with status 503" in complaints
        ready = client.get("/health/ready")
        assert ready.status_code == 200
        assert haller(client)["status"] == "retracted"

    def test_a_record_of_another_title_is_left_to_a_person(
        self, client: TestClient, engine: Engine, services: FakeServices, check: Any
    ) -> None:
        study = haller(client)
        retracted_work(services, study, title=["RETRACTED: Deep learning for satellite pictures of the Arctic"])
        done, said, _ = check("--only", study["key"])
        assert (done, "left open for a curator" in said) == (0, True)
        assert haller(client)["status"] == "accepted"
        assert [row["study"] for row in client.get("/v1/notices?status=open").json()["items"]] == [study["id"]]
        assert differences(engine) == []
