"""From what a service says to a `SourceRecord`: members that do not validate are dropped and named, never repaired."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from app.identifiers import normalise_doi, normalise_pmid, normalise_registry_number
from app.schemas.bibliography import Bibliography
from app.schemas.lookup import NoticeKind, Retraction, SourceName, SourceRecord
from app.sources.client import Reply

# Numbers that cannot be taken for anything else where they stand in running text; the others are read from their own fields only.
REGISTRATION_IN_TEXT = re.compile(
    r"(?<![A-Za-z0-9])(?:NCT\s?\d{8}|ISRCTN\s?\d{8}|DRKS\s?\d{8}|ACTRN\s?126\d{11}|ChiCTR[A-Z0-9-]{8,20}|CTRI/\d{4}/\d{2,3}/\d{6}"
    r"|IRCT\d{5,20}N\d{1,3}|(?:JPRN-)?UMIN\d{9}|jRCTs?\d{9,10}|PACTR\d{15,16}|CRD\s?42\d{9,13}|KCT\d{7}|RBR-[0-9a-z]{5,10}"
    r"|RPCEC\d{8}|SLCTR/\d{4}/\d{3}|TCTR\d{11})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
REINSTATED = re.compile(r"\breinstat", re.IGNORECASE)
SHOWN = 80
MAX_REMARK = 900


def make_record(
    source: SourceName,
    reply: Reply[Any],
    members: Mapping[str, Any],
    *,
    registrations: Iterable[str] = (),
    remarks: Iterable[str] = (),
    **others: Any,
) -> SourceRecord:
    """`registrations` as printed; the one trial they name, if it is one, becomes `linked_registration`."""
    numbers, dropped = valid_registrations(registrations)
    linked = {"linked_registration": numbers[0]} if len(numbers) == 1 and not members.get("registration") else {}
    bibliography, invalid = bibliography_of({**members, **linked})
    several = [f"names several registrations, so that none is linked: {', '.join(numbers)}"[:MAX_REMARK]] if len(numbers) > 1 else []
    return SourceRecord(
        source=source,
        url=reply.url,
        fetched_at=reply.fetched_at,
        raw_sha256=reply.sha256,
        bibliography=bibliography,
        registrations=numbers,
        remarks=[*remarks, *dropped, *invalid, *several],
        **others,
    )


def bibliography_of(members: Mapping[str, Any]) -> tuple[Bibliography, list[str]]:
    """The members that validate, and a remark for each one (or each entry of a list) that does not."""
    left = {name: value for name, value in members.items() if value not in (None, [], "")}
    remarks: list[str] = []
    while True:
        try:
            return Bibliography.model_validate(left), remarks
        except ValidationError as error:
            first = error.errors()[0]
            member, place = str(first["loc"][0]), first["loc"][1:]
            if place and isinstance(left[member], list):
                left[member] = list(left[member])
                wrong = left[member].pop(place[0])
            else:
                wrong = left.pop(member)
            message = str(first["msg"]).removeprefix("Value error, ")
            remarks.append(f"{member} was dropped: {shortened(wrong)}: {message}"[:MAX_REMARK])


def shortened(value: object) -> str:
    text = str(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def valid_registrations(printed: Iterable[str]) -> tuple[list[str], list[str]]:
    numbers: dict[str, None] = {}
    dropped = []
    for text in printed:
        try:
            numbers[normalise_registry_number(text)] = None
        except ValueError:
            dropped.append(f"registration was dropped: {shortened(text)} is of no registry that we know")
    return list(numbers), dropped


def registrations_in(text: str | None) -> list[str]:
    """Registration numbers in running text, as they stand there, each once."""
    return list(dict.fromkeys(re.sub(r"\s", "", found[0]) for found in REGISTRATION_IN_TEXT.finditer(text or "")))


def notice(
    kind: NoticeKind,
    source: SourceName,
    *,
    date: str | None,
    doi: str | None = None,
    pmid: str | None = None,
    reason: str | None = None,
    asserted_by: str | None = None,
) -> Retraction:
    """A notice without those of its identifiers that do not validate: that there is a notice matters more than where."""
    return Retraction(
        kind=kind,
        source=source,
        date=date,
        notice_doi=_valid_doi(doi),
        notice_pmid=_valid_pmid(pmid),
        reasons=[reason[:MAX_REMARK]] if reason else [],
        asserted_by=asserted_by[:MAX_REMARK] if asserted_by else None,
    )


def says_reinstated(kind: NoticeKind, *texts: str | None) -> bool:
    """A correction that takes a retraction back, where a service has no kind of its own for it."""
    return kind is NoticeKind.CORRECTION and any(REINSTATED.search(text or "") for text in texts)


def _valid_doi(text: str | None) -> str | None:
    try:
        return normalise_doi(text) if text else None
    except ValueError:
        return None


def _valid_pmid(text: str | None) -> str | None:
    try:
        return normalise_pmid(text) if text else None
    except ValueError:
        return None
