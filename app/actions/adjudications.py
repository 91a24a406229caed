"""Adjudication: a third person decides every difference between two extractions; a draft of the record comes of it.

The draft goes the ordinary way: submitted, reviewed by somebody who had no hand in it, accepted or not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.actions import ledger
from app.actions.extractions import both_completed, extraction_of, row_pin, said_of
from app.actions.studies import amend_study, document_of, warnings_of
from app.actor import Actor
from app.errors import FieldDoubt, FieldProblem, InvalidBody, OwnSubmission, StateConflict
from app.formats.adjudicated_extraction import NotOneExtraction, adjudicate, taken_value
from app.formats.extraction_comparison import Comparison, Member, compare_extractions
from app.identifiers import uuid7
from app.models import Adjudication, DoubleExtraction, Study, StudyExtraction, StudyRevision
from app.models.base import utc_now
from app.queries.extractions import find_open_double_extraction
from app.queries.people import is_among
from app.queries.study_records import find_own_amendment, get_revision, shown_revision
from app.queries.vocabulary_check import load_known_slugs
from app.schemas.adjudication import AdjudicationRequest, DecisionRequest
from app.schemas.extraction import EXTRACTED_MEMBERS, Extraction, extracted_part, with_extraction
from app.schemas.study import StudyDocument
from app.vocabulary import AdjudicatedChoice, Extracted, ExtractedKind

Json = dict[str, Any]
Pair = tuple[Extraction, Extraction]
Places = Mapping[str, tuple[Member, Json]]
DRAFTED_BECAUSE = "Two extractions adjudicated"


@dataclass(frozen=True, slots=True)
class _Decided:
    """One difference as it was decided."""

    member: Member
    about: Json
    choice: AdjudicatedChoice
    taken: Any
    reason: str | None

    def as_json(self) -> Json:
        """It says all by itself, so that it can be read when the comparison is long past."""
        return {
            "pointer": self.member.pointer,
            "about": self.about,
            "first": self.member.first,
            "second": self.member.second,
            "choice": self.choice.value,
            "taken": self.taken,
            "reason": self.reason,
        }


def adjudicate_study(session: Session, study: Study, asked: AdjudicationRequest, *, by: Actor) -> Adjudication:
    """Decide every difference and draft the record with what was decided; refused to both extractors."""
    double = find_open_double_extraction(session, study)
    if double is None:
        raise StateConflict("no double extraction of this study is open")
    pair = both_completed(session, double)
    if is_among(session, by.id, [row.extractor for row in pair]):
        raise OwnSubmission("one of the two extractions is yours; a third person adjudicates")
    current = shown_revision(session, study)
    _refuse_beside_own_amendment(session, study, by)
    _refuse_moved_figures(session, study, double, current, asked)
    first, second = extraction_of(pair[0]), extraction_of(pair[1])
    comparison = compare_extractions(first, second)
    decided = _decide(comparison, (first, second), asked)
    made = adjudicate(first, second, comparison, {one.member.pointer: one.taken for one in decided})
    if isinstance(made, NotOneExtraction):
        errors = [_as_asked(asked, pointer, detail) for pointer, detail in made.problems]
        raise InvalidBody("what was decided does not fit together", errors=errors)
    document = with_extraction(document_of(current), made)
    _refuse_contradictions(session, document, by)
    revision = amend_study(session, study, document, by=by, base=study.live_revision, reason=DRAFTED_BECAUSE)
    return _store(session, study, double, pair, decided, revision, asked, by=by)


def _refuse_beside_own_amendment(session: Session, study: Study, by: Actor) -> None:
    """The adjudicated draft would take the place of the adjudicator's own."""
    own = find_own_amendment(session, study, by)
    if own is not None:
        raise StateConflict(f"revision {own.number}, which is {own.status}, is yours; submit it and have it decided, or withdraw it first")


