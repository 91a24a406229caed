import pytest

from app.sources.record import bibliography_of, registrations_in, valid_registrations


class TestBibliographyOf:
    def test_what_validates_stays(self) -> None:
        found, remarks = bibliography_of({"title": "T", "year": 2020, "doi": "10.5555/X", "authors": []})
        assert (found.title, found.year, found.doi, remarks) == ("T", 2020, "10.5555/x", [])

    def test_an_identifier_that_does_not_is_dropped_and_named(self) -> None:
        found, remarks = bibliography_of({"title": "T", "doi": "doi pending", "pmid": "PMC5", "pmcid": "PMC5"})
        assert (found.title, found.doi, found.pmid, found.pmcid) == ("T", None, None, "PMC5")
        assert [remark.split(" was dropped")[0] for remark in remarks] == ["doi", "pmid"]

    def test_of_a_list_only_the_entry_is_dropped(self) -> None:
        given = {"authors": ["A B", "x" * 2000, "C D"]}
        found, remarks = bibliography_of(given)
        assert found.authors == ["A B", "C D"]
        assert len(remarks) == 1
        assert len(remarks[0]) < 1000
        assert len(given["authors"]) == 3

    def test_a_list_that_is_too_long_is_dropped_as_a_whole(self) -> None:
        found, remarks = bibliography_of({"authors": ["A B"] * 5001})
        assert found.authors == []
        assert remarks


class TestRegistrations:
    def test_are_normalised_and_told_once(self) -> None:
        numbers, dropped = valid_registrations(["nct04826302", "NCT04826302", "ISRCTN 12345678", "GenBank AB1"])
        assert numbers == ["NCT04826302", "ISRCTN12345678"]
        assert len(dropped) == 1

    @pytest.mark.parametrize(
        ("text", "numbers"),
        [
            ("Registered (NCT04826302).", ["NCT04826302"]),
            ("NCT 04826302; again NCT04826302; PROSPERO CRD42016043838", ["NCT04826302", "CRD42016043838"]),
            ("ISRCTN12345678, ACTRN12612000123456, DRKS00012345", ["ISRCTN12345678", "ACTRN12612000123456", "DRKS00012345"]),
            ("CTRI/2019/05/019183 and IRCT20180101N1", ["CTRI/2019/05/019183", "IRCT20180101N1"]),
            ("NL 5 patients, NTR 12, XNCT04826302, NCT0482630", []),
            (None, []),
        ],
    )
    def test_are_found_in_text_where_nothing_else_can_be_meant(self, text: str | None, numbers: list[str]) -> None:
        assert registrations_in(text) == numbers
