from datetime import UTC, datetime
from typing import Any

import pytest

from app.schemas.bibliography import Bibliography
from app.schemas.lookup import NoticeKind, Retraction, SourceName, SourceRecord
from app.sources.merging import comparable, document_of, merge_notices, merge_records
from app.vocabulary import PublicationStatus

PUBMED, CROSSREF, EUROPE_PMC, TRIALS = SourceName.PUBMED, SourceName.CROSSREF, SourceName.EUROPE_PMC, SourceName.CLINICALTRIALS_GOV


def record(source: SourceName, *notices: Retraction, **members: Any) -> SourceRecord:
    return SourceRecord(
        source=source,
        url="https://example.org/",
        fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
        raw_sha256="0" * 64,
        bibliography=Bibliography(**members),
        notices=list(notices),
    )


def merge(*records: SourceRecord) -> Any:
    return merge_records({entry.source: entry for entry in records}, merge_notices(records))


class TestMergeRecords:
    def test_pubmed_gives_the_authors_and_crossref_the_year(self) -> None:
        merged, members, _ = merge(record(CROSSREF, authors=["A B"], year=2020), record(PUBMED, authors=["C D"], year=2019))
        assert (merged.authors, merged.year) == (["C D"], 2020)
        assert (members["authors"], members["year"]) == ([PUBMED], [CROSSREF])

    def test_what_only_one_knows_is_taken(self) -> None:
        merged, members, differing = merge(record(PUBMED, title="T"), record(EUROPE_PMC, pmcid="PMC1"))
        assert (merged.title, merged.pmcid) == ("T", "PMC1")
        assert members == {"title": [PUBMED], "pmcid": [EUROPE_PMC]}
        assert differing == []

    def test_an_orcid_stays_only_with_an_author_of_that_name(self) -> None:
        orcids = [{"author": "Other N", "orcid": "0000-0002-1825-0097"}, {"author": "Name O", "orcid": "0000-0001-5109-3700"}]
        merged, members, _ = merge(
            record(PUBMED, authors=["Name O"]), record(CROSSREF, authors=["Name O", "Other N"], author_orcids=orcids)
        )
        assert [entry.author for entry in merged.author_orcids] == ["Name O"]
        assert members["author_orcids"] == [CROSSREF]

    def test_addresses_of_all_are_kept(self) -> None:
        merged, _, _ = merge(record(PUBMED, urls=["https://a.example/1"]), record(CROSSREF, urls=["https://b.example/1"]))
        assert merged.urls == ["https://a.example/1", "https://b.example/1"]

    def test_a_registration_alone_speaks_for_itself(self) -> None:
        merged, _, _ = merge(record(TRIALS, title="Trial", registration="NCT99000001"))
        assert (merged.title, merged.registration) == ("Trial", "NCT99000001")

    def test_a_preprint_for_one_and_a_paper_for_the_other_is_a_disagreement(self) -> None:
        _, _, differing = merge(record(CROSSREF, publication_status="published"), record(EUROPE_PMC, publication_status="preprint"))
        assert [entry.member for entry in differing] == ["publication_status"]

    def test_a_notice_decides_the_status(self) -> None:
        concern = Retraction(kind=NoticeKind.EXPRESSION_OF_CONCERN, source=EUROPE_PMC)
        merged, members, differing = merge(record(CROSSREF, publication_status="published"), record(EUROPE_PMC, concern))
        assert merged.publication_status is PublicationStatus.EXPRESSION_OF_CONCERN
        assert members["publication_status"] == [EUROPE_PMC]
        assert differing == []

    def test_a_correction_leaves_the_status(self) -> None:
        correction = Retraction(kind=NoticeKind.CORRECTION, source=PUBMED)
        merged, _, _ = merge(record(PUBMED, correction, publication_status="published"))
        assert merged.publication_status is PublicationStatus.PUBLISHED


class TestComparable:
    @pytest.mark.parametrize(
        ("member", "one", "other"),
        [
            ("title", "RETRACTED: Light touch – a trial.", "Light Touch: a <i>trial</i>"),
            ("journal", "Lancet (London, England)", "The Lancet"),
            ("journal", "Gastroenterology & hepatology", "Gastroenterology and Hepatology"),
            ("authors", ["Müller KA", "van der Berg JP"], ["Muller K", "van der Berg J"]),
            ("pages", "861-6", "861–866"),
            ("pages", "e101-e110", "E101-110"),
            ("volume", "Suppl A", "suppl a"),
        ],
    )
    def test_house_style_is_no_difference(self, member: str, one: Any, other: Any) -> None:
        assert comparable(member, one) == comparable(member, other)

    @pytest.mark.parametrize(
        ("member", "one", "other"),
        [
            ("title", "Light touch in adults", "Light touch in infants"),
            ("authors", ["A B", "C D"], ["A B"]),
            ("authors", ["A B", "C D"], ["C D", "A B"]),
            ("pages", "861-866", "861-867"),
            ("year", 2019, 2020),
        ],
    )
    def test_substance_is(self, member: str, one: Any, other: Any) -> None:
        assert comparable(member, one) != comparable(member, other)


