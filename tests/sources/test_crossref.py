from typing import Any

import pytest

from app.errors import SourceReplyInvalid, UnknownIdentifier
from app.schemas.lookup import NoticeKind
from app.sources import crossref
from app.sources.client import SourceClient
from app.vocabulary import PublicationStatus
from tests.fakes import Answer, FakeServices


def fetch_work(client: SourceClient, services: FakeServices, **members: Any) -> Any:
    services.works["10.5555/made"] = {"DOI": "10.5555/made", **members}
    return crossref.fetch(client, "10.5555/made")


class TestFetch:
    def test_reads_a_review(self, client: SourceClient) -> None:
        found = crossref.fetch(client, "10.1186/s12891-019-3017-y").bibliography
        assert (found.doi, found.journal, found.volume, found.issue) == (
            "10.1186/s12891-019-3017-y",
            "BMC Musculoskeletal Disorders",
            "21",
            "1",
        )
        assert found.authors == ["Haller H", "Lauche R", "Sundberg T", "Dobos G", "Cramer H"]
        assert found.publication_status is PublicationStatus.PUBLISHED
        assert found.abstract is not None
        assert found.abstract.splitlines()[:3] == ["Abstract", "Background", "A stand-in for the first part."]

    def test_the_year_of_print_comes_before_the_year_online(self, client: SourceClient) -> None:
        assert crossref.fetch(client, "10.1186/s12891-019-3017-y").bibliography.year == 2020

    def test_an_article_number_stands_for_pages(self, client: SourceClient) -> None:
        assert crossref.fetch(client, "10.1186/s12891-019-3017-y").bibliography.pages == "1"

    def test_a_subtitle_belongs_to_the_title(self, client: SourceClient) -> None:
        found = crossref.fetch(client, "10.5555/light.2021.001").bibliography
        assert found.title == "Light touch for neck pain: effects on H2O intake & pain, a randomised trial"
        assert found.authors == ["van der Berg JP", "Smith JA Jr", "Light Touch Study Group"]

    def test_a_trial_number_is_linked(self, client: SourceClient) -> None:
        assert crossref.fetch(client, "10.5555/light.2021.001").bibliography.linked_registration == "NCT99000001"

    def test_crossref_knows_no_design(self, client: SourceClient) -> None:
        assert crossref.fetch(client, "10.1186/s12891-019-3017-y").bibliography.design is None

    def test_updates_say_who_asserted_them(self, client: SourceClient) -> None:
        record = crossref.fetch(client, "10.1016/s0140-6736(97)11096-0")
        assert [(entry.kind, entry.date, entry.asserted_by) for entry in record.notices] == [
            (NoticeKind.CORRECTION, "2004-03-06", "retraction-watch"),
            (NoticeKind.RETRACTION, "2010-02-06", "retraction-watch"),
            (NoticeKind.RETRACTION, "2010-02", "publisher"),
        ]

    def test_an_update_of_itself_counts_and_a_new_version_does_not(self, client: SourceClient, services: FakeServices) -> None:
        assert crossref.fetch(client, "10.5555/light.2021.001").notices == []
        updates = [{"DOI": "10.5555/MADE", "type": "expression_of_concern"}, {"DOI": "10.5555/MADE", "type": "addendum"}]
        record = fetch_work(client, services, **{"update-to": updates})
        assert [entry.kind for entry in record.notices] == [NoticeKind.EXPRESSION_OF_CONCERN]

    def test_an_update_of_another_work_makes_it_a_notice(self, client: SourceClient) -> None:
        record = crossref.fetch(client, "10.5555/notice.2010.001")
        assert record.notices == []
        assert record.bibliography.year is None
        assert any("about 10.5555/everything.2009.001" in remark for remark in record.remarks)

    def test_an_unknown_kind_of_update_is_not_passed_over(self, client: SourceClient, services: FakeServices) -> None:
        record = fetch_work(client, services, **{"updated-by": [{"DOI": "10.5555/n", "type": "erasure"}]})
        assert record.unknown_updates == ["Crossref lists an update of a kind that we do not know: erasure"]

    def test_a_reinstatement_is_a_notice(self, client: SourceClient, services: FakeServices) -> None:
        updates = [{"DOI": "10.5555/n", "type": "reinstatement", "updated": {"date-parts": [[2021, 2, 1]]}}]
        (found,) = fetch_work(client, services, **{"updated-by": updates}).notices
        assert (found.kind, found.date, found.notice_doi) == (NoticeKind.REINSTATEMENT, "2021-02-01", "10.5555/n")

    @pytest.mark.parametrize(
        ("kind", "subtype", "status"),
        [
            ("posted-content", "preprint", PublicationStatus.PREPRINT),
            ("posted-content", None, None),
            ("dissertation", None, PublicationStatus.THESIS),
            ("proceedings-article", None, None),
        ],
    )
    def test_types_give_the_status(
        self, client: SourceClient, services: FakeServices, kind: str, subtype: str | None, status: PublicationStatus | None
    ) -> None:
        record = fetch_work(client, services, type=kind, subtype=subtype)
        assert record.bibliography.publication_status is status

    @pytest.mark.parametrize("dates", [{}, {"issued": {"date-parts": [[None]]}}, {"issued": {"date-parts": []}}, {"issued": "1999"}])
    def test_a_missing_date_is_unknown(self, client: SourceClient, services: FakeServices, dates: dict[str, Any]) -> None:
        assert fetch_work(client, services, **dates).bibliography.year is None

    def test_a_year_to_come_is_dropped_and_named(self, client: SourceClient, services: FakeServices) -> None:
        record = fetch_work(client, services, issued={"date-parts": [[2099, 1, 1]]})
        assert record.bibliography.year is None
        assert any(remark.startswith("year was dropped") for remark in record.remarks)

    def test_text_that_no_database_can_hold_is_cleaned(self, client: SourceClient, services: FakeServices) -> None:
        record = fetch_work(client, services, title=["A \x00 title\ud800 &lt;5 mg"], author=[{"family": "A\x00b"}, {}, "x"])
        assert record.bibliography.title == "A title <5 mg"
        assert record.bibliography.authors == ["A b"]

    def test_a_doi_with_odd_characters_reaches_the_service_whole(self, client: SourceClient, services: FakeServices) -> None:
        doi = "10.1002/(sici)1097-0258(19980815)17:15<1661::aid-sim968>3.0.co;2-2#?%/é"
        services.works[doi] = {"DOI": doi}
        assert crossref.fetch(client, doi).bibliography.doi == doi

    def test_an_unknown_doi_is_unknown(self, client: SourceClient) -> None:
        with pytest.raises(UnknownIdentifier, match="Crossref"):
            crossref.fetch(client, "10.5555/nobody")

    @pytest.mark.parametrize("body", [b"{}", b'{"message": []}', b'{"message": {}}', b'{"message": {"DOI": "x"}}'])
    def test_a_reply_without_a_work_is_refused(self, client: SourceClient, services: FakeServices, body: bytes) -> None:
        services.always("crossref", Answer(body=body))
        with pytest.raises(SourceReplyInvalid):
            crossref.fetch(client, "10.5555/made")
