from app.formats.read_record import ReadRecord
from app.formats.ris import write_ris
from app.formats.sniff import FileFormat
from app.schemas.bibliography import Bibliography
from app.vocabulary import Design, PublicationStatus, StudyKind
from tests.formats.bibliographies import SAMPLES, read


def of_sample(name: str) -> list[ReadRecord]:
    return read(FileFormat.RIS, (SAMPLES / name).read_bytes())


def of_text(text: str) -> list[ReadRecord]:
    return read(FileFormat.RIS, text.encode())


def bibliography(record: ReadRecord) -> Bibliography:
    assert record.bibliography is not None
    return record.bibliography


class TestDialects:
    def test_zotero(self) -> None:
        article, thesis, paper = map(bibliography, of_sample("zotero.ris"))
        assert article.title == "Craniosacral treatment and usual care for chronic neck pain: A randomised trial"
        assert article.authors == ["Lindqvist M", "Óskarsdóttir ÞB", "van der Meer JW"]
        assert (article.pmid, article.pmcid, article.pages, article.language) == ("29999901", "PMC5999901", "201-209", "en")
        assert article.keywords == ["Humans", "Neck Pain", "Pain, Intractable"]
        assert (thesis.publication_status, thesis.publication_types, thesis.language) == (
            PublicationStatus.THESIS,
            ["Thesis", "PhD thesis"],
            "de",
        )
        assert (paper.publication_types, paper.journal) == (["Conference Paper"], "Congress of Imagined Paediatrics")

    def test_endnote_with_byte_order_mark_and_continued_lines(self) -> None:
        (record,) = of_sample("endnote.ris")
        study = bibliography(record)
        assert study.abstract == "In this trial of 60 people with migraine, attacks fell from 6.1 to 3.9 a month in the treatment group."
        assert study.keywords == ["Migraine Disorders", "Humans", "Randomized Controlled Trials as Topic"]
        assert (study.pmid, study.pmcid, study.pages, study.issue) == ("30111102", "PMC6111102", "e10021", "5")
        assert (study.kind, study.design) == (StudyKind.PRIMARY, Design.RANDOMISED_TRIAL)
        assert study.authors == ["Sørensen KL", "Smith J Jr", "Migraine Study Group"]

    def test_mendeley(self) -> None:
        study = bibliography(of_sample("mendeley.ris")[0])
        assert (study.year, study.issue, study.keywords) == (2016, "11-12", ["fibromyalgia", "sham control"])
        assert study.urls == ["https://doi.org/10.5555/air.2016.1120", "http://example.org/air/1120.pdf"]

    def test_refworks(self) -> None:
        article, note = map(bibliography, of_sample("refworks.ris"))
        assert (article.authors, article.doi, article.journal) == (["Novak P", "Horvat IM"], "10.5555/pl.2012.88", "Posture Letters")
        assert (note.publication_types, note.year) == ([], 2013)

    def test_embase_names_types_in_m3_and_authors_in_a1(self) -> None:
        article, abstract = map(bibliography, of_sample("embase.ris"))
        assert (article.authors, article.year, article.language) == (["Moreau C", "Da Silva JP"], 2020, "en")
        assert (article.journal, article.doi, article.pmid) == ("Imagined Archives of Paediatrics", "10.5555/iap.2020.77", None)
        assert article.abstract == "Crying fell by half an hour a day."
        assert (abstract.publication_status, abstract.pages) == (PublicationStatus.CONFERENCE_ABSTRACT, "A12")

    def test_ovid_has_lines_before_its_records_and_pubmed_ids_of_medline_only(self) -> None:
        medline, embase = of_sample("ovid.ris")
        assert medline.line == 5
        assert (bibliography(medline).pmid, bibliography(medline).volume) == ("31222203", "41")
        assert bibliography(embase).pmid is None
        assert [(problem.line, problem.field, problem.severity) for problem in embase.problems] == [(36, "DO", "notice")]

    def test_web_of_science_ends_with_a_line_of_the_file(self) -> None:
        (record,) = of_sample("web_of_science.ris")
        assert bibliography(record).publication_status is PublicationStatus.CONFERENCE_ABSTRACT
        assert bibliography(record).pages == "105"


