import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.errors import SourceProblem, SourceReplyInvalid, SourceTimeout, SourceUnavailable, UnknownIdentifier
from app.settings import Settings
from app.sources.client import SourceClient, seconds_to_wait
from app.sources.reading import read_json
from app.sources.service import KEPT_FOR_DAILY
from tests.fakes import XML, Answer, FakeServices, cut_off, dripping, fake_services, garbage, redirect, slow, status, throttled

PATH = "/works/10.5555%2Flight.2021.001"


def ask(client: SourceClient, path: str = PATH) -> dict[str, Any]:
    return client.get(client.services.crossref, path, {}, read_json).content


def patient(services: FakeServices, naps: list[float], **settings: Any) -> SourceClient:
    return SourceClient(services.settings(**settings), sleep=naps.append)


class TestPatience:
    @pytest.mark.parametrize(
        "fault",
        [status(500), status(502), status(503), status(504), status(408), throttled(1), cut_off(), Answer(hang_up=True)],
        ids=lambda fault: str(fault.status if isinstance(fault, Answer) else fault),
    )
    def test_what_may_pass_is_asked_again(self, client: SourceClient, services: FakeServices, fault: Answer) -> None:
        services.misbehave("crossref", fault, fault)
        assert ask(client)["status"] == "ok"
        assert len(services.asked("crossref")) == 3

    def test_pauses_grow(self, client: SourceClient, services: FakeServices, naps: list[float]) -> None:
        services.misbehave("crossref", status(500), status(500), status(500))
        ask(client)
        assert [nap for nap in naps if nap in {0.5, 1.0, 2.0, 4.0}] == [0.5, 1.0, 2.0]

    def test_retry_after_is_honoured_in_seconds(self, client: SourceClient, services: FakeServices, naps: list[float]) -> None:
        services.misbehave("crossref", throttled(7))
        ask(client)
        assert 7.0 in naps

    def test_retry_after_is_honoured_as_a_date(self, client: SourceClient, services: FakeServices, naps: list[float]) -> None:
        services.misbehave("crossref", throttled(format_datetime(datetime.now(UTC) + timedelta(seconds=9), usegmt=True)))
        ask(client)
        assert any(7 < nap <= 9 for nap in naps)

    def test_others_wait_too_while_a_service_is_throttled(self, client: SourceClient, services: FakeServices, naps: list[float]) -> None:
        services.misbehave("crossref", throttled(6))
        ask(client)
        naps.clear()
        ask(client)
        assert max(naps) > 4

    def test_a_wait_beyond_our_time_is_not_begun_and_passed_on(
        self, client: SourceClient, services: FakeServices, naps: list[float]
    ) -> None:
        services.misbehave("crossref", throttled(3600))
        with pytest.raises(SourceUnavailable, match="429") as caught:
            ask(client)
        assert caught.value.headers["Retry-After"] == "3600"
        assert max(naps) < 1
        assert len(services.asked("crossref")) == 1

    def test_attempts_come_to_an_end(self, client: SourceClient, services: FakeServices) -> None:
        services.always("crossref", status(503))
        with pytest.raises(SourceUnavailable, match="Crossref answers with status 503"):
            ask(client)
        assert len(services.asked("crossref")) == 4

    def test_the_whole_time_is_bounded(self, services: FakeServices) -> None:
        services.always("crossref", slow(0.4))
        began = time.monotonic()
        with SourceClient(services.settings(source_read_seconds=0.2, source_total_seconds=1)) as client, pytest.raises(SourceTimeout):
            ask(client)
        assert time.monotonic() - began < 3  # four attempts and their pauses would take more than four


