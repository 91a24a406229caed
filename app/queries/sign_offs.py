"""Curators' sign-offs of ratings: what they were given for, whether they still hold, and all of them as they are served.

A sign-off holds for what a rating rests on and says, and for the appraisals in force beside it. Whether it still does is seen by
comparing the inputs hash of the rating with the newest one that the sign-off was found to hold for; so a rating that changed on any way
at all is not signed off.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, or_, select
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from app.actor import Actor
from app.errors import NotFound
from app.identifiers import Slug
from app.models import ApiKey, BodyOfEvidence, Rating, SignOff
from app.queries.actor_names import ActorName, load_actor_names
from app.queries.addresses import rating_href, rating_input_href, sign_off_href
from app.queries.appraisals import load_appraisal_ids
from app.queries.assignments import REVIEWING
from app.queries.columns import Columns, members
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.makers import made_among
from app.queries.named_people import MYSELF, reads_as, refuse_unknown_people
from app.queries.paging import Page, SortKey, paginate
from app.queries.people import ids_of_person
from app.queries.rated_inputs import load_rated_inputs
from app.queries.unknown_slug import unknown_rating
from app.schemas.interests import declares_interests
from app.synthesis.body import PairInput
from app.synthesis.inputs_hash import canonical_text, text_hash
from app.vocabulary import Certainty, SignOffStanding, SignOffStatus

Json = dict[str, Any]
OF_THE_DAY = frozenset({"as_of", "inputs_hash"})
"""Members of a rating that differ from one day to the next with nothing else behind them."""
SIGN_OFF: Columns = (
    col(SignOff.id), col(SignOff.condition), col(SignOff.intervention), col(SignOff.inputs_hash), col(SignOff.sequence),
    col(SignOff.method), col(SignOff.certainty), col(SignOff.direction), col(SignOff.comment), col(SignOff.conflict_of_interest),
    col(SignOff.independent), col(SignOff.alone), col(SignOff.signer), col(SignOff.signed_at), col(SignOff.withdrawn_at),
    col(SignOff.withdrawn_by), col(SignOff.withdrawal_reason),
)  # fmt: skip


def evidence_hash(inputs: PairInput, content: Mapping[str, Any], appraisals: Sequence[str]) -> str:
    """The fingerprint of what a rating rests on and says, and of the appraisals that count beside it (`load_appraisal_ids`).

    The day is left out: that alone is no reason to read it again.
    """
    says = {name: value for name, value in content.items() if name not in OF_THE_DAY}
    beside = canonical_text(sorted(appraisals)) if appraisals else ""
    return text_hash(canonical_text(replace(inputs, as_of=date.min)) + canonical_text(says) + beside)


def load_evidence_hash(session: Session, rating: Rating) -> str:
    """The same of a stored rating as it stands now."""
    pair = (rating.condition, rating.intervention)
    [inputs] = load_rated_inputs(session, [rating])
    return evidence_hash(inputs, rating.content, load_appraisal_ids(session, [pair])[pair])


def _in_force(table: Any) -> ColumnElement[bool]:
    """Of the rating of the statement around it, not withdrawn, by somebody who may sign alone."""
    of_rating = and_(table.condition == col(Rating.condition), table.intervention == col(Rating.intervention))
    return and_(of_rating, table.withdrawn_at.is_(None), or_(table.independent.is_(True), table.alone.is_(True)))


def sign_off_status() -> ColumnElement[str]:
    """How the rating of the statement around it is signed off."""
    given = aliased(SignOff)
    any_of_it = exists().where(_in_force(given)).correlate(Rating)
    stands = exists().where(_in_force(given), col(Rating.inputs_hash) == given.stands_at).correlate(Rating)
    statuses = ((stands, SignOffStatus.SIGNED_OFF.value), (any_of_it, SignOffStatus.REQUIRES_REVIEW.value))
    return case(*statuses, else_=SignOffStatus.NONE.value)


def _standing() -> ColumnElement[str]:
    """Of one sign-off beside its rating: one that another has taken the place of requires no review."""
    other = aliased(SignOff)
    renewed = exists().where(_in_force(other), col(Rating.inputs_hash) == other.stands_at).correlate(Rating)
    return case(
        (col(SignOff.withdrawn_at).is_not(None), SignOffStanding.WITHDRAWN.value),
        (col(SignOff.stands_at) == col(Rating.inputs_hash), SignOffStanding.STANDS.value),
        (renewed, SignOffStanding.RENEWED.value),
        else_=SignOffStanding.REQUIRES_REVIEW.value,
    )


SIGNER = (col(ApiKey.name), col(ApiKey.prefix), col(ApiKey.orcid))
"""What a signer can be named by, besides `me`."""


def sign_off_table(mine: Collection[str]) -> FilterTable:
    """What can be asked by a person who acts under these ids. Ids are UUIDv7, in the order of signing: the newest comes first."""

    def signed_by(values: list[str]) -> ColumnElement[bool]:
        named = select(col(ApiKey.prefix)).where(or_(*(reads_as(name, value) for name in SIGNER for value in values)))
        own = sorted(mine) if MYSELF in values else []
        return or_(col(SignOff.signer).in_(named), col(SignOff.signer).in_(own))

    return FilterTable(
        fields=(
            Field("status", _standing(), SignOffStanding),
            Field("condition", col(SignOff.condition), Slug),
            Field("intervention", col(SignOff.intervention), Slug),
            Field("signer", None, str, condition=signed_by, description="`me`, or the name, ORCID iD or key's prefix of who signed."),
            Field("signed_at", col(SignOff.signed_at), datetime, ("gte", "lte")),
            Field("certainty", col(SignOff.certainty), Certainty, description="Of the rating when it was signed off."),
            Field("independent", col(SignOff.independent), bool, ("eq",)),
        ),
        sort_keys=(SortKey("signed_at", col(SignOff.signed_at), datetime, nullable=False),),
        tie=SortKey("id", col(SignOff.id), nullable=False),
        default_sort="-id",
    )


SIGN_OFFS = sign_off_table(())
"""For the description of the list; each request reads its query with the table of its reader."""


def sign_offs_for_reader(session: Session, reader: Actor | None) -> FilterTable:
    return SIGN_OFFS if reader is None else sign_off_table(ids_of_person(session, reader.id))


def get_rating_row(session: Session, condition: str, intervention: str) -> Rating:
    """A stored rating; NotFound names what is missing and what is near."""
    row = session.get(Rating, (condition, intervention))
    if row is not None:
        return row
    raise unknown_rating(session, condition, intervention)


def get_sign_off_row(session: Session, sign_off: str) -> SignOff:
    row = session.get(SignOff, sign_off)
    if row is None:
        raise _unknown(sign_off)
    return row


def get_sign_off(session: Session, sign_off: str) -> Json:
    """One sign-off. Two queries."""
    row = session.execute(_sign_offs().where(col(SignOff.id) == sign_off)).one_or_none()
    if row is None:
        raise _unknown(sign_off)
    [item] = _items(session, [row])
    return item


def list_sign_offs(session: Session, asked: ListQuery, *, pair: tuple[str, str] | None = None) -> Page[Json]:
    """A page of sign-offs, the newest first. Two queries, one more where a signer is named."""
    may_have_signed = or_(col(ApiKey.role).in_(REVIEWING), exists().where(col(SignOff.signer) == col(ApiKey.prefix)))
    known_as = [case((may_have_signed, name)) for name in SIGNER]  # whether a contributor of some name is here, the public is not told
    refuse_unknown_people(session, asked, "signer", known_as, "is no curator here", named_to_reader=False)
    statement = asked.apply(_sign_offs())
    if pair is not None:
        statement = statement.where(col(SignOff.condition) == pair[0], col(SignOff.intervention) == pair[1])
    page = paginate(session, statement, asked.sort, asked.page)
    return Page(_items(session, page.items), page.limit, page.next, page.total)


def load_signers(session: Session, condition: str, intervention: str) -> list[Json]:
    """Who signed the rating off as it stands, also beside somebody independent; the newest first. One query."""
    rows = session.execute(
        select(
            col(SignOff.id),
            col(SignOff.signer),
            col(SignOff.signed_at),
            col(SignOff.conflict_of_interest),
            col(SignOff.independent),
            col(ApiKey.name),
            col(ApiKey.orcid),
        )
        .join(Rating, and_(col(Rating.condition) == col(SignOff.condition), col(Rating.intervention) == col(SignOff.intervention)))
        .outerjoin(ApiKey, col(ApiKey.prefix) == col(SignOff.signer))
        .where(col(SignOff.condition) == condition, col(SignOff.intervention) == intervention)
        .where(col(SignOff.withdrawn_at).is_(None), col(SignOff.stands_at) == col(Rating.inputs_hash))
        .order_by(col(SignOff.id).desc())
    )
    return [
        {
            "by": row.name or row.signer,
            "orcid": row.orcid,
            "at": row.signed_at,
            "conflict_of_interest": row.conflict_of_interest,
            "independent": row.independent,
            "href": sign_off_href(row.id),
        }
        for row in rows
    ]


def made_by_reader(session: Session, condition: str, intervention: str, reader: str) -> list[str]:
    """Keys of the studies that the headline rests on and that the reader had a hand in, sorted."""
    return made_among(session, headline_studies(session, condition, intervention), reader)


def headline_studies(session: Session, condition: str, intervention: str) -> set[str]:
    """Keys of the studies that the headline of a rating rests on. One query."""
    of_pair = (col(BodyOfEvidence.condition) == condition, col(BodyOfEvidence.intervention) == intervention)
    bodies = session.execute(select(col(BodyOfEvidence.explanation)).where(*of_pair, col(BodyOfEvidence.in_headline).is_(True))).scalars()
    return {study["study"] for explanation in bodies for study in explanation["studies"]}


def stands_independently(session: Session, rating: Rating) -> bool:
    """Is the rating, as it stands, signed off by somebody independent? Who counts by the exception for one person is not."""
    mine = (
        col(SignOff.condition) == rating.condition,
        col(SignOff.intervention) == rating.intervention,
        col(SignOff.independent).is_(True),
    )
    stands = (col(SignOff.withdrawn_at).is_(None), col(SignOff.stands_at) == rating.inputs_hash)
    return session.execute(select(col(SignOff.id)).where(*mine, *stands).limit(1)).first() is not None


def _sign_offs() -> Select[Any]:
    same_pair = and_(col(Rating.condition) == col(SignOff.condition), col(Rating.intervention) == col(SignOff.intervention))
    return select(*SIGN_OFF, _standing().label("status")).join(Rating, same_pair)


def _items(session: Session, rows: Sequence[Any]) -> list[Json]:
    names = load_actor_names(session, {actor for row in rows for actor in (row.signer, row.withdrawn_by) if actor is not None})
    return [_item(row, names) for row in rows]


def _item(row: Any, names: Mapping[str, ActorName]) -> Json:
    signer = names[row.signer]
    return members(row, SIGN_OFF) | {
        "status": row.status,
        "signer": signer.name,
        "orcid": signer.orcid,
        "declares_interests": declares_interests(row.conflict_of_interest),
        "withdrawn_by": names[row.withdrawn_by].name if row.withdrawn_by is not None else None,
        "href": sign_off_href(row.id),
        "links": {"rating": rating_href(row.condition, row.intervention), "inputs": rating_input_href(row.inputs_hash)},
    }


def _unknown(sign_off: str) -> NotFound:
    return NotFound(f"There is no sign-off {sign_off[:40]!r}; /v1/sign-offs lists all.")