class TestMergeNotices:
    def test_a_vague_report_adds_nothing_to_a_precise_one(self) -> None:
        precise = Retraction(kind=NoticeKind.RETRACTION, date="2010-02-06", notice_doi="10.5555/n", source=CROSSREF)
        vague = Retraction(kind=NoticeKind.RETRACTION, source=PUBMED)
        assert merge_notices([record(PUBMED, vague), record(CROSSREF, precise)]) == [precise]

    def test_two_corrections_are_two(self) -> None:
        first, second = (Retraction(kind=NoticeKind.CORRECTION, notice_doi=f"10.5555/{n}", source=CROSSREF) for n in (1, 2))
        assert merge_notices([record(CROSSREF, first, second)]) == [first, second]

    def test_the_exact_day_and_who_asserts_it_are_kept(self) -> None:
        asserted = Retraction(
            kind=NoticeKind.RETRACTION, date="2010-02-06", notice_doi="10.5555/n", source=CROSSREF, asserted_by="retraction-watch"
        )
        monthly = Retraction(kind=NoticeKind.RETRACTION, date="2010-02", notice_doi="10.5555/n", notice_pmid="20137807", source=PUBMED)
        assert merge_notices([record(PUBMED, monthly), record(CROSSREF, asserted)]) == [
            asserted.model_copy(update={"notice_pmid": "20137807"})
        ]
        yearly = asserted.model_copy(update={"date": "2010"})
        assert merge_notices([record(CROSSREF, yearly), record(PUBMED, monthly)])[0].date == "2010-02"
        elsewhere = asserted.model_copy(update={"date": "2010-03"})
        assert merge_notices([record(CROSSREF, elsewhere), record(PUBMED, monthly)])[0].date == "2010-03"


class TestReinstatement:
    def test_a_retraction_that_was_taken_back_does_not_make_a_draft_retracted(self) -> None:
        retraction = Retraction(kind=NoticeKind.RETRACTION, date="2020", notice_doi="10.5555/n", source=CROSSREF)
        back = Retraction(kind=NoticeKind.REINSTATEMENT, date="2021", notice_doi="10.5555/b", source=CROSSREF)
        found = record(CROSSREF, retraction, back)
        merged, _, _ = merge_records({CROSSREF: found}, merge_notices([found]))
        assert merged.publication_status is not PublicationStatus.RETRACTED
        merged, _, _ = merge_records({CROSSREF: found}, [retraction])
        assert merged.publication_status is PublicationStatus.RETRACTED

    def test_not_even_where_the_record_itself_says_retracted(self) -> None:
        """PubMed keeps the publication type; that is a notice too, and notices alone decide."""
        retraction = Retraction(kind=NoticeKind.RETRACTION, date="2020", notice_pmid="1", source=CROSSREF)
        back = Retraction(kind=NoticeKind.REINSTATEMENT, date="2021", notice_pmid="2", source=CROSSREF)
        found = record(CROSSREF, retraction, back)
        found.bibliography.publication_status = PublicationStatus.RETRACTED
        merged, _, _ = merge_records({CROSSREF: found}, merge_notices([found]))
        assert merged.publication_status is not PublicationStatus.RETRACTED
        merged, _, _ = merge_records({CROSSREF: found}, [retraction])
        assert merged.publication_status is PublicationStatus.RETRACTED

    def test_who_asserts_a_notice_is_kept(self) -> None:
        watched = Retraction(kind=NoticeKind.RETRACTION, date="2020", source=CROSSREF, asserted_by="retraction-watch")
        named = Retraction(kind=NoticeKind.RETRACTION, date="2020", notice_pmid="1", source=CROSSREF)
        (kept,) = merge_notices([record(CROSSREF, watched, named)])
        assert (kept.notice_pmid, kept.asserted_by) == ("1", "retraction-watch")


class TestDocumentOf:
    def test_holds_what_is_known_and_no_more(self) -> None:
        document = document_of(Bibliography(title="T", year=2020, abstract="A", urls=["https://a.example/1"]))
        assert document == {"title": "T", "year": 2020, "sources": ["https://a.example/1"]}
