"""A server on this machine that speaks for PubMed, Europe PMC, Crossref and ClinicalTrials.gov, and misbehaves when it is told to.

It answers from `tests/sources/replies`. `tests/verification` puts the same questions to the services themselves. Faults are given per
service and used up one by one: `services.misbehave("crossref", throttled(2), status(500))`; the next request is answered properly.
"""

import json
import re
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

from app.settings import Settings

REPLIES = Path(__file__).resolve().parent / "sources" / "replies"
XML, JSON = "text/xml; charset=UTF-8", "application/json;charset=utf-8"
ARTICLE_SET = (
    '<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n<PubmedArticleSet>{}</PubmedArticleSet>'
)
EMPTY_ID_LIST = (
    '<?xml version="1.0" ?>\n<eFetchResult>\n\t<ERROR>ID list is empty! Possibly it has no correct IDs.</ERROR>\n</eFetchResult>'
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes over the wire. `cut_at` bytes of the body are sent though all are announced; `pause` is between bytes of a slow one."""

    status: int = 200
    body: bytes = b""
    media: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_at: int | None = None
    delay: float = 0
    pause: float = 0
    hang_up: bool = False


def status(code: int, *, body: bytes = b"<html>Oops</html>", media: str = "text/html", **headers: str) -> Answer:
    return Answer(code, body, media, {name.replace("_", "-"): value for name, value in headers.items()})


def throttled(retry_after: float | str) -> Answer:
    return status(429, body=b'{"error":"API rate limit exceeded"}', media="application/json", Retry_After=str(retry_after))


def garbage(media: str = JSON) -> Answer:
    return Answer(body=b"{\x00\xff not what it says <", media=media)


def cut_off(media: str = JSON) -> Answer:
    return Answer(body=b'{"message": {"DOI": "10.5555/half' + b" " * 500, media=media, cut_at=40)


def slow(seconds: float) -> Answer:
    return Answer(body=b"{}", delay=seconds)


def dripping(pause: float, size: int = 1000) -> Answer:
    return Answer(body=b" " * size, pause=pause)


def redirect(location: str, code: int = 302) -> Answer:
    return status(code, Location=location)


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it arrived."""

    service: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    moment: float


class FakeServices:
    """The four services under one address; `seen` holds what was asked, in order."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.lock = threading.Lock()
        self._faults: dict[str, deque[Answer]] = defaultdict(deque)
        self._always: dict[str, Answer] = {}
        self.base = ""
        self.articles = {_pmid(text): text for text in _texts("pubmed", "xml")}
        self.results = [json.loads(text) for text in _texts("europe_pmc", "json")]
        self.works = {work["DOI"].lower(): work for work in map(json.loads, _texts("crossref", "json"))}
        self.trials = {_nct(trial): trial for trial in map(json.loads, _texts("clinicaltrials_gov", "json"))}

    def settings(self, **others: Any) -> Settings:
        """Settings that ask here, without a cache and without long waits, unless told otherwise."""
        addresses = {f"{name}_url": f"{self.base}/{name}" for name in SPEAKERS}
        calm = {"source_cache": None, "source_connect_seconds": 2, "source_read_seconds": 2, "source_total_seconds": 20}
        return Settings(**{**addresses, **calm, "contact": "curator@example.org", **others})

    def misbehave(self, service: str, *answers: Answer) -> None:
        self._faults[service].extend(answers)

    def always(self, service: str, answer: Answer) -> None:
        self._always[service] = answer

    def asked(self, service: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.service == service]

    def answer(self, seen: Seen) -> Answer:
        with self.lock:
            self.seen.append(seen)
            if self._faults[seen.service]:
                return self._faults[seen.service].popleft()
        if seen.service in self._always:
            return self._always[seen.service]
        speak = SPEAKERS.get(seen.service)
        return speak(self, seen) if speak else status(404)


def _texts(service: str, suffix: str) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted((REPLIES / service).glob(f"*.{suffix}"))]


def _pmid(article: str) -> str:
    return ElementTree.fromstring(article).findtext("MedlineCitation/PMID") or ""  # noqa: S314 (our own files)


def _nct(trial: dict[str, Any]) -> str:
    return str(trial["protocolSection"]["identificationModule"]["nctId"])


def _as_json(content: object, **headers: str) -> Answer:
    return Answer(body=json.dumps(content).encode(), headers=headers)


def pubmed(services: FakeServices, seen: Seen) -> Answer:
    """`efetch.fcgi`: known articles of those asked for; an unknown id is left out, no id at all is an error."""
    if seen.path != "/efetch.fcgi" or seen.query.get("db") != "pubmed" or seen.query.get("retmode") != "xml":
        return status(400, body=b"unexpected question", media="text/plain")
    ids = [text for text in seen.query.get("id", "").split(",") if text.isdigit() and int(text)]
    if not ids:
        return Answer(400, EMPTY_ID_LIST.encode(), XML)
    found = "\n".join(services.articles[pmid] for pmid in ids if pmid in services.articles)
    return Answer(body=ARTICLE_SET.format(found).encode(), media=XML)


def europe_pmc(services: FakeServices, seen: Seen) -> Answer:
    """`search`: a page of results; besides the record itself it finds one that only mentions the words, as the service does."""
    query = seen.query.get("query", "")
    if seen.path != "/search" or seen.query.get("format") != "json" or seen.query.get("resultType") != "core":
        return status(400)
    wanted = re.fullmatch(r'DOI:"(?P<doi>.*)"|EXT_ID:(?P<pmid>\d+) AND SRC:MED|PMCID:(?P<pmcid>PMC\d+)', query)
    terms = {name: value for name, value in (wanted.groupdict() if wanted else {}).items() if value}
    found = [
        result for result in services.results if any(str(result.get(name, "")).lower() == value.lower() for name, value in terms.items())
    ]
    stray = {"id": "1", "source": "MED", "pmid": "1", "doi": "10.5555/mentions.it", "title": "Mentions it"}
    page = [*([stray] if found else []), *found][: int(seen.query.get("pageSize", "25"))]
    return _as_json(
        {
            "version": "6.9",
            "hitCount": len(page),
            "nextCursorMark": "AoIIP",
            "request": {"queryString": query, "resultType": "core"},
            "resultList": {"result": page},
        }
    )


def crossref(services: FakeServices, seen: Seen) -> Answer:
    """`works/{doi}`, with an ETag; a DOI that is an alias is answered by a redirect to the one it stands for."""
    doi = unquote(seen.path.removeprefix("/works/")).lower()
    if doi == "10.5555/alias.of.light":
        return redirect(f"{services.base}/crossref/works/10.5555%2Flight.2021.001", 301)
    if doi not in services.works:
        return Answer(404, b"Resource not found.", "text/plain")
    etag = f'"{len(doi)}-{doi[-3:]}"'
    if seen.headers.get("if-none-match") == etag:
        return Answer(304, headers={"ETag": etag})
    message = {"status": "ok", "message-type": "work", "message-version": "1.0.0", "message": services.works[doi]}
    return _as_json(message, ETag=etag)


def clinicaltrials_gov(services: FakeServices, seen: Seen) -> Answer:
    nct = seen.path.removeprefix("/studies/")
    found = services.trials.get("NCT99000001" if nct == "NCT99000000" else nct)
    return _as_json(found) if found else Answer(404, b"NCT number not found", "text/plain")


SPEAKERS: dict[str, Callable[[FakeServices, Seen], Answer]] = {
    "pubmed": pubmed,
    "europe_pmc": europe_pmc,
    "crossref": crossref,
    "clinicaltrials_gov": clinicaltrials_gov,
}


def _handler_for(services: FakeServices) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            service, _, rest = parts.path.removeprefix("/").partition("/")
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                self._send(services.answer(Seen(service, f"/{rest}", query, headers, time.monotonic())))
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # a client that gave up

        def _send(self, answer: Answer) -> None:
            time.sleep(answer.delay)
            if answer.hang_up:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in {"Content-Type": answer.media, **answer.headers, "Content-Length": str(len(answer.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self._send_body(answer)

        def _send_body(self, answer: Answer) -> None:
            if answer.pause:
                for byte in answer.body:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(answer.pause)
            else:
                self.wfile.write(answer.body[: answer.cut_at])
            if answer.cut_at is not None:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@contextmanager
def fake_services() -> Iterator[FakeServices]:
    services = FakeServices()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(services))
    server.daemon_threads = True
    services.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield services
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
