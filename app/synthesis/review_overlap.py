"""How much published reviews rest on the same primary studies, from the matrix of which review includes which study.

Corrected covered area: CCA = (N - r) / (r c - r), with N inclusions, r studies (each counted once) and c reviews
(Pieper 2014, doi 10.1016/j.jclinepi.2013.11.007); up to 5 % is slight, up to 10 % moderate, up to 15 % high, above that very high overlap.
A study published after a review cannot be in it. Those cells are structural zeros, and the adjusted CCA = (N - r) / (r c - r - X) leaves
X of them out (Bracchiglione 2022, doi 10.1002/jrsm.1557). A year says no month: a study of the review's own year is no structural zero, nor
is one of an unknown year.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from app.synthesis.not_computed import NotComputed
from app.vocabulary import InclusionCell, OverlapBand

BANDS = ((0.05, OverlapBand.SLIGHT), (0.10, OverlapBand.MODERATE), (0.15, OverlapBand.HIGH))
"""The upper limit of each band, itself included (Pieper 2014)."""
DIGITS = 6


@dataclass(frozen=True, slots=True)
class ReviewColumn:
    """A published review with the keys of the primary studies it includes."""

    key: str
    year: int | None
    included: frozenset[str]


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A primary study that at least one of the reviews includes."""

    key: str
    year: int | None


@dataclass(frozen=True, slots=True)
class Overlap:
    """`adjusted` leaves structural zeros out of what could have been included."""

    reviews: int
    studies: int
    inclusions: int
    structural_zeros: int
    cca: float
    band: OverlapBand
    adjusted: float
    adjusted_band: OverlapBand


@dataclass(frozen=True, slots=True)
class PairOverlap:
    one: str
    other: str
    shared: int
    overlap: Overlap | NotComputed


def cell_of(review: ReviewColumn, study: StudyRow) -> InclusionCell:
    """Included; not, though it could have been; or published after the review."""
    if study.key in review.included:
        return InclusionCell.INCLUDED
    if review.year is not None and study.year is not None and study.year > review.year:
        return InclusionCell.PUBLISHED_LATER
    return InclusionCell.NOT_INCLUDED


def measure_overlap(reviews: Sequence[ReviewColumn], studies: Iterable[StudyRow]) -> Overlap | NotComputed:
    """The CCA of these reviews over the studies that at least one of them includes; the other studies do not count."""
    rows = [study for study in studies if any(study.key in review.included for review in reviews)]
    if len(reviews) < 2:
        return NotComputed("overlap needs two reviews whose included studies are known")
    if not rows:
        return NotComputed("no study is known to be included in any of the reviews")
    cells = [cell_of(review, row) for row in rows for review in reviews]
    inclusions = cells.count(InclusionCell.INCLUDED)
    later = cells.count(InclusionCell.PUBLISHED_LATER)
    repeated, room = inclusions - len(rows), len(rows) * len(reviews) - len(rows)
    if room == later:
        return NotComputed("every study was published after all reviews but the one that includes it")
    cca, adjusted = repeated / room, repeated / (room - later)
    return Overlap(
        reviews=len(reviews),
        studies=len(rows),
        inclusions=inclusions,
        structural_zeros=later,
        cca=round(cca, DIGITS),
        band=band_of(cca),
        adjusted=round(adjusted, DIGITS),
        adjusted_band=band_of(adjusted),
    )


def measure_pairs(reviews: Sequence[ReviewColumn], studies: Sequence[StudyRow]) -> list[PairOverlap]:
    """The CCA of every two reviews: shared over all studies of the two, where nothing is a structural zero."""
    return [
        PairOverlap(one.key, other.key, _shared(one, other, studies), measure_overlap([one, other], studies))
        for one, other in combinations(reviews, 2)
    ]


def band_of(share: float) -> OverlapBand:
    return next((band for limit, band in BANDS if share <= limit), OverlapBand.VERY_HIGH)


def _shared(one: ReviewColumn, other: ReviewColumn, studies: Sequence[StudyRow]) -> int:
    return sum(study.key in one.included and study.key in other.included for study in studies)
