"""Study documents and small changes to them, as people make them: for tests of differences and merges."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from app.formats.document_differences import FieldDifference
from app.schemas.study import StudyDocument
from app.vocabulary import FieldChange
from tests.factories import a_body, a_result

Json = dict[str, Any]
NAMES = ("Muster A", "Beispiel B", "Probe C", "Haller H", "Muster A")
TIMEPOINTS = (4.0, 8.0, 12.0, 26.0)


def document(**overrides: Any) -> StudyDocument:
    return StudyDocument.model_validate(a_body(**overrides))


def results() -> st.SearchStrategy[list[Json]]:
    mean = st.sampled_from((30.0, 31.5, 40.0))
    return st.lists(
        st.builds(
            lambda timepoint, value, outcome: a_result(
                timepoint_weeks=timepoint, outcome=outcome, treatment={"n": 60, "mean": value, "sd": 20.0}
            ),
            st.sampled_from(TIMEPOINTS),
            mean,
            st.sampled_from(("pain-intensity", "disability")),
        ),
        max_size=5,
    )


def judgements() -> st.SearchStrategy[list[Json]]:
    return st.lists(
        st.builds(
            lambda overall, outcome, domains: {
                "tool": "rob-2", "overall": overall, "outcome": outcome, "domains": domains, "judged_by": "two", "source": "text",
            },
            st.sampled_from(("low", "high")),
            st.sampled_from((None, "pain-intensity", "disability")),
            st.dictionaries(st.sampled_from(("a/b", "c~d", "e")), st.sampled_from(("x", "y")), max_size=3),
        ),
        max_size=3,
    )  # fmt: skip


def documents() -> st.SearchStrategy[StudyDocument]:
    """Documents that share much, so that two of them look like two versions of one."""
    return st.builds(
        document,
        title=st.sampled_from(("A trial", "A trial, corrected")),
        authors=st.lists(st.sampled_from(NAMES), max_size=6),
        year=st.sampled_from((None, 2020, 2021)),
        conditions=st.lists(st.sampled_from(("neck-pain", "migraine", "tinnitus")), unique=True),
        results=results(),
        risk_of_bias=judgements(),
        n_randomised=st.sampled_from((None, 120, 130)),
        n_analysed=st.sampled_from((None, 110, 120)),
        adverse_events=st.sampled_from(({"reported": False}, {"reported": True, "serious": 0}, {"reported": True, "text": "none"})),
        synthesis=st.sampled_from((None, {"n_studies": 3}, {"n_studies": 4, "included": ["a-2020", "b-2021"]})),
    )


def apply_differences(before: Json, differences: Sequence[FieldDifference]) -> Json:
    """What `document_differences` says a reader can do with them."""
    after = copy.deepcopy(before)
    gone = [one for one in differences if one.change is FieldChange.REMOVED]
    places = _places_of_what_stays(before, gone)
    for one in reversed(gone):
        holder, step = _holder(after, one.pointer)
        del holder[step]
    for one in differences:
        holder, step = _holder(after, one.pointer)
        match one.change:
            case FieldChange.REORDERED:
                was = holder[step]
                left = places[one.pointer]
                assert one.before == left
                holder[step] = [was[left.index(place)] for place in one.after]
            case FieldChange.ADDED if isinstance(holder, list):
                holder.insert(step, one.after)
            case FieldChange.ADDED | FieldChange.CHANGED:
                holder[step] = one.after
    return after


def _places_of_what_stays(before: Json, gone: Sequence[FieldDifference]) -> dict[str, list[int]]:
    removed = {one.pointer for one in gone}
    lists = {f"/{name}": value for name, value in before.items() if isinstance(value, list)}
    lists |= {"/synthesis/included": (before["synthesis"] or {}).get("included", [])}
    return {way: [place for place in range(len(value)) if f"{way}/{place}" not in removed] for way, value in lists.items()}


def _holder(root: Any, pointer: str) -> tuple[Any, Any]:
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    for step in steps[:-1]:
        root = root[int(step) if isinstance(root, list) else step]
    return root, int(steps[-1]) if isinstance(root, list) else steps[-1]


def changed(base: StudyDocument, change: Callable[[Json], None]) -> StudyDocument:
    """The document after somebody's hand went over it."""
    body = base.model_dump(mode="json")
    change(body)
    return StudyDocument.model_validate(body)
