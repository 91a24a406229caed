import pytest

from app.formats.author_names import family_first, name_parts, read_name, read_names, with_comma
from app.formats.sniff import FileFormat
from tests.formats.bibliographies import read

ENDNOTE = (
    "<xml><records><record><titles><title>A trial</title></titles><contributors><authors><author>{}</author></authors></contributors>"
    "</record></records></xml>"
)


class TestReadName:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("Haller, Heidemarie", "Haller H"),
            ("Haller,H.", "Haller H"),
            ("Laurent, Romy Marie", "Laurent RM"),
            ("Meer, Jan-Willem van der", "van der Meer JW"),
            ("Smith, J., Jr.", "Smith J Jr"),
            ("Smith, Jr, John", "Smith J Jr"),
            ("Haller H.", "Haller H"),
            ("Berg A.-K.", "Berg AK"),
            ("Doe J Jr.", "Doe J Jr"),
            ("Cochrane Pain Group", "Cochrane Pain Group"),
            ("Neck, Back and Hip Group", "Neck, Back and Hip Group"),
            ("SMITH, JOHN", "SMITH J"),
            ("SMITH, JOHN ALAN", "SMITH JA"),
            ("SMITH, JTB", "SMITH JTB"),
            ("Smith, John, Doe, Ann", "Smith, John, Doe, Ann"),
            ("Smith J, et al.", "Smith J, et al."),
            ("Haller H, Lauche R", "Haller H, Lauche R"),
            ("Haller H, Jr", "Haller H Jr"),
            ("王, 小明", "王 小明"),
            ("  ", ""),
        ],
    )
    def test_gives_the_one_form(self, text: str, name: str) -> None:
        assert read_name(text) == name


class TestNameParts:
    @pytest.mark.parametrize(
        ("name", "parts"),
        [
            ("Haller H", ("Haller", "H", "")),
            ("Di Mattia L", ("Di Mattia", "L", "")),
            ("Smith JA Jr", ("Smith", "JA", "Jr")),
            ("Cochrane Pain Group", None),
            ("Plato", None),
        ],
    )
    def test_tell_people_from_groups(self, name: str, parts: tuple[str, str, str] | None) -> None:
        assert name_parts(name) == parts

    def test_make_the_form_with_commas(self) -> None:
        assert [with_comma(name) for name in ("Haller H", "Smith JA Jr", "Pain Group")] == ["Haller, H", "Smith, JA, Jr", "Pain Group"]

    def test_are_put_together_again(self) -> None:
        assert family_first("Smith", "JA", "Jr") == "Smith JA Jr"


class TestReadNames:
    @pytest.mark.parametrize(
        ("cell", "names"),
        [
            ("Haller, Heidi; Laurent, Romy", ["Haller H", "Laurent R"]),
            ("Haller H, Laurent RM", ["Haller H", "Laurent RM"]),
            ("Haller, Heidi", ["Haller H"]),
            ("Haller H.; Berg A.-K.;", ["Haller H", "Berg AK"]),
            ("", []),
            ("Smith, J. & Doe, A.", ["Smith J", "Doe A"]),
            ("Smith, J.|Doe, A.", ["Smith J", "Doe A"]),
            ("Smith, John and Doe, Ann", ["Smith J", "Doe A"]),
            ("Haller H, Lauche R and Cramer HJ", ["Haller H", "Lauche R", "Cramer HJ"]),
            ("Smith, J., Doe, A. B., & Roe, C.", ["Smith J", "Doe AB", "Roe C"]),
            ("Smith J, et al.", ["Smith J", "et al."]),
            ("Garcia Lopez, Maria Jose; Smith, A.", ["Garcia Lopez MJ", "Smith A"]),
            ("van der Meer, Jan Willem", ["van der Meer JW"]),
            ("Neck, Back and Hip Group", ["Neck, Back and Hip Group"]),
            ("Smith, John, Jr.", ["Smith J Jr"]),
        ],
    )
    def test_of_a_cell(self, cell: str, names: list[str]) -> None:
        assert read_names(cell) == (names, [])

    @pytest.mark.parametrize(
        "cell",
        [
            *("John Smith, Mary Jones", "Smith, John, Doe, Ann", "Smith J, Doe", "John Smith and Mary Jones"),
            *("Smith J and the ABC Study Group", "Anna Muster, Ben Beispiel, Carla Cero"),
        ],
    )
    def test_that_are_not_clear_stay_as_they_stand_and_are_told(self, cell: str) -> None:
        assert read_names(cell) == ([cell], [cell])


class TestDoubt:
    """A text that may name several people stays as it stands, with a notice, whatever the format."""

    @pytest.mark.parametrize(
        ("file_format", "file"),
        [
            (FileFormat.RIS, "TY  - JOUR\nTI  - A trial\nAU  - {}\nER  - \n"),
            (FileFormat.RIS, "TY  - JOUR\nTI  - A trial\nA1  - {}\nER  - \n"),
            (FileFormat.NBIB, "PMID- 1\nTI  - A trial\nFAU - {}\nSO  - Pain.\n"),
            (FileFormat.NBIB, "PMID- 1\nTI  - A trial\nAU  - {}\nSO  - Pain.\n"),
            (FileFormat.BIBTEX, "@article{{a, title = {{A trial}}, author = {{{}}}}}\n"),
            (FileFormat.CSL_JSON, '[{{"title": "A trial", "author": [{{"literal": "{}"}}]}}]'),
            (FileFormat.CSL_JSON, '[{{"title": "A trial", "author": [{{"name": "{}"}}]}}]'),
            (FileFormat.ENDNOTE_XML, ENDNOTE),
        ],
    )
    @pytest.mark.parametrize("text", ["Smith J; Doe A", "Smith, John; Doe, Ann", "Smith J, Doe A"])
    def test_is_told(self, file_format: FileFormat, file: str, text: str) -> None:
        (record,) = read(file_format, file.format(text).encode())
        assert record.bibliography is not None
        assert record.bibliography.authors == [text]
        assert f"{text!r} may be several names, and stays as it stands" in [problem.detail for problem in record.problems]

    @pytest.mark.parametrize("text", ["Smith J", "Cochrane Pain Group", "Neck, Back and Hip Group"])
    def test_is_not_told_of_one(self, text: str) -> None:
        (record,) = read(FileFormat.CSL_JSON, f'[{{"title": "A trial", "author": [{{"literal": "{text}"}}]}}]'.encode())
        assert [problem for problem in record.problems if "several names" in problem.detail] == []

    def test_a_group_of_crossref_is_no_person(self) -> None:
        (record,) = read(FileFormat.CSL_JSON, b'[{"title": "A trial", "author": [{"name": "World Health Organization, Geneva"}]}]')
        assert record.bibliography is not None
        assert record.bibliography.authors == ["World Health Organization, Geneva"]