class TestFailures:
    def test_silence_is_a_timeout(self, services: FakeServices, naps: list[float]) -> None:
        services.always("crossref", slow(0.5))
        with patient(services, naps, source_read_seconds=0.1) as client, pytest.raises(SourceTimeout) as caught:
            ask(client)
        assert caught.value.status == 504

    def test_a_dripping_reply_is_a_timeout(self, services: FakeServices, naps: list[float]) -> None:
        services.always("crossref", dripping(0.02))
        with patient(services, naps, source_total_seconds=0.5) as client, pytest.raises(SourceTimeout, match="too slowly"):
            ask(client)

    def test_nobody_there_is_unavailable(self, services: FakeServices, naps: list[float]) -> None:
        nowhere = patient(services, naps, crossref_url="http://127.0.0.1:9")
        with nowhere as client, pytest.raises(SourceUnavailable, match="cannot be reached"):
            ask(client)

    @pytest.mark.parametrize("fault", [garbage(), garbage("application/json"), Answer(body=b"[1]"), Answer(body=b"")])
    def test_garbage_is_invalid(self, client: SourceClient, services: FakeServices, fault: Answer) -> None:
        services.always("crossref", fault)
        with pytest.raises(SourceReplyInvalid) as caught:
            ask(client)
        assert caught.value.status == 502

    def test_a_cut_off_body_is_invalid_in_the_end(self, client: SourceClient, services: FakeServices) -> None:
        services.always("crossref", cut_off())
        with pytest.raises(SourceReplyInvalid, match="broken"):
            ask(client)

    @pytest.mark.parametrize("media", ["text/html", XML, "", "image/png"])
    def test_another_media_type_is_invalid(self, client: SourceClient, services: FakeServices, media: str) -> None:
        services.always("crossref", Answer(body=b"{}", media=media))
        with pytest.raises(SourceReplyInvalid):
            ask(client)

    def test_a_body_without_end_is_refused(self, client: SourceClient, services: FakeServices) -> None:
        services.always("crossref", Answer(body=b" " * 10_000_001))
        with pytest.raises(SourceReplyInvalid, match="more than"):
            ask(client)

    def test_a_compressed_body_counts_as_it_unfolds(self, client: SourceClient, services: FakeServices) -> None:
        services.always("crossref", Answer(body=gzip.compress(b" " * 11_000_000), headers={"Content-Encoding": "gzip"}))
        with pytest.raises(SourceReplyInvalid, match="more than"):
            ask(client)

    def test_not_found_is_unknown_and_not_repeated(self, client: SourceClient, services: FakeServices) -> None:
        with pytest.raises(UnknownIdentifier):
            ask(client, "/works/10.5555%2Fnobody")
        assert len(services.asked("crossref")) == 1

    @pytest.mark.parametrize("code", [400, 401, 403, 418])
    def test_a_refusal_is_not_repeated(self, client: SourceClient, services: FakeServices, code: int) -> None:
        services.always("crossref", status(code))
        with pytest.raises(SourceUnavailable, match=str(code)):
            ask(client)
        assert len(services.asked("crossref")) == 1

    def test_every_error_of_the_http_client_becomes_a_problem(self, services: FakeServices, naps: list[float]) -> None:
        kinds = [kind for kind in vars(httpx).values() if isinstance(kind, type) and issubclass(kind, httpx.TransportError)]
        for kind in kinds:

            def fail(request: httpx.Request, kind: type[httpx.TransportError] = kind) -> httpx.Response:
                raise kind("no", request=request)

            settings = Settings(source_cache=None, crossref_url=f"https://{kind.__name__.lower()}.example.org")
            with SourceClient(settings, transport=httpx.MockTransport(fail), sleep=naps.append) as client, pytest.raises(SourceProblem):
                ask(client)


class TestRedirects:
    def test_inside_the_service_they_are_followed(self, client: SourceClient) -> None:
        assert ask(client, "/works/10.5555%2Falias.of.light")["message"]["DOI"] == "10.5555/light.2021.001"

    def test_to_another_host_they_are_not(self, client: SourceClient, services: FakeServices) -> None:
        with fake_services() as elsewhere:
            services.always("crossref", redirect(f"{elsewhere.base}/crossref{PATH}"))
            with pytest.raises(SourceReplyInvalid, match="another host"):
                ask(client)
            assert elsewhere.seen == []

    @pytest.mark.parametrize("location", ["", "http://[", "file:///etc/passwd", "//127.0.0.2/x"])
    def test_to_nowhere_they_are_refused(self, client: SourceClient, services: FakeServices, location: str) -> None:
        services.always("crossref", redirect(location))
        with pytest.raises(SourceReplyInvalid):
            ask(client)

    def test_a_circle_is_left(self, client: SourceClient, services: FakeServices) -> None:
        services.always("crossref", redirect(f"/crossref{PATH}"))
        with pytest.raises(SourceReplyInvalid, match="circle"):
            ask(client)


