import pytest

from app.formats.languages import language_code, library_code
from app.formats.publication_types import meaning_of, type_names, words_of_bibtex, words_of_ris
from app.vocabulary import Design, PublicationStatus, StudyKind


class TestMeaning:
    @pytest.mark.parametrize(
        ("types", "kind", "design"),
        [
            (["Randomized Controlled Trial"], StudyKind.PRIMARY, Design.RANDOMISED_TRIAL),
            (["randomized controlled trial"], StudyKind.PRIMARY, Design.RANDOMISED_TRIAL),
            (["Systematic Review"], StudyKind.SYNTHESIS, Design.SYSTEMATIC_REVIEW),
            (["Systematic Review", "Meta-Analysis"], StudyKind.SYNTHESIS, Design.META_ANALYSIS),
            (["Practice Guideline"], StudyKind.GUIDELINE, Design.GUIDELINE),
            (["Case Reports"], StudyKind.PRIMARY, Design.CASE_REPORT),
            (["Controlled Clinical Trial"], StudyKind.PRIMARY, None),
            (["Clinical Trial", "Randomized Controlled Trial"], StudyKind.PRIMARY, Design.RANDOMISED_TRIAL),
            (["Randomized Controlled Trial", "Clinical Trial Protocol"], StudyKind.PRIMARY, None),
            (["Review"], None, None),
            (["Journal Article"], None, None),
            (["Case Reports", "Meta-Analysis"], None, None),
        ],
    )
    def test_of_fixed_terms(self, types: list[str], kind: StudyKind | None, design: Design | None) -> None:
        assert meaning_of(types)[:2] == (kind, design)

    def test_that_contradicts_itself_is_remarked_on(self) -> None:
        assert meaning_of(["Case Reports", "Meta-Analysis"]).remarks

    def test_a_retraction_counts_above_every_other_status(self) -> None:
        assert meaning_of(["Preprint", "Retracted Publication"]).status is PublicationStatus.RETRACTED


class TestNames:
    def test_an_article_of_a_database_is_no_preprint(self) -> None:
        names = type_names("Article")
        assert names is not None
        assert names.ris == "JOUR"

    @pytest.mark.parametrize(("code", "words"), [("JOUR", "Journal Article"), ("EJOUR", "Journal Article"), ("GEN", None), ("PAT", "PAT")])
    def test_of_ris(self, code: str, words: str | None) -> None:
        assert words_of_ris(code) == words

    @pytest.mark.parametrize(("entry", "words"), [("MastersThesis", "Thesis"), ("misc", None), ("patent", "patent")])
    def test_of_bibtex(self, entry: str, words: str | None) -> None:
        assert words_of_bibtex(entry) == words


class TestLanguages:
    @pytest.mark.parametrize("text", ["de", "ger", "deu", "German", "german", "de-AT", "de_CH", "DE"])
    def test_are_known_by_every_spelling(self, text: str) -> None:
        assert language_code(text) == "de"

    @pytest.mark.parametrize("text", ["und", "mul", "Klingonisch", ""])
    def test_that_are_unknown_are_none(self, text: str) -> None:
        assert language_code(text) is None

    def test_have_the_code_of_libraries(self) -> None:
        assert [library_code(code) for code in ("de", "fr", "en", "xyz")] == ["ger", "fre", "eng", "xyz"]
