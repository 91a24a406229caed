import pytest

from app.sources.partial_date import from_citation, from_parts, written, year_of


class TestWritten:
    @pytest.mark.parametrize(
        ("parts", "text"),
        [
            ((2019, 12, 31), "2019-12-31"),
            ((2019, 12), "2019-12"),
            ((2019,), "2019"),
            ((2019, 2, 30), "2019-02"),
            ((2019, 13, 1), "2019"),
            ((2019, 0, 1), "2019"),
            ((2019, 12, 10**30), "2019-12"),
            ((None, 5, 1), None),
            ((0,), None),
        ],
    )
    def test_is_as_exact_as_the_parts(self, parts: tuple[int | None, ...], text: str | None) -> None:
        assert written(*parts) == text


class TestFromParts:
    @pytest.mark.parametrize(
        ("parts", "text"),
        [
            ({"date-parts": [[2019, 12, 31]]}, "2019-12-31"),
            ({"date-parts": [[2019]]}, "2019"),
            ({"date-parts": [[None]]}, None),
            ({"date-parts": [["2019"]]}, None),
            ({"date-parts": [[2019, True]]}, "2019"),
            ({"date-parts": []}, None),
            ({"date-parts": [[]]}, None),
            ({}, None),
            (None, None),
            ("2019", None),
        ],
    )
    def test_reads_crossrefs_form(self, parts: object, text: str | None) -> None:
        assert from_parts(parts) == text


class TestFromCitation:
    @pytest.mark.parametrize(
        ("text", "date"),
        [
            ("Lancet. 2010 Feb 6;375(9713):445", "2010-02-06"),
            ("Lancet. 2004 Mar;363:750", "2004-03"),
            ("Trials. 2012;13:1999", "2012"),
            ("J Invent Trials. 2001 Sep-Oct;1:1", "2001-09"),
            ("Trends 2000. 2012 May 1;3:4", "2012-05-01"),
            ("2010 Feb", "2010-02"),
            ("No date here", None),
            (None, None),
        ],
    )
    def test_finds_the_date(self, text: str | None, date: str | None) -> None:
        assert from_citation(text) == date


class TestYearOf:
    @pytest.mark.parametrize(
        ("text", "year"), [("2019-12-31", 2019), ("1998 Dec-1999 Jan", 1998), ("Summer 2001", 2001), ("n.d.", None), (None, None)]
    )
    def test_is_the_first(self, text: str | None, year: int | None) -> None:
        assert year_of(text) == year