class TestFrame:
    def test_a_record_without_its_end_is_read_and_reported(self) -> None:
        first, second = of_text("TY  - JOUR\nTI  - One\nTY  - JOUR\nTI  - Two\nER  - \n")
        assert bibliography(first).title == "One"
        assert "no ER line" in first.problems[0].detail
        assert second.problems == ()

    def test_a_record_without_a_type_does_not_vanish(self) -> None:
        (record,) = of_text("TI  - One\nAU  - Doe, J\nER  - \n")
        assert bibliography(record).title == "One"
        assert "no TY line" in record.problems[0].detail

    def test_a_file_that_is_cut_off_says_so(self) -> None:
        (record,) = of_text("TY  - JOUR\nTI  - One\nAU  - Do")
        assert "cut off" in record.problems[0].detail
        assert bibliography(record).title == "One"

    def test_a_record_that_names_no_study_is_an_error_and_the_next_is_read(self) -> None:
        first, second = of_text("TY  - JOUR\nPY  - 2019\nER  - \nTY  - JOUR\nTI  - Two\nER  - \n")
        assert first.bibliography is None
        assert first.problems[0].severity == "error"
        assert (second.position, second.line, bibliography(second).title) == (2, 4, "Two")

    def test_a_doi_is_enough_to_name_a_study(self) -> None:
        (record,) = of_text("TY  - JOUR\nDO  - 10.5555/X\nER  - \n")
        assert bibliography(record).doi == "10.5555/x"


class TestFields:
    def test_a_year_that_lies_in_the_future_is_left_out_and_reported(self) -> None:
        (record,) = of_text("TY  - JOUR\nTI  - One\nPY  - 2099\nER  - \n")
        assert bibliography(record).year is None
        assert [problem.field for problem in record.problems] == ["year"]

    def test_a_second_doi_is_reported(self) -> None:
        (record,) = of_text("TY  - JOUR\nTI  - One\nDO  - 10.5555/a\nDO  - 10.5555/b\nER  - \n")
        assert bibliography(record).doi == "10.5555/a"
        assert record.problems[0].line == 4

    def test_an_author_list_under_both_tags_is_read_once(self) -> None:
        (record,) = of_text("TY  - JOUR\nTI  - One\nAU  - Doe, J\nA1  - Doe, J\nA1  - Roe, K\nER  - \n")
        assert bibliography(record).authors == ["Doe J", "Roe K"]

    def test_a_doi_stands_in_the_type_of_work_of_old_files(self) -> None:
        (record,) = of_text("TY  - JOUR\nTI  - One\nM3  - 10.5555/old\nER  - \n")
        assert (bibliography(record).doi, bibliography(record).publication_types) == ("10.5555/old", ["Journal Article"])


class TestWrite:
    def test_line_ends_and_frame_are_those_of_the_specification(self) -> None:
        text = "".join(write_ris([Bibliography(title="One", journal="Examples", pages="5-9")]))
        assert text == "TY  - JOUR\r\nTI  - One\r\nT2  - Examples\r\nSP  - 5\r\nEP  - 9\r\nER  - \r\n\r\n"


def test_entities_in_titles_and_journals_are_the_signs_that_they_stand_for() -> None:
    (record,) = of_text("TY  - JOUR\nTI  - Touch &amp; sleep: p &lt; 0.05, R&D &copy\nJO  - Manual &amp; Physical Therapy\nER  - \n")
    found = bibliography(record)
    assert (found.title, found.journal) == ("Touch & sleep: p < 0.05, R&D &copy", "Manual & Physical Therapy")
