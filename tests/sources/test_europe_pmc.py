import json
from typing import Any

import pytest

from app.errors import SourceReplyInvalid, UnknownIdentifier
from app.schemas.lookup import NoticeKind
from app.sources import europe_pmc
from app.sources.client import SourceClient
from app.vocabulary import Design, PublicationStatus
from tests.fakes import Answer, FakeServices


def replying(services: FakeServices, *results: dict[str, Any]) -> None:
    services.always("europe_pmc", Answer(body=json.dumps({"resultList": {"result": list(results)}}).encode()))


class TestFetch:
    @pytest.mark.parametrize(("kind", "value"), [("doi", "10.1186/s12891-019-3017-y"), ("pmid", "31892357"), ("pmcid", "PMC6937867")])
    def test_finds_by_every_identifier(self, client: SourceClient, kind: Any, value: str) -> None:
        found = europe_pmc.fetch(client, kind, value).bibliography
        assert (found.doi, found.pmid, found.pmcid) == ("10.1186/s12891-019-3017-y", "31892357", "PMC6937867")
        assert found.authors == ["Haller H", "Lauche R", "Sundberg T", "Dobos G", "Cramer H"]
        assert (found.year, found.journal, found.design) == (2019, "BMC musculoskeletal disorders", Design.META_ANALYSIS)
        assert found.title is not None
        assert not found.title.endswith(".")
        assert found.abstract is not None
        assert found.abstract.splitlines()[0] == "Background"
        assert found.linked_registration == "CRD42099000001"

    def test_a_preprint_is_one_by_its_source(self, client: SourceClient) -> None:
        found = europe_pmc.fetch(client, "doi", "10.5555/preprint.2020.001").bibliography
        assert found.publication_status is PublicationStatus.PREPRINT
        assert found.authors == ["Doe J", "Light Touch Study Group"]
        assert found.author_orcids[0].orcid == "0000-0002-1825-0097"

    def test_notices_are_those_about_the_record(self, client: SourceClient) -> None:
        notices = europe_pmc.fetch(client, "pmid", "9500320").notices
        assert [(entry.kind, entry.date, entry.notice_pmid) for entry in notices] == [
            (NoticeKind.PARTIAL_RETRACTION, "2004-03-06", "15016483"),
            (NoticeKind.RETRACTION, "2010-02-06", "20137807"),
        ]

    def test_a_result_that_only_mentions_the_words_is_not_the_record(self, client: SourceClient, services: FakeServices) -> None:
        replying(services, {"source": "MED", "id": "1", "doi": "10.5555/other"})
        with pytest.raises(UnknownIdentifier):
            europe_pmc.fetch(client, "doi", "10.5555/wanted")

    def test_pubmeds_own_record_is_taken_before_a_preprint_of_the_same_doi(self, client: SourceClient, services: FakeServices) -> None:
        shared = {"doi": "10.5555/wanted", "title": "T"}
        replying(services, {**shared, "source": "PPR", "id": "PPR1"}, {**shared, "source": "MED", "id": "5", "pmid": "5"})
        assert europe_pmc.fetch(client, "doi", "10.5555/wanted").bibliography.pmid == "5"

    def test_nothing_found_is_unknown(self, client: SourceClient) -> None:
        with pytest.raises(UnknownIdentifier):
            europe_pmc.fetch(client, "pmid", "99999999")

    def test_a_doi_cannot_bend_the_query(self, client: SourceClient, services: FakeServices) -> None:
        with pytest.raises(UnknownIdentifier):
            europe_pmc.fetch(client, "doi", '10.5555/x"_OR_DOI:*')
        assert services.asked("europe_pmc")[0].query["query"] == 'DOI:"10.5555/x_OR_DOI:*"'

    def test_members_of_a_wrong_type_are_unknown(self, client: SourceClient, services: FakeServices) -> None:
        odd = {"authorList": {"author": ["x", {"lastName": 5}]}, "journalInfo": [1], "pubTypeList": 3, "abstractText": {}, "title": ["a"]}
        replying(services, {"source": "MED", "id": "5", "pmid": "5", "pubYear": "soon", "keywordList": {"keyword": [None, "k"]}, **odd})
        found = europe_pmc.fetch(client, "pmid", "5").bibliography
        assert (found.title, found.year, found.journal, found.abstract, found.keywords) == (None, None, None, None, ["k"])

    @pytest.mark.parametrize("body", [b"[]", b"{}", b'{"resultList": []}', b"<html>", b"\xff", b"[" * 100_000])
    def test_anything_but_a_result_list_is_refused(self, client: SourceClient, services: FakeServices, body: bytes) -> None:
        services.always("europe_pmc", Answer(body=body))
        with pytest.raises(SourceReplyInvalid):
            europe_pmc.fetch(client, "pmid", "5")
