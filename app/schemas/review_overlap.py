"""Published reviews of one question: what each includes, how much they overlap, whether they agree with the rating."""

from pydantic import Field

from app.schemas.base import Shape
from app.schemas.meta import Meta
from app.schemas.rating import PublishedReview
from app.vocabulary import Certainty, CertaintyComparison, Finding, InclusionCell, OverlapBand, PublicationStatus


class ReviewInOverlap(PublishedReview):
    certainty_comparison: CertaintyComparison = Field(description="The review's certainty beside the rating's, where it states a level.")
    certainty_reason: str
    in_matrix: bool
    included_here: list[str] = Field(description="Keys of the accepted studies on this condition that it is known to include.")
    included_elsewhere: int = Field(description="Recorded as included, but not on this condition, or not accepted here.")
    included_not_recorded: int | None = Field(description="Studies that its authors count and that are not recorded; null: not known.")
    included_complete: bool | None
    includes_retracted: list[str] = Field(description="Keys of studies that it includes and that were retracted.")


class InclusionOfStudy(Shape):
    review: str
    cell: InclusionCell


class NamedStudy(Shape):
    id: str
    key: str
    label: str
    title: str
    year: int | None
    href: str


class StudyInMatrix(NamedStudy):
    publication_status: PublicationStatus
    cells: list[InclusionOfStudy] = Field(description="One for each review of the matrix, in one order for all studies: the oldest first.")


class UnreviewedStudy(NamedStudy):
    newer_than_all_reviews: bool | None = Field(description="By year; null where a year is unknown.")


class ReviewOverlap(Shape):
    """Corrected covered area (Pieper 2014); `adjusted` without the cells of studies published after a review. Null with its `reason`."""

    reviews: int | None
    studies: int | None
    inclusions: int | None
    structural_zeros: int | None
    cca: float | None
    band: OverlapBand | None
    adjusted: float | None
    adjusted_band: OverlapBand | None
    reason: str | None = Field(description="Why there is no number.")


class PairwiseOverlap(Shape):
    reviews: list[str]
    shared: int
    overlap: ReviewOverlap


class ReviewOverlapAnswer(Shape):
    condition: str
    intervention: str
    certainty: Certainty = Field(description="Of the rating that the reviews are compared with.")
    direction: Finding | None
    reviews: list[ReviewInOverlap]
    studies: list[StudyInMatrix]
    overlap: ReviewOverlap
    pairwise: list[PairwiseOverlap]
    not_in_any_review: list[UnreviewedStudy] = Field(description="Eligible studies of the rating that no review is known to include.")
    caveats: list[str]
    meta: Meta