def _refuse_moved_figures(
    session: Session, study: Study, double: DoubleExtraction, current: StudyRevision, asked: AdjudicationRequest
) -> None:
    """Figures that were accepted while two people extracted are not overwritten unseen: the adjudicator names the revision he read."""
    if asked.base_revision is not None and asked.base_revision != current.number:
        raise InvalidBody(
            f"revision {current.number} is the one that stands now", errors=[FieldProblem("/base_revision", f"should be {current.number}")]
        )
    if asked.base_revision is not None or current.number == double.base_revision:
        return
    before, now = (extracted_part(document_of(row)) for row in (get_revision(session, study, double.base_revision), current))
    moved = [name for name in EXTRACTED_MEMBERS if getattr(before, name) != getattr(now, name)]
    if moved:
        raise StateConflict(
            f"the record has moved from revision {double.base_revision} to {current.number} meanwhile, in {', '.join(moved)}; read it, and "
            f"name `base_revision` {current.number} to put the adjudicated figures in its place",
            errors=[FieldProblem(f"/{name}", "has changed since the extraction began") for name in moved],
            base_revision=double.base_revision,
            current_revision=current.number,
        )


def _refuse_contradictions(session: Session, document: StudyDocument, by: Actor) -> None:
    """What a submission would refuse in the figures is refused while it can still be decided otherwise."""
    decided = tuple(f"/{name}" for name in EXTRACTED_MEMBERS)
    warnings = warnings_of(session, document, load_known_slugs(session), reader=by)
    found = [problem for problem in warnings if problem.pointer.startswith(decided) and not isinstance(problem, FieldDoubt)]
    if found:
        said = "with these decisions the record could not be submitted; decide the members named otherwise, or mend the record first"
        errors = [FieldProblem("/decisions", f"{one.pointer} of the record made of them: {one.detail}", one.allowed) for one in found]
        raise InvalidBody(said, errors=errors)


def _decide(comparison: Comparison, rows: Pair, asked: AdjudicationRequest) -> list[_Decided]:
    """Every difference with what is taken; InvalidBody names whatever is wrong, and whatever was left undecided.

    An entry that both have can be decided as a whole: its members then have nothing left to decide.
    """
    members = {member.pointer: (member, about) for member, about in comparison.everything()}
    entries = _entries(comparison, *rows)
    problems = [*_faults(asked, members, entries)]
    if problems:
        raise InvalidBody("the decisions are not complete or do not fit the comparison", errors=problems)
    given = {decision.pointer: decision for decision in asked.decisions}
    decided = [_as_decided(*entries[pointer], decision) for pointer, decision in given.items() if pointer in entries]
    undecided = []
    for pointer, (member, about) in members.items():
        decision = given.get(pointer)
        if decision is None and not member.agrees and member.kind is ExtractedKind.WORDING and asked.wording is not None:
            decision = DecisionRequest(pointer=pointer, choice=asked.wording)
        if _entry_of(pointer) in given and _entry_of(pointer) in entries:
            continue
        if decision is not None:
            decided.append(_as_decided(member, about, decision))
        elif not member.agrees:
            undecided.append(pointer)
    if undecided:
        errors = [FieldProblem("/decisions", f"{pointer} is undecided: the two extractions differ in it") for pointer in undecided]
        raise InvalidBody(f"{len(undecided)} {'differences are' if len(undecided) > 1 else 'difference is'} undecided", errors=errors)
    return decided


def _as_decided(member: Member, about: Json, decision: DecisionRequest) -> _Decided:
    taken = taken_value(decision.choice, member.first, member.second, decision.value)
    return _Decided(member, about, decision.choice, taken, decision.reason)


def _entries(comparison: Comparison, first: Extraction, second: Extraction) -> Places:
    """Each entry that both have, as a whole; one that only one of them has is a member of the comparison itself."""
    one, other = first.model_dump(mode="json"), second.model_dump(mode="json")
    places = {}
    for name, entries in comparison.entries.items():
        for entry in entries:
            if entry.first is not None and entry.second is not None:
                ours, theirs = one[name][entry.first], other[name][entry.second]
                status = Extracted.AGREE if ours == theirs else Extracted.DIFFER
                places[entry.pointer] = (Member(entry.pointer, status, ExtractedKind.ENTRY, ours, theirs), entry.about)
    return places


