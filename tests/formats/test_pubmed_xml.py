from app.formats.sniff import FileFormat
from app.vocabulary import Design, PublicationStatus, StudyKind
from tests.formats.bibliographies import SAMPLES, read


class TestSample:
    def setup_method(self) -> None:
        self.article, self.book = read(FileFormat.PUBMED_XML, (SAMPLES / "pubmed.xml").read_bytes())

    def test_an_article(self) -> None:
        study = self.article.bibliography
        assert study is not None
        assert study.title == "Effects of still points on CO2 and sleep: a cluster-free randomized trial"
        assert study.authors == ["Müller-Østergård ÅM", "King M 3rd", "Sleep, Touch and Rest Group"]
        assert [entry.orcid for entry in study.author_orcids] == ["0000-0002-1825-0097"]
        assert study.abstract == "OBJECTIVE: To see whether sleep improves.\nRESULTS: Sleep improved (p < 0.05)."
        assert (study.year, study.pages, study.linked_registration) == (2019, "301-310", "NCT09999907")
        assert (study.kind, study.design) == (StudyKind.PRIMARY, Design.RANDOMISED_TRIAL)
        assert study.publication_status is PublicationStatus.EXPRESSION_OF_CONCERN
        assert study.keywords == ["still point", "Sleep/physiology"]

    def test_the_identifiers_are_its_own_and_not_those_of_its_references(self) -> None:
        study = self.article.bibliography
        assert study is not None
        assert (study.doi, study.pmid, study.pmcid) == ("10.5555/eam.2019.301", "31777707", "PMC6999907")

    def test_an_erratum_is_reported(self) -> None:
        assert [problem.field for problem in self.article.problems] == ["ErratumIn"]

    def test_a_chapter_of_a_book(self) -> None:
        study = self.book.bibliography
        assert study is not None
        assert (study.title, study.authors, study.year, study.pmid) == ("Recommendations", ["Writer WW"], 2011, "20888808")
        assert study.design is Design.GUIDELINE

    def test_each_record_has_its_line(self) -> None:
        assert (self.article.line, self.book.line) == (4, 20)


class TestBrokenXml:
    def test_keeps_the_records_before_the_break_and_reports_the_rest(self) -> None:
        article = "<PubmedArticle><MedlineCitation><PMID>{}</PMID></MedlineCitation></PubmedArticle>\n"
        content = "<PubmedArticleSet>\n" + article.format(1) + article.format(2) + "<PubmedArticle><Medline"
        first, second, rest = read(FileFormat.PUBMED_XML, content.encode())
        assert [record.bibliography.pmid for record in (first, second) if record.bibliography] == ["1", "2"]
        assert rest.bibliography is None
        assert (rest.position, rest.line, rest.problems[0].severity) == (3, 4, "error")

    def test_of_an_unknown_entity_is_reported(self) -> None:
        (record,) = read(FileFormat.PUBMED_XML, b"<PubmedArticleSet><PubmedArticle>&nbsp;</PubmedArticle></PubmedArticleSet>")
        assert "undefined entity" in record.problems[0].detail
