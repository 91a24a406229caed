import json

from app.formats.csl_json import write_csl_json
from app.formats.read_record import ReadRecord
from app.formats.sniff import FileFormat
from app.schemas.bibliography import Bibliography
from app.vocabulary import PublicationStatus
from tests.formats.bibliographies import SAMPLES, read


def of(value: object) -> list[ReadRecord]:
    return read(FileFormat.CSL_JSON, json.dumps(value).encode())


class TestZotero:
    def setup_method(self) -> None:
        self.records = read(FileFormat.CSL_JSON, (SAMPLES / "zotero.csl.json").read_bytes())

    def test_an_article(self) -> None:
        study = self.records[0].bibliography
        assert study is not None
        assert study.title == "Craniosacral treatment and usual care for neck pain"
        assert study.authors == ["Lindqvist M", "van der Meer JW", "Neck, Back and Pain Group", "Smith JA Jr"]
        assert (study.volume, study.year, study.pmid, study.pmcid) == ("12", 2018, "29999901", "PMC5999901")
        assert (study.abstract, study.language) == ("Pain fell.", "en")
        assert [entry.orcid for entry in study.author_orcids] == ["0000-0002-1825-0097"]

    def test_a_thesis_with_a_wrong_doi(self) -> None:
        study = self.records[1].bibliography
        assert study is not None
        assert (study.year, study.doi, study.publication_status) == (2015, None, PublicationStatus.THESIS)
        assert (self.records[1].line, self.records[1].problems[0].field) == (24, "DOI")

    def test_a_member_of_the_wrong_shape_is_reported(self) -> None:
        assert self.records[2].bibliography is None
        assert [problem.severity for problem in self.records[2].problems] == ["notice", "error"]


class TestShapes:
    def test_one_item_alone_is_read(self) -> None:
        assert len(of({"type": "book", "title": "One"})) == 1

    def test_items_of_an_object_are_read(self) -> None:
        assert len(of({"items": [{"title": "One"}, {"title": "Two"}], "next": None})) == 2

    def test_lists_of_one_as_crossref_has_them_are_read(self) -> None:
        (record,) = of([{"title": ["One"], "container-title": ["Examples"], "author": [{"name": "Example Group"}]}])
        assert record.bibliography is not None
        assert (record.bibliography.title, record.bibliography.journal, record.bibliography.authors) == (
            "One",
            "Examples",
            ["Example Group"],
        )

    def test_what_is_no_item_is_reported_and_the_rest_read(self) -> None:
        records = of([1, "text", None, {"title": "One"}])
        assert [record.bibliography is None for record in records] == [True, True, True, False]


class TestWrite:
    def test_an_item_is_what_citation_programs_expect(self) -> None:
        study = Bibliography(title="One", authors=["Doe J", "Pain Group"], year=2019, journal="Examples", doi="10.5555/x")
        (item,) = json.loads("".join(write_csl_json([study])))
        assert item == {
            "id": "study-1",
            "type": "article-journal",
            "title": "One",
            "author": [{"family": "Doe", "given": "J"}, {"literal": "Pain Group"}],
            "issued": {"date-parts": [[2019]]},
            "container-title": "Examples",
            "DOI": "10.5555/x",
        }


class TestWhatIsNotUnderstood:
    def test_is_left_out_with_a_notice(self) -> None:
        (record,) = of([{"type": "article-journal", "title": "One", "authors": ["A B"], "year": 2015}])
        assert record.bibliography is not None
        assert [(problem.severity, problem.detail) for problem in record.problems] == [
            ("notice", "left out: CSL-JSON has no authors, year")
        ]

    def test_a_number_is_no_title(self) -> None:
        (record,) = of([{"type": "article-journal", "title": 5, "DOI": "10.5555/x", "volume": 7}])
        assert record.bibliography is not None
        assert (record.bibliography.title, record.bibliography.volume) == (None, "7")
        assert [(problem.severity, problem.field) for problem in record.problems] == [("notice", "title")]
