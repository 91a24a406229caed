import pytest

from app.formats.bibtex import write_bibtex
from app.formats.latex import from_latex, from_verbatim, to_latex
from app.formats.read_record import ReadRecord
from app.formats.sniff import FileFormat
from app.schemas.bibliography import Bibliography
from app.vocabulary import PublicationStatus
from tests.formats.bibliographies import SAMPLES, read


def bibliography(record: ReadRecord) -> Bibliography:
    assert record.bibliography is not None
    return record.bibliography


def of_text(text: str) -> list[ReadRecord]:
    return read(FileFormat.BIBTEX, text.encode())


class TestZotero:
    def test_an_article_and_a_thesis(self) -> None:
        article, thesis = map(bibliography, read(FileFormat.BIBTEX, (SAMPLES / "zotero.bib").read_bytes()))
        assert article.title == "Craniosacral treatment for chronic neck pain: A randomised trial with 50% & more"
        assert article.authors == ["Lindqvist M", "Óskarsdóttir ÞB", "van der Meer JW", "Neck Pain Group"]
        assert article.journal == "Journal of Pain Examples"
        assert (article.doi, article.pmid, article.pmcid) == ("10.5555/jpe.2018_0412", "29999901", "PMC5999901")
        assert (article.abstract, article.pages) == ("Pain fell (p < 0.05).", "201-209")
        assert (thesis.publication_types, thesis.publication_status) == (["Thesis"], PublicationStatus.THESIS)


class TestGoogleScholar:
    def test_knows_no_identifier_and_cuts_long_lists_of_authors(self) -> None:
        records = read(FileFormat.BIBTEX, (SAMPLES / "google_scholar.bib").read_bytes())
        article, thesis, paper = map(bibliography, records)
        assert article.authors == ["Lindqvist M", "Óskarsdóttir ÞB", "van der Meer JW"]
        assert [problem.detail for problem in records[0].problems] == ["the list of authors ends in `and others`"]
        assert (article.doi, article.year, article.pages) == (None, 2018, "201-209")
        assert (thesis.title, thesis.publication_status) == ("Hands-on treatment of tension-type headache", PublicationStatus.THESIS)
        assert paper.journal == "Congress of Imagined Paediatrics"


class TestLatex:
    def setup_method(self) -> None:
        self.records = read(FileFormat.BIBTEX, (SAMPLES / "latex.bib").read_bytes())

    def test_is_decoded_and_pieces_are_joined(self) -> None:
        study = bibliography(self.records[0])
        assert study.title == "Über die sanfte Berührung — p < 0.05"
        assert study.authors == ["Sørensen KL", "Álvarez J", "van Beispiel L", "Smith J Jr"]
        assert (study.journal, study.pmid) == ("Congress of Invention", "28111111")

    def test_an_entry_that_is_not_closed_costs_only_itself(self) -> None:
        broken, after = self.records[1:]
        assert broken.bibliography is None
        assert (broken.line, broken.problems[0].severity) == (14, "error")
        assert bibliography(after).title == "The entry after the broken one"
        assert [problem.field for problem in after.problems] == ["year", "author"]

    @pytest.mark.parametrize(
        ("latex", "text"),
        [
            (r"M{\"u}ller", "Müller"),
            ("50% of patients", "50% of patients"),
            ("a cost of $5 a day", "a cost of $5 a day"),
            (r"\textit{p} {\textless} 0.05", "p < 0.05"),
            ("{COX}-2  in\n{DNA}", "COX-2 in DNA"),
            (r"\href{broken", r"\href{broken"),
        ],
    )
    def test_of_one_field(self, latex: str, text: str) -> None:
        assert from_latex(latex) == text

    def test_identifiers_are_taken_as_they_stand(self) -> None:
        assert from_verbatim(r"10.1002/(sici)1\_2~3%4") == "10.1002/(sici)1_2~3%4"

    @pytest.mark.parametrize("text", ["a--b", "``x''", "¿?`", r"C:\new {x} $5 50% #1 a_b ~ ^ &"])
    def test_of_special_signs_is_read_back(self, text: str) -> None:
        assert from_latex(to_latex(text)) == text


class TestFrame:
    def test_an_entry_cut_off_at_the_end_is_reported(self) -> None:
        first, second = of_text("@article{a, title={One}}\n@article{b, title={Tw")
        assert bibliography(first).title == "One"
        assert "cut off" in second.problems[0].detail

    def test_of_a_field_that_stands_twice_the_first_counts(self) -> None:
        (record,) = of_text("@article{a, title={One}, title={Two}}")
        assert bibliography(record).title == "One"
        assert "title" in record.problems[0].detail

    def test_comments_and_text_between_entries_are_passed_over(self) -> None:
        assert len(of_text("hello\n@comment{x}\n@preamble{y}\n@misc{a, title={One}}\n@Comment{z")) == 1

    def test_two_entries_may_stand_on_one_line(self) -> None:
        assert [bibliography(record).title for record in of_text("@misc{a, title={One}} @misc(b, title={Two})")] == ["One", "Two"]


class TestWrite:
    def test_keys_differ_where_author_and_year_do_not(self) -> None:
        study = Bibliography(title="One", authors=["Müller J"], year=2019)
        text = "".join(write_bibtex([study, study]))
        assert "@misc{mller2019-1," in text
        assert "@misc{mller2019-2," in text
