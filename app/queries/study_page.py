"""One study as it is served: the document of the revision that the reader may see, with what the rest of the database knows of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, literal, select, union
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import Actor
from app.errors import NotFound
from app.identifiers import study_reference
from app.models import IncludedStudy, Rating, SharedParticipants, Study, StudyCondition, StudyRevision
from app.queries.actor_names import ActorName, load_actor_names
from app.queries.addresses import rating_href, revision_href, study_href
from app.queries.adjudications import list_hands
from app.queries.answer_meta import answer_meta
from app.queries.condition_page import short_label
from app.queries.draft_hands import Hand, load_draft_hands
from app.queries.live_history import load_live_history, retracting
from app.queries.notices import notices_of_study
from app.queries.pair_inputs import RATED_KINDS
from app.queries.people import people_behind
from app.queries.study_records import UNDECIDED, may_see_drafts, owner_of, shown_revision
from app.queries.study_revisions import load_visible_revisions
from app.schemas.study import StudyDocument
from app.schemas.study_read import AttributionRole
from app.synthesis.grade.forms import judgement_to_json
from app.vocabulary import StudyStatus

Json = dict[str, Any]
RELATED: tuple[Any, ...] = (col(Study.id), col(Study.key), col(Study.authors), col(Study.title), col(Study.year), col(Study.kind))


def find_visible_study(session: Session, reference: str, reader: Actor | None) -> Study:
    """The study that an id, `doi:…`, `pmid:…`, `pmcid:…` or a key names, if the reader may see it; to others it is not there."""
    study = session.execute(select(Study).where(_named(reference))).scalar_one_or_none()
    if study is None or (study.live_revision is None and not may_see_drafts(session, study, reader)):
        raise NotFound(f"There is no study {reference[:200]!r}; give its id, doi:…, pmid:…, pmcid:… or its key.")
    return study


def _named(reference: str) -> Any:
    try:
        name = study_reference(reference)
    except ValueError:
        return col(Study.key) == reference
    return getattr(Study, name.kind) == name.value


def get_study_page(session: Session, study: Study, reader: Actor | None) -> tuple[Json, StudyRevision]:
    """All that the answer holds but `warnings`, and the revision it shows, in a constant number of queries."""
    row = shown_revision(session, study)
    document = StudyDocument.model_validate_json(row.document)
    revisions = load_visible_revisions(session, study, reader)
    drafts = _draft_hands(session, study, revisions)
    names = load_actor_names(session, _hands(revisions) | {hand.actor for hands in drafts.values() for hand in hands})
    related = _load_related(session, study.id)
    return {
        "id": study.id,
        "key": study.key,
        "label": short_label(study.authors, study.year, study.title),
        "revision": row.number,
        "status": study.status,
        "revision_status": row.status,
        "document": document,
        "risk_of_bias_computed": _computed(document),
        "created_at": study.created_at,
        "updated_at": study.updated_at if study.live_revision is None else row.decided_at,
        "attribution": _attributions(session, study, revisions, names, drafts),
        "ratings_touched": _load_touched(session, study),
        **related,
        "open_revision": _open_revision(session, study, revisions, reader),
        "retraction": _load_retraction(session, study),
        "notices": notices_of_study(session, study.id),
        "links": _links(study),
        "meta": answer_meta(session, subjects=_subjects(study, related)),
    }, row


def _computed(document: StudyDocument) -> list[Json]:
    """What the answers give, for each judgement that has some."""
    return [
        {"position": position, "tool": recorded.tool, **judgement_to_json(recorded.form, recorded.computed)}
        for position, recorded in enumerate(document.risk_of_bias)
        if recorded.form is not None and recorded.computed is not None
    ]


def _hands(revisions: Iterable[Any]) -> set[str]:
    return {actor for one in revisions for actor in (one.drafted_for, one.created_by, one.decided_by) if actor is not None}


def _draft_hands(session: Session, study: Study, revisions: Sequence[Any]) -> dict[int, list[Hand]]:
    """Those of drafts that the reader does not see, for the revisions that he does see and that came of them."""
    shown = {one.number for one in revisions}
    return load_draft_hands(session, study.id, shown) if len(shown) < study.newest_revision else {}


def _attributions(
    session: Session, study: Study, revisions: Sequence[Any], names: Mapping[str, ActorName], drafts: Mapping[int, Sequence[Hand]]
) -> list[Json]:
    """All hands in the revisions, those of a double extraction behind the others."""
    statuses = {one.number: one.status for one in revisions}
    extracted = [entry | {"status": statuses[entry["revision"]]} for entry in list_hands(session, study.id)]
    return [*(entry for one in revisions for entry in _attribution(one, names, drafts.get(one.number, ()))), *extracted]


def _attribution(row: StudyRevision, names: Mapping[str, ActorName], drafts: Sequence[Hand]) -> Iterable[Json]:
    """Who wrote in drafts that it came of, whose draft it was, who wrote this version of it, and who decided."""
    entry = {"revision": row.number, "status": row.status}
    own = {actor: Hand(actor, row.created_at) for actor in (row.drafted_for, row.created_by) if actor is not None}
    earlier = {hand.actor: hand for hand in drafts if hand.actor not in own}
    for hand in (*earlier.values(), *own.values()):
        author = names[hand.actor]
        yield entry | {"role": AttributionRole.AUTHOR, "by": author.name, "orcid": author.orcid, "at": hand.at}
    if row.decided_by is not None:
        reviewer = names[row.decided_by]
        yield entry | {"role": AttributionRole.REVIEWER, "by": reviewer.name, "orcid": reviewer.orcid, "at": row.decided_at}


def _load_touched(session: Session, study: Study) -> list[Json]:
    """Ratings of the study's intervention for its conditions; only primary studies and registrations have a part in them."""
    conditions = select(col(StudyCondition.condition)).where(col(StudyCondition.study_id) == study.id)
    touched = and_(col(Rating.intervention) == study.intervention, col(Rating.condition).in_(conditions))
    rated = touched if study.kind in RATED_KINDS else literal(False)
    rows = session.execute(select(col(Rating.condition), col(Rating.intervention)).where(rated).order_by(col(Rating.condition)))
    return [{"condition": one, "intervention": other, "href": rating_href(one, other)} for one, other in rows]


