"""Crossref, by its REST API: `works/{doi}` (https://api.crossref.org/swagger-ui/index.html).

| member | from |
|---|---|
| title | title[0], with subtitle[0] where the title does not hold it |
| authors, author_orcids | author: family and the initials of given, or name; ORCID |
| year | the year of published-print, else published-online, published, issued: the first one that is there |
| journal, volume, issue, pages | container-title[0], volume, issue, page or article-number |
| doi | DOI |
| linked_registration | clinical-trial-number; failing that, a registration number in the abstract, if it is one |
| publication_status | type; posted-content of subtype preprint |
| abstract | abstract (JATS), a paragraph a line |
| notices | updated-by; update-to that names the work itself. `asserted_by` is publisher or retraction-watch |

Crossref knows no study designs. Retraction Watch's reasons are not in this API.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from app.errors import SourceReplyInvalid
from app.formats.author_names import family_first
from app.formats.languages import language_code
from app.identifiers import normalise_doi
from app.schemas.lookup import NoticeKind, Retraction, SourceName, SourceRecord
from app.sources.client import Reply, SourceClient
from app.sources.partial_date import from_parts, year_of
from app.sources.reading import at, objects_at, paragraphs, read_json, text_at, texts_at, without_markup
from app.sources.record import MAX_REMARK, make_record, notice, registrations_in
from app.vocabulary import PublicationStatus

STATUS_BY_TYPE = {"journal-article": PublicationStatus.PUBLISHED, "dissertation": PublicationStatus.THESIS}
YEAR_FROM = ("published-print", "published-online", "published", "issued")
# Crossmark's kinds of update (Crossref, "Registering updates"); those that leave the content as it was are not listed.
NOTICES = {
    "retraction": NoticeKind.RETRACTION,
    "withdrawal": NoticeKind.RETRACTION,
    "removal": NoticeKind.RETRACTION,
    "partial_retraction": NoticeKind.PARTIAL_RETRACTION,
    "expression_of_concern": NoticeKind.EXPRESSION_OF_CONCERN,
    "concern": NoticeKind.EXPRESSION_OF_CONCERN,
    "correction": NoticeKind.CORRECTION,
    "corrigendum": NoticeKind.CORRECTION,
    "erratum": NoticeKind.CORRECTION,
    "reinstatement": NoticeKind.REINSTATEMENT,  # Retraction Watch: a retraction was taken back
}
HARMLESS = frozenset({"addendum", "clarification", "new_edition", "new_version", "version", "interim_guidance"})


def fetch(client: SourceClient, doi: str) -> SourceRecord:
    """The record of a DOI (lower case, without prefix)."""
    reply = client.get(client.services.crossref, f"/works/{quote(doi, safe='')}", {}, _read)
    if _doi(at(reply.content, "DOI")) is None:
        raise SourceReplyInvalid("Crossref sent a work without a DOI.")
    return _record(reply, reply.content)


def _read(body: bytes) -> dict[str, Any]:
    message = at(read_json(body), "message")
    if not isinstance(message, dict):
        raise ValueError("it has no message")
    return message


def _record(reply: Reply[dict[str, Any]], work: dict[str, Any]) -> SourceRecord:
    own = _doi(at(work, "DOI"))
    abstract = paragraphs(at(work, "abstract"))
    updates = [*objects_at(work, "updated-by"), *(entry for entry in objects_at(work, "update-to") if _doi(at(entry, "DOI")) == own)]
    numbers = [number for entry in objects_at(work, "clinical-trial-number") if (number := text_at(entry, "clinical-trial-number"))]
    return make_record(
        SourceName.CROSSREF,
        reply,
        {**_publication(work), "abstract": abstract, "urls": [f"https://doi.org/{own}"], "publication_types": _types(work)},
        registrations=numbers or registrations_in(abstract),
        notices=list(_notices(updates)),
        remarks=list(_notice_of(work, own)),
        unknown_updates=list(_unknown_updates(updates)),
    )


def _publication(work: dict[str, Any]) -> dict[str, Any]:
    authors, orcids = _authors(work)
    dates = (from_parts(at(work, name)) for name in YEAR_FROM)
    return {
        "title": _title(work),
        "authors": authors,
        "author_orcids": orcids,
        "year": year_of(next((date for date in dates if date), None)),
        "journal": without_markup(next(iter(texts_at(work, "container-title")), None)),
        "volume": text_at(work, "volume"),
        "issue": text_at(work, "issue"),
        "pages": text_at(work, "page") or text_at(work, "article-number"),
        "language": language_code(text_at(work, "language") or ""),
        "doi": text_at(work, "DOI"),
        "publication_status": _status(work),
    }


def _title(work: dict[str, Any]) -> str | None:
    title = without_markup(next(iter(texts_at(work, "title")), None))
    subtitle = without_markup(next(iter(texts_at(work, "subtitle")), None))
    if not title or not subtitle or subtitle.lower() in title.lower():
        return title
    return f"{title.rstrip(':')}: {subtitle}"


def _status(work: dict[str, Any]) -> PublicationStatus | None:
    if text_at(work, "type") == "posted-content":
        return PublicationStatus.PREPRINT if text_at(work, "subtype") == "preprint" else None
    return STATUS_BY_TYPE.get(text_at(work, "type") or "")


def _types(work: dict[str, Any]) -> list[str]:
    return [name for member in ("type", "subtype") if (name := text_at(work, member))]


def _authors(work: dict[str, Any]) -> tuple[list[str], list[dict[str, str]]]:
    names, orcids = [], []
    for author in objects_at(work, "author"):
        family, given, suffix = (without_markup(text_at(author, member)) for member in ("family", "given", "suffix"))
        name = family_first(family, given or "", suffix or "") if family else without_markup(text_at(author, "name")) or given
        if not name:
            continue
        names.append(name)
        if orcid := text_at(author, "ORCID"):
            orcids.append({"author": name, "orcid": orcid})
    return names, orcids


def _doi(text: object) -> str | None:
    try:
        return normalise_doi(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _kind(entry: dict[str, Any]) -> str:
    return (text_at(entry, "type") or "").lower().replace("-", "_").replace(" ", "_")


def _notices(updates: list[dict[str, Any]]) -> Iterator[Retraction]:
    for entry in updates:
        if kind := NOTICES.get(_kind(entry)):
            yield notice(
                kind,
                SourceName.CROSSREF,
                date=from_parts(at(entry, "updated")),
                doi=text_at(entry, "DOI"),
                asserted_by=text_at(entry, "source"),
            )


def _unknown_updates(updates: list[dict[str, Any]]) -> Iterator[str]:
    unknown = {_kind(entry) for entry in updates} - NOTICES.keys() - HARMLESS
    return (f"Crossref lists an update of a kind that we do not know: {kind or 'unnamed'}"[:MAX_REMARK] for kind in sorted(unknown))


def _notice_of(work: dict[str, Any], own: str | None) -> Iterator[str]:
    for entry in objects_at(work, "update-to"):
        if _doi(at(entry, "DOI")) != own:
            about = text_at(entry, "DOI") or "another publication"
            yield f"this is itself a notice ({text_at(entry, 'type') or 'update'}) about {about}"[:MAX_REMARK]
