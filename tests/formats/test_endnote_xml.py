from app.formats.sniff import FileFormat
from app.vocabulary import Design
from tests.formats.bibliographies import SAMPLES, read


class TestSample:
    def test_styled_text_is_joined(self) -> None:
        (record,) = read(FileFormat.ENDNOTE_XML, (SAMPLES / "endnote.xml").read_bytes())
        study = record.bibliography
        assert study is not None
        assert study.title == "Temporomandibular pain after gentle treatment"
        assert study.authors == ["Vogel K", "O'Neil PJ"]
        assert (study.journal, study.year, study.volume, study.issue, study.pages) == ("Jaw Examples", 2014, "4", "1", "55-61")
        assert (study.doi, study.pmid, study.pmcid) == ("10.5555/jaw.2014.55", "24999909", "PMC3999909")
        assert study.design is Design.RANDOMISED_TRIAL
        assert study.keywords == ["Temporomandibular Joint Disorders"]

    def test_an_accession_number_of_another_database_is_no_pubmed_id(self) -> None:
        content = (SAMPLES / "endnote.xml").read_bytes().replace(b">Medline<", b">Embase<")
        (record,) = read(FileFormat.ENDNOTE_XML, content)
        assert record.bibliography is not None
        assert record.bibliography.pmid is None
