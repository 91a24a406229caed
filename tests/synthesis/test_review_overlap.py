import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis.not_computed import NotComputed
from app.synthesis.review_overlap import Overlap, ReviewColumn, StudyRow, band_of, cell_of, measure_overlap, measure_pairs
from app.vocabulary import InclusionCell, OverlapBand

A, B, C = StudyRow("a", 2010), StudyRow("b", 2012), StudyRow("c", 2019)


def review(key: str, *included: str, year: int | None = 2020) -> ReviewColumn:
    return ReviewColumn(key, year, frozenset(included))


class TestMeasureOverlap:
    def test_counts_each_study_once_and_every_further_inclusion_against_what_could_have_been(self) -> None:
        found = measure_overlap([review("x", "a", "b", "c"), review("y", "a", "b"), review("z", "a")], [A, B, C])
        assert isinstance(found, Overlap)
        assert (found.reviews, found.studies, found.inclusions, found.structural_zeros) == (3, 3, 6, 0)
        assert found.cca == found.adjusted == 0.5  # (6 - 3) / (3 * 3 - 3)
        assert found.band is OverlapBand.VERY_HIGH

    def test_a_study_published_after_a_review_is_left_out_of_the_adjusted_share(self) -> None:
        found = measure_overlap([review("old", "a", "b", year=2013), review("new", "a", "c")], [A, B, C])
        assert isinstance(found, Overlap)
        assert (found.inclusions, found.structural_zeros) == (4, 1)
        assert found.cca == pytest.approx(1 / 3, abs=1e-6)
        assert found.adjusted == 0.5  # (4 - 3) / (3 * 2 - 3 - 1)

    def test_no_study_shared_is_no_overlap(self) -> None:
        found = measure_overlap([review("x", "a"), review("y", "b")], [A, B])
        assert isinstance(found, Overlap)
        assert (found.cca, found.band) == (0.0, OverlapBand.SLIGHT)

    def test_studies_of_no_review_do_not_count(self) -> None:
        two = [review("x", "a", "b"), review("y", "a")]
        assert measure_overlap(two, [A, B]) == measure_overlap(two, [A, B, C])

    @pytest.mark.parametrize("reviews", [[], [review("x", "a")]])
    def test_one_review_overlaps_with_none(self, reviews: list[ReviewColumn]) -> None:
        assert isinstance(measure_overlap(reviews, [A]), NotComputed)

    def test_reviews_of_nothing_known_are_not_measured(self) -> None:
        assert isinstance(measure_overlap([review("x"), review("y")], [A]), NotComputed)

    def test_where_nothing_could_be_shared_there_is_no_share(self) -> None:
        found = measure_overlap([review("old", year=2005), review("new", "a", "b")], [A, B])
        assert isinstance(found, NotComputed)
        assert "published after" in found.reason

    @given(st.lists(st.frozensets(st.sampled_from("abcdef")), min_size=2, max_size=6))
    def test_a_share_lies_between_none_and_all_and_never_falls_by_leaving_cells_out(self, included: list[frozenset[str]]) -> None:
        reviews = [ReviewColumn(str(place), 2008 + place, keys) for place, keys in enumerate(included)]
        studies = [StudyRow(key, 2007 + place) for place, key in enumerate("abcdef")]
        found = measure_overlap(reviews, studies)
        if isinstance(found, Overlap):
            assert 0 <= found.cca <= found.adjusted <= 1
            assert found == measure_overlap(reviews[::-1], studies[::-1])


class TestPairs:
    def test_every_two_reviews_once(self) -> None:
        pairs = measure_pairs([review("x", "a", "b"), review("y", "a"), review("z", "c")], [A, B, C])
        assert [(pair.one, pair.other, pair.shared) for pair in pairs] == [("x", "y", 1), ("x", "z", 0), ("y", "z", 0)]
        shared = pairs[0].overlap
        assert isinstance(shared, Overlap)
        assert shared.cca == 0.5  # one of two


class TestCells:
    @pytest.mark.parametrize(
        ("year_of_review", "year_of_study", "cell"),
        [
            (2015, 2016, InclusionCell.PUBLISHED_LATER),
            (2015, 2015, InclusionCell.NOT_INCLUDED),
            (None, 2016, InclusionCell.NOT_INCLUDED),
            (2015, None, InclusionCell.NOT_INCLUDED),
        ],
    )
    def test_only_a_later_year_explains_an_absence(
        self, year_of_review: int | None, year_of_study: int | None, cell: InclusionCell
    ) -> None:
        assert cell_of(review("x", year=year_of_review), StudyRow("a", year_of_study)) is cell

    def test_what_is_included_is_included_whatever_the_years_say(self) -> None:
        assert cell_of(review("x", "a", year=2000), A) is InclusionCell.INCLUDED


class TestBands:
    @pytest.mark.parametrize(
        ("share", "band"),
        [
            (0.0, "slight"),
            (0.05, "slight"),
            (0.051, "moderate"),
            (0.10, "moderate"),
            (0.15, "high"),
            (0.1501, "very-high"),
            (1.0, "very-high"),
        ],
    )
    def test_their_upper_limits_belong_to_them(self, share: float, band: str) -> None:
        assert band_of(share) == band