def _load_related(session: Session, study_id: str) -> dict[str, list[Json]]:
    """Accepted studies that this one is tied to, by the name of the tie. One query."""
    ties: dict[str, list[tuple[Any, Any]]] = {
        "included_in": [(col(IncludedStudy.review_id), col(IncludedStudy.study_id))],
        "includes": [(col(IncludedStudy.study_id), col(IncludedStudy.review_id))],
        "same_participants": [
            (col(SharedParticipants.other_id), col(SharedParticipants.study_id)),
            (col(SharedParticipants.study_id), col(SharedParticipants.other_id)),
        ],
    }
    sides = [_side(tie, other, own == study_id) for tie, pairs in ties.items() for other, own in pairs]
    tied = union(*sides).subquery()
    rows = session.execute(
        select(tied.c.tie, *RELATED)
        .join(tied, tied.c.other == col(Study.id))
        .where(col(Study.live_revision).is_not(None))
        .order_by(col(Study.key))
    )
    found: dict[str, list[Json]] = {tie: [] for tie in ties}
    for row in rows:
        found[row.tie].append(related_row(row))
    return found


def _side(tie: str, other: Any, condition: Any) -> Any:
    return select(literal(tie).label("tie"), other.label("other")).where(condition)


def related_row(row: Any) -> Json:
    """The columns of `RELATED` as they are served."""
    label = short_label(row.authors, row.year, row.title)
    return {
        "id": row.id,
        "key": row.key,
        "label": label,
        "title": row.title,
        "year": row.year,
        "kind": row.kind,
        "href": study_href(row.id),
    }


def _open_revision(session: Session, study: Study, revisions: Iterable[Any], reader: Actor | None) -> Json | None:
    """The reader's own revision on top of the accepted one."""
    if reader is None or study.live_revision is None:
        return None
    undecided = [one for one in revisions if one.status in UNDECIDED]
    people = people_behind(session, {reader.id, *(owner_of(one) for one in undecided)}) if undecided else {}
    own = [one for one in undecided if people[owner_of(one)] == people[reader.id]]
    return open_revision_as_json(study, max(own, key=lambda one: one.number)) if own else None


def open_revision_as_json(study: Study, row: StudyRevision) -> Json:
    """Where a revision that nobody has decided on stands; its tag in If-Match goes on from it."""
    return {"number": row.number, "status": row.status, "href": revision_href(study.id, row.number), "etag": f'"r{row.number}"'}


def _load_retraction(session: Session, study: Study) -> Json | None:
    """Why and when it was retracted, whatever was amended since. Two queries of a retracted study, else none."""
    by = retracting(load_live_history(session, study.id)) if study.status == StudyStatus.RETRACTED else None
    return {"reason": by.reason, "at": by.at} if by is not None else None


def _links(study: Study) -> dict[str, str | None]:
    href = study_href(study.id)
    return {
        "self": href,
        "revisions": f"{href}/revisions",
        "changes": f"/v1/changes?subject=study:{study.id}",
        "adjudications": f"{href}/adjudications",
        "doi": f"https://doi.org/{study.doi}" if study.doi else None,
        "pubmed": f"https://pubmed.ncbi.nlm.nih.gov/{study.pmid}/" if study.pmid else None,
        "pmc": f"https://pmc.ncbi.nlm.nih.gov/articles/{study.pmcid}/" if study.pmcid else None,
    }


def _subjects(study: Study, related: Mapping[str, Collection[Json]]) -> set[str]:
    return {f"study:{study.id}"} | {f"study:{row['id']}" for rows in related.values() for row in rows}
