"""Whatever a service sends, a look-up gives a record or a problem with a status, and never falls over."""

import json
import random
from collections.abc import Callable
from copy import deepcopy
from itertools import count
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Problem
from app.schemas.lookup import SourceRecord
from app.settings import Settings
from app.sources import clinicaltrials_gov, crossref, europe_pmc, pubmed
from app.sources.client import SourceClient
from tests.fakes import ARTICLE_SET, JSON, REPLIES, XML

TEXTS = ("", " ", "\x00\ud800", "x" * 30_000, "10.5555/x", "2019-02-30", "NCT00000001")
ODD: tuple[Any, ...] = (*TEXTS, None, True, -1, 0, 1e308, 10**30, [], {}, [[]], [None], {"a": 1}, [{}, {}])
numbers = count()
Fetch = Callable[[SourceClient], SourceRecord]


def sample(path: str) -> str:
    return (REPLIES / path).read_text(encoding="utf-8")


def places(node: object) -> list[tuple[Any, Any]]:
    """Every (container, key) in a tree of JSON."""
    children = list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if isinstance(node, list) else []
    return [place for key, child in children for place in [(node, key), *places(child)]]


def bend(content: Any, seed: int) -> Any:
    """The same with one to three nodes replaced by something odd, or gone."""
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 3)):
        found = places(content)
        if found:
            container, key = rng.choice(found)
            if rng.random() < 0.2:
                del container[key]
            else:
                container[key] = deepcopy(rng.choice(ODD))
    return content


def fetch_from(body: bytes, media: str, fetch: Fetch) -> SourceRecord | Problem:
    def reply(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=body, headers={"Content-Type": media})

    address = f"https://service{next(numbers)}.example.org"  # one pacer each, or they would wait for each other
    names = ("pubmed_url", "europe_pmc_url", "crossref_url", "clinicaltrials_gov_url")
    settings = Settings(source_cache=None, **dict.fromkeys(names, address))  # type: ignore[arg-type]
    with SourceClient(settings, transport=httpx.MockTransport(reply), sleep=lambda seconds: None) as client:
        try:
            return fetch(client)
        except Problem as problem:
            return problem


def as_work(work: Any) -> Any:
    return {"message": work}


def as_results(found: Any) -> Any:
    return {"resultList": {"result": [found]}}


def as_it_is(trial: Any) -> Any:
    return trial


JSON_CASES: list[tuple[str, Callable[[Any], Any], Fetch]] = [
    ("crossref/wakefield-1998.json", as_work, lambda client: crossref.fetch(client, "10.1016/s0140-6736(97)11096-0")),
    ("crossref/trial-2021.json", as_work, lambda client: crossref.fetch(client, "10.5555/light.2021.001")),
    ("europe_pmc/haller-2020.json", as_results, lambda client: europe_pmc.fetch(client, "pmid", "31892357")),
    ("europe_pmc/wakefield-1998.json", as_results, lambda client: europe_pmc.fetch(client, "pmid", "9500320")),
    ("clinicaltrials_gov/trial-2021.json", as_it_is, lambda client: clinicaltrials_gov.fetch(client, "NCT99000001")),
]


class TestJson:
    @pytest.mark.parametrize(("path", "wrap", "fetch"), JSON_CASES, ids=[case[0] for case in JSON_CASES])
    @given(seed=st.integers(0, 10**9))
    def test_bent_replies(self, path: str, wrap: Callable[[Any], Any], fetch: Fetch, seed: int) -> None:
        body = json.dumps(wrap(bend(json.loads(sample(path)), seed))).encode()
        answer = fetch_from(body, JSON, fetch)
        assert isinstance(answer, SourceRecord) or answer.status in {404, 502}
        if isinstance(answer, SourceRecord):
            json.loads(answer.model_dump_json())

    @pytest.mark.parametrize(("path", "wrap", "fetch"), JSON_CASES, ids=[case[0] for case in JSON_CASES])
    def test_the_unbent_reply_is_a_record(self, path: str, wrap: Callable[[Any], Any], fetch: Fetch) -> None:
        assert isinstance(fetch_from(json.dumps(wrap(json.loads(sample(path)))).encode(), JSON, fetch), SourceRecord)


class TestXml:
    @pytest.mark.parametrize("name", ["haller-2020", "wakefield-1998", "trial-2021", "old-2001"])
    @given(seed=st.integers(0, 10**9))
    def test_bent_replies(self, name: str, seed: int) -> None:
        rng = random.Random(seed)
        root = ElementTree.fromstring(sample(f"pubmed/{name}.xml"))  # noqa: S314 (our own file)
        pmid = root.findtext("MedlineCitation/PMID") or ""
        for _ in range(rng.randint(1, 4)):
            element = rng.choice(list(root.iter()))
            element.text = rng.choice((None, "", "x" * 30_000, "10.5555/x", "NCT12", "[", "19", "\u200b"))
            if len(element) and rng.random() < 0.5:
                element.remove(rng.choice(list(element)))
        body = ARTICLE_SET.format(ElementTree.tostring(root, encoding="unicode")).encode()
        answer = fetch_from(body, XML, lambda client: pubmed.fetch(client, pmid))
        assert isinstance(answer, SourceRecord) or answer.status in {404, 502}

    @given(seed=st.integers(0, 10**9))
    def test_broken_bytes(self, seed: int) -> None:
        rng = random.Random(seed)
        body = bytearray(ARTICLE_SET.format(sample("pubmed/trial-2021.xml")).encode())
        for _ in range(rng.randint(1, 10)):
            body[rng.randrange(len(body))] = rng.randrange(256)
        answer = fetch_from(bytes(body), XML, lambda client: pubmed.fetch(client, "99000001"))
        assert isinstance(answer, SourceRecord) or answer.status in {404, 502}