def _entry_of(pointer: str) -> str:
    """The entry that a member belongs to: `/results/3` of `/results/3/treatment/sd`."""
    return "/".join(pointer.split("/")[:3])


def _faults(asked: AdjudicationRequest, members: Places, entries: Places) -> list[FieldProblem]:
    problems, seen = [], set()
    whole = {decision.pointer for decision in asked.decisions} & entries.keys()
    if asked.wording is AdjudicatedChoice.OTHER:
        problems.append(FieldProblem("/wording", "takes the first or the second throughout", ["first", "second"]))
    for number, decision in enumerate(asked.decisions):
        here, pointer = f"/decisions/{number}", decision.pointer
        if pointer not in members and pointer not in entries:
            problems.append(FieldProblem(f"{here}/pointer", "the comparison has no member at this place"))
        elif pointer in seen:
            problems.append(FieldProblem(f"{here}/pointer", "is decided twice"))
        elif pointer not in entries and _entry_of(pointer) in whole:
            problems.append(FieldProblem(f"{here}/pointer", f"belongs to {_entry_of(pointer)}, which is decided as a whole"))
        seen.add(pointer)
        if decision.choice is AdjudicatedChoice.OTHER and decision.reason is None:
            problems.append(FieldProblem(f"{here}/reason", "a value of your own needs its reason"))
        if decision.choice is not AdjudicatedChoice.OTHER and decision.value is not None:
            problems.append(FieldProblem(f"{here}/value", "belongs to the choice `other` alone"))
    return problems


def _as_asked(asked: AdjudicationRequest, place: str, detail: str) -> FieldProblem:
    """What is wrong at a place of the comparison, pointed at in the body that was sent."""
    for number, decision in enumerate(asked.decisions):
        if place == decision.pointer or place.startswith(f"{decision.pointer}/"):
            return FieldProblem(
                f"/decisions/{number}/{'value' if decision.choice is AdjudicatedChoice.OTHER else 'choice'}", f"{place}: {detail}"
            )
    return FieldProblem("/decisions", f"{place}: {detail}")


def _store(
    session: Session,
    study: Study,
    double: DoubleExtraction,
    pair: tuple[StudyExtraction, StudyExtraction],
    decided: list[_Decided],
    revision: StudyRevision,
    asked: AdjudicationRequest,
    *,
    by: Actor,
) -> Adjudication:
    moment = utc_now()
    row = Adjudication(
        id=str(uuid7()),
        double_extraction_id=double.id,
        study_id=study.id,
        first_id=pair[0].id,
        second_id=pair[1].id,
        base_revision=double.base_revision,
        revision=revision.number,
        document_sha256=ledger.hash_of(revision.document),
        decisions=ledger.canonical_json([one.as_json() for one in decided]),
        reason=asked.reason,
        adjudicator=by.id,
        made_at=moment,
        salt=ledger.new_salt(),
    )
    double.closed_at, double.closed_by = moment, by.id
    session.add(row)
    session.flush()
    _log(session, study, double, pair, row, by=by)
    return row


def _log(
    session: Session,
    study: Study,
    double: DoubleExtraction,
    pair: tuple[StudyExtraction, StudyExtraction],
    row: Adjudication,
    *,
    by: Actor,
) -> None:
    """The entry pins both extractions, the decisions and the revision that came of them."""
    subject, subject_of_double = f"adjudication:{row.id}", f"double-extraction:{double.id}"
    extractions = {f"extraction:{one.id}": row_pin(one) for one in pair}
    pins = {subject: row_pin(row), subject_of_double: row_pin(double), **extractions}
    ledger.append(
        session,
        by=by,
        action="adjudication.made",
        subject=subject,
        summary=said_of(study, f"Two extractions adjudicated, revision {row.revision} drafted"),
        touches=[f"study:{study.id}", subject_of_double, *extractions],
        details={"study": study.id, "double_extraction": double.id, "revision": row.revision, "pins": pins},
        moment=row.made_at,
    )
