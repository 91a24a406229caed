"""One study as it is served: the document of the revision that the reader may see, with what the rest of the database knows of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, literal, or_, select, union
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import Actor
from app.errors import NotFound
from app.identifiers import study_reference
from app.models import (
    Adjudication,
    IncludedStudy,
    PublicationNotice,
    Rating,
    SharedParticipants,
    Study,
    StudyCondition,
    StudyRevision,
)
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
from app.queries.prepared import ask_prepared
from app.queries.study_records import UNDECIDED, may_see_drafts, owner_of
from app.queries.study_revisions import load_visible_revisions
from app.schemas.study import StudyDocument
from app.schemas.study_read import AttributionRole
from app.synthesis.grade.forms import judgement_to_json
from app.vocabulary import StudyStatus

Json = dict[str, Any]
TIES: dict[str, tuple[tuple[Any, Any], ...]] = {
    "included_in": ((col(IncludedStudy.review_id), col(IncludedStudy.study_id)),),
    "includes": ((col(IncludedStudy.study_id), col(IncludedStudy.review_id)),),
    "same_participants": (
        (col(SharedParticipants.other_id), col(SharedParticipants.study_id)),
        (col(SharedParticipants.study_id), col(SharedParticipants.other_id)),
    ),
}
"""How studies are tied: the column of the other study, and of this one."""
SHOWN: tuple[Any, ...] = (
    *(
        getattr(StudyRevision, name).label(f"shown_{name}")
        for name in ("number", "status", "created_by", "created_at", "decided_at", "decided_by", "drafted_for")
    ),
    col(StudyRevision.document),
)
"""The revision to show: the accepted one, the newest while none was accepted."""
RELATED: tuple[Any, ...] = (col(Study.id), col(Study.key), col(Study.authors), col(Study.title), col(Study.year), col(Study.kind))


def find_visible_study(session: Session, reference: str, reader: Actor | None) -> Any:
    """The row of the study that an id, `doi:…`, `pmid:…`, `pmcid:…` or a key names, with the revision to show, if the reader may see it;
    to others it is not there. The columns of the revision are those of `SHOWN`."""
    kind, value = _named(reference)
    study: Any = ask_prepared(session, FIND[kind], value=value).one_or_none()
    if study is None or (study.live_revision is None and not may_see_drafts(session, study, reader)):
        raise NotFound(f"There is no study {reference[:200]!r}; give its id, doi:…, pmid:…, pmcid:… or its key.")
    return study


def _named(reference: str) -> tuple[str, str]:
    """The column of the study, and its value."""
    try:
        name = study_reference(reference)
    except ValueError:
        return "key", reference
    return name.kind, name.value


def get_study_page(session: Session, study: Any, reader: Actor | None) -> Json:
    """All that the answer holds but `warnings`, of a row of `find_visible_study`, in a constant number of queries."""
    document = StudyDocument.model_validate_json(study.document)
    revisions = _revisions(session, study, reader)
    drafts = _draft_hands(session, study, revisions)
    names = load_actor_names(session, _hands(revisions) | {hand.actor for hands in drafts.values() for hand in hands})
    related = _load_related(session, study)
    return {
        "id": study.id,
        "key": study.key,
        "label": short_label(study.authors, study.year, study.title),
        "revision": study.shown_number,
        "status": study.status,
        "revision_status": study.shown_status,
        "document": document,
        "risk_of_bias_computed": _computed(document),
        "created_at": study.created_at,
        "updated_at": study.updated_at if study.live_revision is None else study.shown_decided_at,
        "attribution": _attributions(session, study, revisions, names, drafts),
        "ratings_touched": _load_touched(session, study),
        **related,
        "open_revision": _open_revision(session, study, revisions, reader),
        "retraction": _load_retraction(session, study),
        "notices": notices_of_study(session, study.id) if study.has_notices else [],
        "links": _links(study),
        "meta": answer_meta(session, subjects=_subjects(study, related)),
    }


@dataclass(frozen=True, slots=True)
class _Only:
    """The only revision of a study, in the shape of the rows of `load_visible_revisions`."""

    number: int
    status: str
    created_by: str
    created_at: datetime
    decided_at: datetime
    decided_by: str
    drafted_for: str | None


def _revisions(session: Session, study: Any, reader: Actor | None) -> Sequence[Any]:
    """Those that the reader may see; where the accepted one is the only one, nothing need be asked."""
    if study.live_revision != study.newest_revision or study.newest_revision != 1:
        return load_visible_revisions(session, study, reader)
    members = {name: getattr(study, f"shown_{name}") for name in _Only.__slots__}
    return [_Only(**members)]


def _computed(document: StudyDocument) -> list[Json]:
    """What the answers give, for each judgement that has some."""
    return [
        {"position": position, "tool": recorded.tool, **judgement_to_json(recorded.form, recorded.computed)}
        for position, recorded in enumerate(document.risk_of_bias)
        if recorded.form is not None and recorded.computed is not None
    ]


def _hands(revisions: Iterable[Any]) -> set[str]:
    return {actor for one in revisions for actor in (one.drafted_for, one.created_by, one.decided_by) if actor is not None}


def _draft_hands(session: Session, study: Any, revisions: Sequence[Any]) -> dict[int, list[Hand]]:
    """Those of drafts that the reader does not see, for the revisions that he does see and that came of them."""
    shown = {one.number for one in revisions}
    return load_draft_hands(session, study.id, shown) if len(shown) < study.newest_revision else {}


def _attributions(
    session: Session, study: Any, revisions: Sequence[Any], names: Mapping[str, ActorName], drafts: Mapping[int, Sequence[Hand]]
) -> list[Json]:
    """All hands in the revisions, those of a double extraction behind the others."""
    statuses = {one.number: one.status for one in revisions}
    hands = list_hands(session, study.id) if study.has_adjudications else []
    extracted = [entry | {"status": statuses[entry["revision"]]} for entry in hands]
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


def _load_touched(session: Session, study: Any) -> list[Json]:
    """Ratings of the study's intervention for its conditions; only primary studies and registrations have a part in them."""
    if study.kind not in RATED_KINDS or study.intervention is None:
        return []
    rows = ask_prepared(session, TOUCHED, study=study.id, intervention=study.intervention)
    return [{"condition": one, "intervention": other, "href": rating_href(one, other)} for one, other in rows]


