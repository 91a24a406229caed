"""What the rating of a condition x intervention may look at, read from the accepted revisions.

`replacing` puts other documents in the place of what is accepted (None takes a study out): the same loader thus serves
the stored rating, the preview of a submission and `evidence verify`. The number of queries does not grow with the pairs.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Row, Select, and_, or_, select
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from app.models import (
    Condition,
    ConditionOutcome,
    Instrument,
    Intervention,
    Outcome,
    SharedParticipants,
    Study,
    StudyCondition,
    StudyRevision,
)
from app.queries.not_by_index import NotByIndex
from app.queries.rating_inputs import in_groups
from app.queries.study_inputs import study_input
from app.schemas.study import StudyDocument, conditions_of, named_registrations
from app.synthesis.body import InstrumentInput, LinearGroup, OutcomeInput, PairInput, RegistrationInput, StudyInput
from app.vocabulary import Better, Importance, MidStanding, PublicationStatus, StudyKind

Pair = tuple[str, str]
"""Condition slug, intervention slug."""
Replacements = Mapping[str, StudyDocument | None]
"""Study key to the document that is to stand in its place."""
RATED_KINDS = (StudyKind.PRIMARY, StudyKind.REGISTRATION)


@dataclass(frozen=True, slots=True)
class AcceptedStudy:
    """An accepted document with the engine's view of it."""

    key: str
    document: StudyDocument
    study: StudyInput


@dataclass(frozen=True, slots=True)
class Reference:
    """The reference records that rating needs, read once."""

    condition_names: Mapping[str, str]
    interventions: Mapping[str, Intervention]
    outcomes: Mapping[str, tuple[OutcomeInput, ...]] = field(default_factory=dict)
    """Condition slug to its outcomes, as they matter there."""


def pairs_of(document: StudyDocument) -> set[Pair]:
    """The ratings that a document can touch by itself."""
    if document.intervention is None or document.kind not in RATED_KINDS:
        return set()
    return {(condition, document.intervention) for condition in conditions_of(document)}


def load_pair_inputs(
    session: Session, pairs: Collection[Pair], *, as_of: date | Mapping[Pair, date], replacing: Replacements | None = None
) -> list[PairInput]:
    """One `PairInput` for each pair, in sorted order."""
    replacing = replacing or {}
    reference = load_reference(session, {condition for condition, _ in pairs})
    studies = _studies_of_pairs(session, pairs, replacing)
    linked = _linked_to(session, studies.values(), replacing)
    shared = _shared_sets(session, studies.keys(), replacing)
    by_pair: dict[Pair, list[AcceptedStudy]] = defaultdict(list)
    for accepted in studies.values():
        for pair in pairs_of(accepted.document):
            by_pair[pair].append(accepted)
    dates = as_of if isinstance(as_of, Mapping) else dict.fromkeys(pairs, as_of)
    return [_pair_input(pair, reference, by_pair[pair], linked, shared, dates[pair]) for pair in sorted(pairs)]


def load_reference(session: Session, conditions: Collection[str]) -> Reference:
    """Names, fidelities, outcomes with their instruments and how much they matter in each of the conditions."""
    names = dict(session.execute(select(col(Condition.slug), col(Condition.name)).where(col(Condition.slug).in_(conditions))).all())
    interventions = {row.slug: row for row in session.execute(select(Intervention)).scalars()}
    instruments: dict[str, list[InstrumentInput]] = defaultdict(list)
    for row in session.execute(select(Instrument).order_by(col(Instrument.outcome), col(Instrument.position))).scalars():
        instruments[row.outcome].append(_instrument(row))
    outcomes = list(session.execute(select(Outcome).order_by(col(Outcome.position))).scalars())
    importance = {
        (row.condition, row.outcome): row.importance
        for row in session.execute(select(ConditionOutcome).where(col(ConditionOutcome.condition).in_(conditions))).scalars()
    }
    return Reference(
        condition_names=names,
        interventions=interventions,
        outcomes={
            condition: tuple(
                _outcome(row, importance.get((condition, row.slug), row.importance_default), instruments[row.slug]) for row in outcomes
            )
            for condition in conditions
        },
    )


def _outcome(row: Outcome, importance: str, instruments: Iterable[InstrumentInput]) -> OutcomeInput:
    return OutcomeInput(row.slug, row.name, Better(row.better), Importance(importance), tuple(instruments))


def _instrument(row: Instrument) -> InstrumentInput:
    group = None
    if row.linear_group_name is not None and row.linear_group_factor is not None:
        group = LinearGroup(row.linear_group_name, row.linear_group_factor)
    return InstrumentInput(row.slug, row.name, row.unit, row.min, row.max, row.mid, row.mid_source, MidStanding(row.mid_standing), group)


def accepted_documents() -> Select[str, str]:
    """Key and document of every accepted revision; callers narrow it."""
    live = and_(col(StudyRevision.study_id) == col(Study.id), col(StudyRevision.number) == col(Study.live_revision))
    return select(col(Study.key), col(StudyRevision.document)).join(StudyRevision, live)


def _accepted(rows: Iterable[Row[str, str]], replacing: Replacements) -> dict[str, AcceptedStudy]:
    return {key: _as_accepted(key, StudyDocument.model_validate_json(text)) for key, text in rows if key not in replacing}


def _as_accepted(key: str, document: StudyDocument) -> AcceptedStudy:
    return AcceptedStudy(key, document, study_input(key, document))


