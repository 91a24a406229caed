"""Versions of a study document beside each other: what differs, what is in conflict, and how a person decides."""

from typing import Any, Self

from pydantic import ConfigDict, Field, model_validator

from app.schemas.base import Ordinal, Pointer, Shape, Text
from app.schemas.departure import AdjudicationFollowed
from app.schemas.study_writing import PreviewAnswer
from app.vocabulary import FieldChange, RevisionStatus, Side

MAX_RESOLUTIONS = 5000


class Difference(Shape):
    """One field, or one entry of a list, that differs.

    `pointer` leads into the later document; that of a removed entry, into the earlier one. Entries of lists are matched by what they are
    about. `reordered` gives the places in the earlier list of what stayed in it: as they were, and in their new order.
    """

    pointer: str
    change: FieldChange
    before: Any = Field(description="Null of what was added.")
    after: Any = Field(description="Null of what was removed.")


class DifferencesAnswer(Shape):
    """What a revision says otherwise than another one; in the order of the document."""

    study: str
    revision: int
    against: int | None = Field(description="Null: against nothing, as the first revision of a record.")
    differences: list[Difference]


class EditConflictItem(Shape):
    """A field that the draft and the accepted revision changed in different ways; null where an entry is not there.

    `pointer` leads into the merged document, in which the draft's value stands wherever nobody has decided yet.
    """

    pointer: str
    base: Any
    theirs: Any = Field(description="In the revision that is accepted now.")
    mine: Any = Field(description="In the draft.")
    detail: str


class ResolutionItem(Shape):
    """What a person decides for one member of the merged document: a side to take it from, or a value."""

    pointer: Pointer
    take: Side | None = None
    value: Any = Field(default=None, description="Instead of `take`; null is a value.")

    @model_validator(mode="after")
    def says_one_of_two(self) -> Self:
        if (self.take is not None) == ("value" in self.model_fields_set):
            raise ValueError("give either `take` or `value`")
        return self


class RebaseRequest(Shape):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"onto": 3, "resolutions": [{"pointer": "/year", "take": "theirs"}, {"pointer": "/notes", "value": None}]}]
        }
    )
    onto: Ordinal | None = Field(default=None, description="The accepted revision that the resolutions were made for.")
    resolutions: list[ResolutionItem] = Field(default_factory=list, max_length=MAX_RESOLUTIONS)


class RevisionWithdrawal(Shape):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The same trial was entered twice."}]})
    reason: Text
    revision: Ordinal | None = Field(default=None, description="The newest of your own that waits, unless this says which.")


class RevisionPreview(PreviewAnswer):
    """What accepting a revision as it stands would do; nothing was written.

    Where another revision was accepted since this one was drafted (`base_moved`), accepting is refused until it is rebased: `moved` says
    what changed meanwhile, and the ratings are those of the rebased document, none if there are `conflicts`.
    """

    study: str
    revision: int
    revision_status: RevisionStatus
    base_revision: int | None
    live_revision: int | None
    base_moved: bool
    moved: list[Difference]
    conflicts: list[EditConflictItem]
    followed: AdjudicationFollowed | None = Field(
        description="Null where it came of no adjudication. Where it did: each figure that is not the one decided there."
    )