def _load_related(session: Session, study: Any) -> dict[str, list[Json]]:
    """Accepted studies that this one is tied to, by the name of the tie. One query where there are any."""
    found: dict[str, list[Json]] = {tie: [] for tie in TIES}
    if study.has_ties:
        for row in ask_prepared(session, TIED, study=study.id):
            found[row.tie].append(related_row(row))
    return found


def _tied() -> Any:
    sides = [_side(tie, other, own == bindparam("study")) for tie, pairs in TIES.items() for other, own in pairs]
    tied = union(*sides).subquery()
    joined = select(tied.c.tie, *RELATED).join(tied, tied.c.other == col(Study.id))
    return joined.where(col(Study.live_revision).is_not(None)).order_by(col(Study.key))


def _side(tie: str, other: Any, condition: Any) -> Any:
    return select(literal(tie).label("tie"), other.label("other")).where(condition)


def _touched() -> Any:
    conditions = select(col(StudyCondition.condition)).where(col(StudyCondition.study_id) == bindparam("study"))
    touched = (col(Rating.intervention) == bindparam("intervention"), col(Rating.condition).in_(conditions))
    return select(col(Rating.condition), col(Rating.intervention)).where(*touched).order_by(col(Rating.condition))


def _find(column: str) -> Any:
    """One study with its revision to show, and whether there is anything in the tables that most studies have nothing in."""
    shown = and_(
        col(StudyRevision.study_id) == col(Study.id),
        col(StudyRevision.number) == func.coalesce(col(Study.live_revision), col(Study.newest_revision)),
    )
    ties = or_(*(exists().where(own == col(Study.id)) for pairs in TIES.values() for _, own in pairs))
    there = {
        "has_ties": ties,
        "has_notices": exists().where(col(PublicationNotice.study_id) == col(Study.id)),
        "has_adjudications": exists().where(col(Adjudication.study_id) == col(Study.id)),
    }
    columns = (*Study.__table__.c, *SHOWN, *(one.label(name) for name, one in there.items()))  # type: ignore[attr-defined]
    return select(*columns).join(StudyRevision, shown).where(getattr(Study, column) == bindparam("value"))


FIND = {name: _find(name) for name in ("id", "doi", "pmid", "pmcid", "key")}
TIED = _tied()
TOUCHED = _touched()


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


def _open_revision(session: Session, study: Any, revisions: Iterable[Any], reader: Actor | None) -> Json | None:
    """The reader's own revision on top of the accepted one."""
    if reader is None or study.live_revision is None:
        return None
    undecided = [one for one in revisions if one.status in UNDECIDED]
    people = people_behind(session, {reader.id, *(owner_of(one) for one in undecided)}) if undecided else {}
    own = [one for one in undecided if people[owner_of(one)] == people[reader.id]]
    return open_revision_as_json(study, max(own, key=lambda one: one.number)) if own else None


def open_revision_as_json(study: Any, row: StudyRevision) -> Json:
    """Where a revision that nobody has decided on stands; its tag in If-Match goes on from it."""
    return {"number": row.number, "status": row.status, "href": revision_href(study.id, row.number), "etag": f'"r{row.number}"'}


def _load_retraction(session: Session, study: Any) -> Json | None:
    """Why and when it was retracted, whatever was amended since. Two queries of a retracted study, else none."""
    by = retracting(load_live_history(session, study.id)) if study.status == StudyStatus.RETRACTED else None
    return {"reason": by.reason, "at": by.at} if by is not None else None


def _links(study: Any) -> dict[str, str | None]:
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


def _subjects(study: Any, related: Mapping[str, Collection[Json]]) -> set[str]:
    return {f"study:{study.id}"} | {f"study:{row['id']}" for rows in related.values() for row in rows}
