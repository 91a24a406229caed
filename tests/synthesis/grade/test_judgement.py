import pytest

from app.synthesis.grade.judgement import DomainJudgement, people_in_words, percent, studies_in_words
from app.vocabulary import Concern, Domain


class TestDomainJudgement:
    @pytest.mark.parametrize(
        ("levels", "concern"),
        [
            (0, Concern.NO_CONCERN),
            (1, Concern.SERIOUS_CONCERN),
            (2, Concern.VERY_SERIOUS_CONCERN),
            (3, Concern.EXTREMELY_SERIOUS_CONCERN),
        ],
    )
    def test_levels_have_the_words_of_fhir(self, levels: int, concern: Concern) -> None:
        assert DomainJudgement(Domain.IMPRECISION, levels, "rule", "reason").concern is concern


class TestWords:
    def test_one_and_many(self) -> None:
        assert (studies_in_words(1), studies_in_words(2)) == ("1 study", "2 studies")
        assert (people_in_words(1), people_in_words(54)) == ("1 person", "54 people")
        assert percent(0.135) == "14 %"