class TestManners:
    def test_says_who_asks(self, client: SourceClient, services: FakeServices) -> None:
        ask(client)
        (seen,) = services.asked("crossref")
        assert "EvidenceLedger" in seen.headers["user-agent"]
        assert "mailto:curator@example.org" in seen.headers["user-agent"]
        assert seen.query["mailto"] == "curator@example.org"

    def test_a_contact_that_is_no_address_is_not_sent_as_one(self, services: FakeServices, naps: list[float]) -> None:
        with patient(services, naps, contact="https://example.org/contact (ask Ada)") as client:
            ask(client)
        (seen,) = services.asked("crossref")
        assert "mailto" not in seen.query
        assert "mailto" not in seen.headers["user-agent"]

    def test_an_address_that_no_header_can_hold_does_no_harm(self, services: FakeServices, naps: list[float]) -> None:
        with patient(services, naps, contact="ada@müller.example", public_url="https://evidenz.müller.example") as client:
            assert ask(client)["status"] == "ok"

    def test_the_key_goes_to_pubmed_only_and_into_no_address_that_is_shown(self, services: FakeServices, naps: list[float]) -> None:
        with patient(services, naps, pubmed_api_key="sesame") as client:
            reply = client.get(client.services.pubmed, "/efetch.fcgi", {"db": "pubmed", "id": "1", "retmode": "xml"}, bytes)
            ask(client)
        assert services.asked("pubmed")[0].query["api_key"] == "sesame"
        assert "sesame" not in str(services.asked("crossref")[0])
        assert "sesame" not in reply.url
        assert "curator" not in reply.url

    def test_questions_are_spaced_for_all_threads_of_the_process(self, services: FakeServices) -> None:
        with SourceClient(services.settings()) as one, SourceClient(services.settings()) as other:
            threads = [threading.Thread(target=ask, args=(client,)) for client in (one, other) * 3]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        moments = sorted(seen.moment for seen in services.asked("crossref"))
        assert len(moments) == 6
        assert moments[-1] - moments[0] > 0.9  # five intervals of a fifth of a second, less some jitter

    def test_a_proxy_is_not_used_for_this_machine(self, services: FakeServices, naps: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        with patient(services, naps) as client:
            assert ask(client)["status"] == "ok"


class TestStore:
    @pytest.fixture
    def moment(self) -> list[datetime]:
        return [datetime(2026, 11, 1, tzinfo=UTC)]

    @pytest.fixture
    def storing(self, services: FakeServices, tmp_path: Path, naps: list[float], moment: list[datetime]) -> Iterator[SourceClient]:
        settings = services.settings(source_cache=tmp_path / "deep" / "replies.sqlite3")
        with SourceClient(settings, sleep=naps.append, now=lambda: moment[0]) as client:
            yield client

    def test_a_fresh_reply_is_not_asked_for_again(self, storing: SourceClient, services: FakeServices, moment: list[datetime]) -> None:
        first = ask(storing)
        moment[0] += timedelta(hours=23)
        assert ask(storing) == first
        assert len(services.asked("crossref")) == 1

    def test_a_stale_reply_is_checked_by_its_etag(self, storing: SourceClient, services: FakeServices, moment: list[datetime]) -> None:
        first = ask(storing)
        moment[0] += timedelta(hours=25)
        assert ask(storing) == first
        assert "if-none-match" in services.asked("crossref")[1].headers
        moment[0] += timedelta(hours=23)  # the check has made it fresh again
        ask(storing)
        assert len(services.asked("crossref")) == 2

    def test_a_changed_record_is_seen_after_a_day(self, storing: SourceClient, services: FakeServices, moment: list[datetime]) -> None:
        ask(storing)
        moment[0] += timedelta(hours=25)
        services.misbehave("crossref", Answer(body=b'{"message": "new"}', headers={"ETag": '"other"'}))
        assert ask(storing) == {"message": "new"}

    def test_a_client_for_a_daily_command_takes_a_reply_of_the_last_hours_alone(
        self, services: FakeServices, tmp_path: Path, naps: list[float], moment: list[datetime]
    ) -> None:
        settings = services.settings(source_cache=tmp_path / "replies.sqlite3")
        with SourceClient(settings, sleep=naps.append, now=lambda: moment[0], kept=KEPT_FOR_DAILY) as daily:
            ask(daily)
            moment[0] += timedelta(hours=11)
            ask(daily)
            assert len(services.asked("crossref")) == 1
            moment[0] += timedelta(hours=12, minutes=59)
            ask(daily)
            assert len(services.asked("crossref")) == 2

    def test_neither_failures_nor_garbage_are_kept(self, storing: SourceClient, services: FakeServices) -> None:
        services.misbehave("crossref", garbage(), status(404))
        with pytest.raises(SourceReplyInvalid):
            ask(storing)
        with pytest.raises(UnknownIdentifier):
            ask(storing)
        assert ask(storing)["status"] == "ok"

    def test_a_corrupt_file_is_replaced(self, storing: SourceClient, services: FakeServices, tmp_path: Path) -> None:
        ask(storing)
        (tmp_path / "deep" / "replies.sqlite3").write_bytes(b"this is no database" * 100)
        assert ask(storing)["status"] == "ok"
        assert ask(storing)["status"] == "ok"
        assert ask(storing)["status"] == "ok"
        assert len(services.asked("crossref")) <= 3

    def test_no_key_stands_in_the_file(self, services: FakeServices, naps: list[float], tmp_path: Path) -> None:
        path = tmp_path / "replies.sqlite3"
        with patient(services, naps, pubmed_api_key="sesame", source_cache=path) as client:
            client.get(client.services.pubmed, "/efetch.fcgi", {"db": "pubmed", "id": "9500320", "retmode": "xml"}, bytes)
        assert b"sesame" not in path.read_bytes()


class TestSecondsToWait:
    @pytest.mark.parametrize(
        ("text", "seconds"), [(None, None), ("", None), ("soon", None), ("0", 0.0), ("120", 120.0), ("-5", None), ("1.5", None)]
    )
    def test_numbers(self, text: str | None, seconds: float | None) -> None:
        assert seconds_to_wait(text) == seconds

    def test_a_date_gone_by_is_no_wait(self) -> None:
        assert seconds_to_wait("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0

    def test_a_date_without_a_zone_is_taken_as_utc(self) -> None:
        moment = datetime.now(UTC) + timedelta(seconds=100)
        assert 95 < (seconds_to_wait(moment.strftime("%a, %d %b %Y %H:%M:%S -0000")) or 0) <= 100


class TestTelling:
    """Whoever keeps how the services fare hears how each question ended, once, whatever it took."""

    @pytest.mark.parametrize(
        ("faults", "path", "told"),
        [
            ([], PATH, [None]),
            ([status(500), status(500)], PATH, [None]),
            ([], "/works/10.5555%2Fnobody", [None]),
            ([status(500)] * 4, PATH, ["source-unavailable"]),
            ([status(400)], PATH, ["source-unavailable"]),
            ([garbage()], PATH, ["source-reply-invalid"]),
            ([garbage(XML)], PATH, ["source-reply-invalid"]),
        ],
        ids=["answered", "answered in the end", "no such record", "down", "refused", "garbage", "another media type"],
    )
    def test_how_a_question_ended(self, services: FakeServices, faults: list[Answer], path: str, told: list[str | None]) -> None:
        heard: list[str | None] = []

        def tell(service: str, problem: SourceProblem | None) -> None:
            assert service == "crossref"
            heard.append(None if problem is None else problem.slug)

        services.misbehave("crossref", *faults)
        asking = SourceClient(services.settings(), sleep=lambda _seconds: None, tell=tell)
        with asking as client, suppress(SourceProblem, UnknownIdentifier):
            ask(client, path)
        assert heard == told

    def test_a_reply_from_the_store_is_no_question(self, services: FakeServices, tmp_path: Path) -> None:
        heard: list[str] = []
        with SourceClient(
            services.settings(source_cache=tmp_path / "replies"), tell=lambda service, _problem: heard.append(service)
        ) as client:
            ask(client)
            ask(client)
        assert heard == ["crossref"]
