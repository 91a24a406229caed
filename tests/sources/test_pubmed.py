import pytest

from app.errors import SourceReplyInvalid, UnknownIdentifier
from app.schemas.lookup import NoticeKind
from app.sources import pubmed
from app.sources.client import SourceClient
from app.vocabulary import Design, PublicationStatus, StudyKind
from tests.fakes import XML, Answer, FakeServices


class TestFetch:
    def test_reads_a_trial(self, client: SourceClient) -> None:
        found = pubmed.fetch(client, "99000001").bibliography
        assert found.title == "Light touch for neck pain: effects on H2O intake & pain, a randomised trial"
        assert found.authors == ["van der Berg JP", "Smith JA Jr", "Light Touch Study Group"]
        assert (found.year, found.journal, found.volume, found.issue, found.pages) == (
            2021,
            "Journal of invented trials",
            "12",
            "3",
            "e101-e110",
        )
        assert (found.doi, found.pmid, found.pmcid, found.language) == ("10.5555/light.2021.001", "99000001", None, "en")
        assert (found.kind, found.design) == (StudyKind.PRIMARY, Design.RANDOMISED_TRIAL)
        assert found.abstract == "OBJECTIVE: To see whether p < 0.05 can be found.\nTRIAL REGISTRATION: ISRCTN12345678."

    def test_a_data_bank_speaks_before_the_abstract(self, client: SourceClient) -> None:
        record = pubmed.fetch(client, "99000001")
        assert record.registrations == ["NCT99000001"]
        assert record.bibliography.linked_registration == "NCT99000001"

    def test_the_country_of_the_journal_is_not_the_country_of_the_study(self, client: SourceClient) -> None:
        assert pubmed.fetch(client, "99000001").bibliography.country is None

    def test_an_orcid_with_a_wrong_check_digit_is_dropped_and_named(self, client: SourceClient) -> None:
        record = pubmed.fetch(client, "99000001")
        assert [(entry.author, entry.orcid) for entry in record.bibliography.author_orcids] == [("van der Berg JP", "0000-0001-5109-3700")]
        assert any("0000-0001-5109-3701" in remark for remark in record.remarks)

    def test_reads_an_old_record(self, client: SourceClient) -> None:
        found = pubmed.fetch(client, "99000002").bibliography
        assert found.title == "Light touch in infants. A case report"
        assert (found.year, found.language, found.pages, found.design) == (2001, "de", "861-6", Design.CASE_REPORT)
        assert found.doi is None

    def test_a_review_with_both_types_is_the_meta_analysis(self, client: SourceClient) -> None:
        found = pubmed.fetch(client, "31892357").bibliography
        assert (found.kind, found.design, found.pmcid) == (StudyKind.SYNTHESIS, Design.META_ANALYSIS, "PMC6937867")
        assert found.linked_registration == "CRD42099000001"

    def test_notices_carry_kind_date_and_place(self, client: SourceClient) -> None:
        record = pubmed.fetch(client, "9500320")
        assert record.bibliography.publication_status is PublicationStatus.RETRACTED
        assert [(entry.kind, entry.date, entry.notice_doi, entry.notice_pmid) for entry in record.notices] == [
            (NoticeKind.PARTIAL_RETRACTION, "2004-03-06", "10.1016/s0140-6736(04)15715-2", "15016483"),
            (NoticeKind.CORRECTION, "2004-03-06", None, None),
            (NoticeKind.RETRACTION, "2010-02-06", "10.1016/s0140-6736(10)60175-4", "20137807"),
        ]
        assert record.retraction is not None
        assert record.retraction.kind is NoticeKind.RETRACTION

    def test_the_note_of_a_notice_is_its_reason(self, client: SourceClient) -> None:
        (concern,) = pubmed.fetch(client, "99000001").notices
        assert (concern.kind, concern.date, concern.reasons) == (NoticeKind.EXPRESSION_OF_CONCERN, "2022", ["Randomisation list missing"])

    def test_a_retracted_publication_without_a_notice_is_still_retracted(self, client: SourceClient, services: FakeServices) -> None:
        services.articles["7"] = (
            "<PubmedArticle><MedlineCitation><PMID>7</PMID><Article><ArticleTitle>T</ArticleTitle><PublicationTypeList>"
            "<PublicationType>Retracted Publication</PublicationType></PublicationTypeList></Article></MedlineCitation></PubmedArticle>"
        )
        assert [entry.kind for entry in pubmed.fetch(client, "7").notices] == [NoticeKind.RETRACTION]

    @pytest.mark.parametrize(
        ("relation", "note", "kinds", "unknown"),
        [
            ("ErratumIn", "The article was reinstated.", [NoticeKind.REINSTATEMENT], []),
            ("ErratumIn", "Table 2", [NoticeKind.CORRECTION], []),
            ("RetractionIn", "Not to be reinstated", [NoticeKind.RETRACTION], []),
            ("CommentIn", "", [], []),
            ("ReinstatementIn", "", [], ["PubMed lists an update of a kind that we do not know: ReinstatementIn"]),
        ],
    )
    def test_what_takes_a_retraction_back_or_is_of_an_unknown_kind_is_told(
        self, client: SourceClient, services: FakeServices, relation: str, note: str, kinds: list[NoticeKind], unknown: list[str]
    ) -> None:
        said = f"<RefSource>J Trials. 2021 Feb</RefSource><Note>{note}</Note>"
        relations = f'<CommentsCorrections RefType="{relation}">{said}</CommentsCorrections>'
        citation = f"<PMID>7</PMID><CommentsCorrectionsList>{relations}</CommentsCorrectionsList>"
        article = f"<PubmedArticle><MedlineCitation>{citation}</MedlineCitation></PubmedArticle>"
        services.misbehave("pubmed", Answer(body=f"<PubmedArticleSet>{article}</PubmedArticleSet>".encode(), media=XML))
        record = pubmed.fetch(client, "7")
        assert ([entry.kind for entry in record.notices], record.unknown_updates) == (kinds, unknown)

    def test_a_notice_says_that_it_is_one(self, client: SourceClient) -> None:
        record = pubmed.fetch(client, "99000003")
        assert record.notices == []
        assert any("retraction notice about Nobody N." in remark for remark in record.remarks)

    def test_several_registrations_link_none(self, client: SourceClient, services: FakeServices) -> None:
        bank = "<AccessionNumber>NCT99000001</AccessionNumber>"
        services.articles["99000001"] = services.articles["99000001"].replace(bank, f"{bank}<AccessionNumber>NCT99000002</AccessionNumber>")
        record = pubmed.fetch(client, "99000001")
        assert record.registrations == ["NCT99000001", "NCT99000002"]
        assert record.bibliography.linked_registration is None
        assert any("several registrations" in remark for remark in record.remarks)

    def test_an_unknown_id_is_unknown(self, client: SourceClient) -> None:
        with pytest.raises(UnknownIdentifier):
            pubmed.fetch(client, "99999999")

    def test_a_chapter_of_a_book_is_read(self, client: SourceClient, services: FakeServices) -> None:
        body = (
            b"<PubmedArticleSet><PubmedBookArticle><BookDocument><PMID>20301295</PMID><Book><BookTitle>Reviews</BookTitle><PubDate><Year>1993"
            b"</Year></PubDate></Book><ArticleTitle>A chapter</ArticleTitle></BookDocument></PubmedBookArticle></PubmedArticleSet>"
        )
        services.always("pubmed", Answer(body=body, media=XML))
        found = pubmed.fetch(client, "20301295").bibliography
        assert (found.title, found.pmid, found.year) == ("A chapter", "20301295", 1993)

    def test_an_article_nested_without_end_is_refused(self, client: SourceClient, services: FakeServices) -> None:
        deep = b"<a>" * 20_000 + b"</a>" * 20_000
        article = b"<PubmedArticle><MedlineCitation><PMID>1</PMID>" + deep + b"</MedlineCitation></PubmedArticle>"
        services.always("pubmed", Answer(body=b"<PubmedArticleSet>" + article + b"</PubmedArticleSet>", media=XML))
        with pytest.raises(SourceReplyInvalid):
            pubmed.fetch(client, "1")

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<PubmedArticleSet><PubmedArticle>",
            b"<eFetchResult><ERROR>Something</ERROR></eFetchResult>",
            b'<!DOCTYPE a [<!ENTITY b "c">]><PubmedArticleSet>&b;</PubmedArticleSet>',
            b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><PubmedArticleSet>&b;</PubmedArticleSet>',
            b"<a>" * 20_000,
        ],
        ids=["empty", "cut", "error", "entity", "external entity", "deep"],
    )
    def test_anything_but_an_article_set_is_refused(self, client: SourceClient, services: FakeServices, body: bytes) -> None:
        services.always("pubmed", Answer(body=body, media=XML))
        with pytest.raises(SourceReplyInvalid):
            pubmed.fetch(client, "1")

    def test_an_article_with_nothing_but_its_id_is_read(self, client: SourceClient, services: FakeServices) -> None:
        services.articles["8"] = "<PubmedArticle><MedlineCitation><PMID>8</PMID></MedlineCitation></PubmedArticle>"
        found = pubmed.fetch(client, "8").bibliography
        assert (found.pmid, found.title, found.authors, found.year) == ("8", None, [], None)
