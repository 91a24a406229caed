"""Records of several services about one publication into one `Bibliography`, with who gave what and who differs.

| member | asked in this order |
|---|---|
| doi, year | Crossref, PubMed, Europe PMC: Crossref is where publishers register both |
| abstract, publication_types, keywords, design, kind | PubMed, Europe PMC, Crossref: indexers' terms before publishers' |
| all others, authors and journal among them | PubMed, Crossref, Europe PMC |
| completed_on | ClinicalTrials.gov, the only one that knows |

`publication_status` is retracted, or expression-of-concern, as soon as one source reports such a notice and none a reinstatement that
stands against it. Of the trial behind a publication nothing but the day of its completion is taken over: title, sponsor and year of a
registration are not those of the paper.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.matching import RETRACTED_MARK, family_of, words_of
from app.schemas.bibliography import BIBLIOGRAPHIC_MEMBERS, Bibliography
from app.schemas.lookup import Disagreement, NoticeKind, Retraction, SourceName, SourceRecord, worst_of
from app.vocabulary import PublicationStatus

PUBMED, CROSSREF, EUROPE_PMC, TRIALS = SourceName.PUBMED, SourceName.CROSSREF, SourceName.EUROPE_PMC, SourceName.CLINICALTRIALS_GOV
USUAL_ORDER = (PUBMED, CROSSREF, EUROPE_PMC, TRIALS)
ORDER = {
    **dict.fromkeys(("doi", "year"), (CROSSREF, PUBMED, EUROPE_PMC, TRIALS)),
    **dict.fromkeys(("abstract", "publication_types", "keywords", "design", "kind"), (PUBMED, EUROPE_PMC, CROSSREF, TRIALS)),
}
OF_THE_TRIAL = frozenset({"completed_on"})
NOT_COMPARED = frozenset({"abstract", "keywords", "publication_types", "urls", "author_orcids"})
STATUS_BY_NOTICE = {
    NoticeKind.RETRACTION: PublicationStatus.RETRACTED,
    NoticeKind.EXPRESSION_OF_CONCERN: PublicationStatus.EXPRESSION_OF_CONCERN,
}
STATUSES_OF_NOTICES = frozenset(STATUS_BY_NOTICE.values())
Members = dict[str, list[SourceName]]


def merge_records(
    records: Mapping[SourceName, SourceRecord], notices: list[Retraction]
) -> tuple[Bibliography, Members, list[Disagreement]]:
    """One bibliography, the sources of each member (the one it was taken from first), and where they differ."""
    merged: dict[str, Any] = {}
    members: Members = {}
    disagreements = []
    for member in Bibliography.model_fields:
        given = _values_of(member, records)
        if not given:
            continue
        first = next(iter(given))
        merged[member] = given[first]
        members[member] = [source for source in given if comparable(member, given[source]) == comparable(member, given[first])]
        if len(members[member]) < len(given) and member not in NOT_COMPARED:
            disagreements.append(Disagreement(member=member, values={source: _as_json(value) for source, value in given.items()}))
    _join_lists(merged, members, records)
    _mark_status(merged, members, notices, records)
    if merged.get("publication_status") in STATUSES_OF_NOTICES:  # the notice has decided
        disagreements = [entry for entry in disagreements if entry.member != "publication_status"]
    return Bibliography.model_validate(merged), members, disagreements


def _values_of(member: str, records: Mapping[SourceName, SourceRecord]) -> dict[SourceName, Any]:
    """What each source says of a member, in order of precedence."""
    beside_a_publication = TRIALS in records and len(records) > 1
    values = {}
    for source in ORDER.get(member, USUAL_ORDER):
        if source in records and not (source is TRIALS and beside_a_publication and member not in OF_THE_TRIAL):
            value = getattr(records[source].bibliography, member)
            decided_by_notices = member == "publication_status" and value in STATUSES_OF_NOTICES
            if value not in (None, []) and not decided_by_notices:
                values[source] = value
    return values


def _join_lists(merged: dict[str, Any], members: Members, records: Mapping[SourceName, SourceRecord]) -> None:
    """Addresses and ORCID iDs of all sources are kept; an ORCID iD only with an author under that very name."""
    urls = {url: source for source in USUAL_ORDER if source in records for url in records[source].bibliography.urls}
    if urls:
        merged["urls"], members["urls"] = list(urls), list(dict.fromkeys(urls.values()))
    known: dict[str, Any] = {}
    givers = []
    for source in USUAL_ORDER:
        for entry in records[source].bibliography.author_orcids if source in records else []:
            if entry.author in merged.get("authors", []) and known.setdefault(entry.author, entry) == entry:
                givers.append(source)
    merged["author_orcids"] = list(known.values())
    members.pop("author_orcids", None)
    if givers:
        members["author_orcids"] = list(dict.fromkeys(givers))


def _mark_status(merged: dict[str, Any], members: Members, notices: list[Retraction], records: Mapping[SourceName, SourceRecord]) -> None:
    decisive = worst_of([entry for entry in notices if entry.kind in STATUS_BY_NOTICE and reinstatement_of(entry, notices) is None])
    if decisive:
        merged["publication_status"] = STATUS_BY_NOTICE[decisive.kind]
        reporting = (source for source in USUAL_ORDER if source in records and _reports(records[source], decisive.kind))
        members["publication_status"] = list(reporting)


def _reports(record: SourceRecord, kind: NoticeKind) -> bool:
    return any(entry.kind is kind for entry in record.notices)


def merge_notices(records: Iterable[SourceRecord]) -> list[Retraction]:
    """Each notice once, the gravest first. Two reports of one kind are one notice if they share a DOI or PubMed id, or one says no more.

    Kept is the report that names the notice by an identifier, of several the one that says who asserts it; the others add what it lacks,
    and a more exact date within its own.
    """
    kept: list[Retraction] = []
    for entry in sorted((entry for record in records for entry in record.notices), key=_place):
        place = next((place for place, other in enumerate(kept) if same_notice(entry, other)), None)
        if place is None:
            kept.append(entry)
        else:
            kept[place] = _joined(kept[place], entry)
    return kept


def _place(entry: Retraction) -> tuple[int, bool, bool, int]:
    """The gravest first; of one kind a report without an identifier last, so that it finds the one whose notice it speaks of."""
    known = (entry.notice_doi, entry.notice_pmid, entry.date)
    nameless = entry.notice_doi is None and entry.notice_pmid is None
    return list(NoticeKind).index(entry.kind), nameless, entry.asserted_by is None, sum(member is None for member in known)


def _joined(kept: Retraction, other: Retraction) -> Retraction:
    more_exact = (other.date or "").startswith(kept.date or "")
    return kept.model_copy(
        update={
            "notice_doi": kept.notice_doi or other.notice_doi,
            "notice_pmid": kept.notice_pmid or other.notice_pmid,
            "date": other.date if more_exact and other.date else kept.date,
            "reasons": kept.reasons or other.reasons,
            "asserted_by": kept.asserted_by or other.asserted_by,
        }
    )


def reinstatement_of(entry: Retraction, notices: Iterable[Retraction]) -> Retraction | None:
    """The reinstatement that stands against a notice: every one that is not certainly of an earlier day."""
    reinstated = (other for other in notices if other.kind is NoticeKind.REINSTATEMENT)
    return next((other for other in reinstated if not is_earlier(other.date, entry.date)), None)


def is_earlier(date: str | None, other: str | None) -> bool:
    """Is a day, month or year certainly before another?"""
    exactness = min(len(date or ""), len(other or ""))
    return (date or "")[:exactness] < (other or "")[:exactness]


def same_notice(entry: Retraction, other: Retraction) -> bool:
    """Does `entry` speak of the notice that `other` is? Either by a shared DOI or PubMed id, or because `entry` says no more than that."""
    if entry.kind is not other.kind:
        return False
    if entry.notice_doi is None and entry.notice_pmid is None:
        return entry.date is None or entry.date[:4] == (other.date or "")[:4]
    return (entry.notice_doi is not None and entry.notice_doi == other.notice_doi) or (
        entry.notice_pmid is not None and entry.notice_pmid == other.notice_pmid
    )


def document_of(bibliography: Bibliography) -> dict[str, Any]:
    """The members of a study document that are known, as JSON; the addresses become its sources."""
    known = bibliography.model_dump(mode="json", include=set(BIBLIOGRAPHIC_MEMBERS))
    document = {member: known[member] for member in BIBLIOGRAPHIC_MEMBERS if known[member] not in (None, [])}
    return {**document, **({"sources": bibliography.urls} if bibliography.urls else {})}


def _as_json(value: Any) -> Any:
    return str(value) if isinstance(value, PublicationStatus) else value


def _title_words(title: str) -> str:
    return words_of(RETRACTED_MARK.sub("", title))


def _journal_words(journal: str) -> str:
    """`Lancet (London, England)` is `The Lancet`."""
    return words_of(re.sub(r"\([^)]*\)", " ", journal).replace("&", " and ")).removeprefix("the ")


def _families(authors: list[str]) -> list[str]:
    return [family_of(name) for name in authors]


def _whole_pages(pages: str) -> str:
    """`861-6` is `861-866`."""
    found = re.fullmatch(r"\s*(\D?)(\d+)\s*[-–—]+\s*(\D?)(\d+)\s*", pages)
    if found is None:
        return words_of(pages)
    prefix, first, _, last = found.groups()
    whole = first[: len(first) - len(last)] + last if len(last) < len(first) else last
    return f"{prefix.lower()}{first}-{whole}" if first != whole else f"{prefix.lower()}{first}"


COMPARED_AS: dict[str, Callable[[Any], Any]] = {
    "title": _title_words,
    "journal": _journal_words,
    "authors": _families,
    "pages": _whole_pages,
}


def comparable(member: str, value: Any) -> Any:
    """The part of a value that two services must share to agree: the wording, not case, accents or house style."""
    compared_as = COMPARED_AS.get(member)
    if compared_as:
        return compared_as(value)
    return value.casefold() if isinstance(value, str) else value