def _replacements(replacing: Replacements) -> dict[str, AcceptedStudy]:
    return {key: _as_accepted(key, document) for key, document in replacing.items() if document is not None}


def _studies_of_pairs(session: Session, pairs: Collection[Pair], replacing: Replacements) -> dict[str, AcceptedStudy]:
    conditions, interventions = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    about = select(col(StudyCondition.study_id)).where(col(StudyCondition.condition).in_(conditions))
    rows = session.execute(
        accepted_documents().where(col(Study.intervention).in_(interventions), col(Study.kind).in_(RATED_KINDS), col(Study.id).in_(about))
    ).all()
    wanted = set(pairs)
    found = _accepted(rows, replacing) | _replacements(replacing)
    return {key: accepted for key, accepted in sorted(found.items()) if pairs_of(accepted.document) & wanted}


def _linked_to(session: Session, studies: Iterable[AcceptedStudy], replacing: Replacements) -> dict[str, list[StudyInput]]:
    """Registry number to the accepted primary studies that report that trial: that link to it, or are registered under it."""
    numbers = {s.document.registration for s in studies if s.document.kind is StudyKind.REGISTRATION and s.document.registration}
    named = or_(col(Study.linked_registration).in_(numbers), col(Study.registration).in_(numbers))
    primary = NotByIndex(col(Study.kind)) == StudyKind.PRIMARY.value  # nearly all are
    rows = session.execute(accepted_documents().where(named, primary)).all()
    linked: dict[str, list[StudyInput]] = defaultdict(list)
    for _, accepted in sorted((_accepted(rows, replacing) | _replacements(replacing)).items()):
        if accepted.document.kind is StudyKind.PRIMARY:
            for number in named_registrations(accepted.document) & numbers:
                linked[number].append(accepted.study)
    return linked


def _shared_sets(session: Session, mine: Collection[str], replacing: Replacements) -> tuple[tuple[str, ...], ...]:
    """Sets of keys that report the same people, closed under transitivity, also through papers outside the pair."""
    named = {key for document in replacing.values() if document is not None for key in document.same_participants_as}
    links = load_shared_links(session, {*mine, *replacing, *named})
    for key in replacing:
        links.pop(key, None)
    for key, accepted in _replacements(replacing).items():
        links[key] = set(accepted.document.same_participants_as)
    gone = {key for key, document in replacing.items() if document is None}
    sets: list[set[str]] = []
    for key, others in sorted(links.items()):
        group = ({key} | others) - gone
        touching = [known for known in sets if known & group]
        sets = [known for known in sets if not known & group] + [group.union(*touching)]
    own = set(mine)
    return tuple(sorted(tuple(sorted(group)) for group in sets if len(group) > 1 and group & own))


def load_shared_links(session: Session, keys: Collection[str]) -> dict[str, set[str]]:
    """What the accepted papers on the people of these say, whichever paper says it: key to the keys that it names."""
    links: dict[str, set[str]] = defaultdict(set)
    asked: set[str] = set()
    waiting = set(keys)
    while waiting:
        asked |= waiting
        found = [link for group in in_groups(sorted(waiting)) for link in session.execute(_links_of(group)).all()]
        for key, other in found:
            links[key].add(other)
        waiting = {key for link in found for key in link} - asked
    return links


def _links_of(keys: Collection[str]) -> Select[str, str]:
    """Key and named key of the links that begin or end at one of these; each end is one walk along an index."""
    naming, named = aliased(Study, name="naming"), aliased(Study, name="named")
    ids = select(col(Study.id)).where(col(Study.key).in_(keys))
    ends = or_(col(SharedParticipants.study_id).in_(ids), col(SharedParticipants.other_id).in_(ids))
    linked: Select[str, str] = (
        select(col(naming.key), col(named.key))
        .join(SharedParticipants, col(SharedParticipants.study_id) == col(naming.id))
        .join(named, col(named.id) == col(SharedParticipants.other_id))
    )
    return linked.where(ends, col(naming.live_revision).is_not(None))


def _pair_input(
    pair: Pair,
    reference: Reference,
    studies: Iterable[AcceptedStudy],
    linked: Mapping[str, list[StudyInput]],
    shared: tuple[tuple[str, ...], ...],
    as_of: date,
) -> PairInput:
    condition, slug = pair
    intervention = reference.interventions[slug]
    primary = tuple(s.study for s in studies if s.document.kind is StudyKind.PRIMARY)
    registrations = tuple(_registration(s, linked) for s in studies if _stands_registered(s.document))
    keys = {study.key for study in primary}
    return PairInput(
        condition=condition,
        condition_name=reference.condition_names[condition],
        intervention=slug,
        intervention_name=intervention.name,
        as_of=as_of,
        fidelities={entry["fidelity"]: entry["directness"] for entry in intervention.fidelities},
        outcomes=reference.outcomes[condition],
        studies=primary,
        registrations=registrations,
        shared_participants=tuple(group for group in shared if len(keys & set(group)) > 1),
    )


def _stands_registered(document: StudyDocument) -> bool:
    """A registration that was retracted here counts as never made."""
    return document.kind is StudyKind.REGISTRATION and document.publication_status is not PublicationStatus.RETRACTED


def _registration(accepted: AcceptedStudy, linked: Mapping[str, list[StudyInput]]) -> RegistrationInput:
    document = accepted.document
    return RegistrationInput(
        key=accepted.key,
        registration=document.registration,
        completed_on=document.completed_on,
        n=document.n_randomised,
        linked=tuple(linked.get(document.registration or "", ())),
    )
