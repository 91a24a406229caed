"""The names that an item of CSL-JSON may have, and what tells it from a document of this service.

Source: Citation Style Language, schema `csl-data.json` 1.0.2; the members that Crossref's answers have beside it (its REST API).
"""

from collections.abc import Collection, Sequence

from app.schemas.study import StudyDocument

OF_THE_SCHEMA = frozenset(
    (
        *("type", "id", "citation-key", "categories", "language", "journalAbbreviation", "shortTitle", "custom"),
        *("author", "chair", "collection-editor", "compiler", "composer", "container-author", "contributor", "curator", "director"),
        *("editor", "editorial-director", "executive-producer", "guest", "host", "illustrator", "interviewer", "narrator", "organizer"),
        *("original-author", "performer", "producer", "recipient", "reviewed-author", "script-writer", "series-creator", "translator"),
        *("accessed", "available-date", "event-date", "issued", "original-date", "submitted", "abstract", "annote", "archive"),
        *("archive_collection", "archive_location", "archive-place", "authority", "call-number", "chapter-number", "citation-number"),
        *("citation-label", "collection-number", "collection-title", "container-title", "container-title-short", "dimensions", "division"),
        *("DOI", "edition", "event", "event-title", "event-place", "first-reference-note-number", "genre", "ISBN", "ISSN", "issue"),
        *("jurisdiction", "keyword", "locator", "medium", "note", "number", "number-of-pages", "number-of-volumes", "original-publisher"),
        *("original-publisher-place", "original-title", "page", "page-first", "part", "part-title", "PMCID", "PMID", "printing"),
        *("publisher", "publisher-place", "references", "reviewed-genre", "reviewed-title", "scale", "section", "source", "status"),
        *("supplement", "title", "title-short", "URL", "version", "volume", "volume-title", "volume-title-short", "year-suffix"),
    )
)
OF_CROSSREF = frozenset(
    (
        *("accepted", "aliases", "alternative-id", "approved", "article-number", "assertion", "award", "clinical-trial-number"),
        *("content-created", "content-domain", "content-updated", "created", "degree", "deposited", "free-to-read", "funder"),
        *("group-title", "indexed", "institution", "is-referenced-by-count", "isbn-type", "issn-type", "issue-title", "journal-issue"),
        *("license", "link", "member", "prefix", "published", "published-online", "published-other", "published-print", "posted"),
        *("reference", "reference-count", "references-count", "relation", "resource", "review", "score", "short-container-title"),
        *("short-title", "standards-body", "subject", "subtitle", "subtype", "update-policy", "update-to", "updated-by"),
    )
)
OF_A_DOCUMENT = frozenset(StudyDocument.model_fields) - OF_THE_SCHEMA - OF_CROSSREF
SIGNS_OF_CSL = frozenset({"type", "container-title", "issued", "author"})


def is_document(members: Collection[str]) -> bool:
    """Whether an object with these members is a document of this service: one that CSL lacks, or an answer about a study."""
    named = set(members)
    return "document" in named or (bool(named & OF_A_DOCUMENT) and not named & SIGNS_OF_CSL)


def first_telling(members: Sequence[str]) -> list[str]:
    """The first of these that only one of the two formats has."""
    telling = OF_A_DOCUMENT | SIGNS_OF_CSL | {"document"}
    return [name for name in members if name in telling][:1]


def not_understood(members: Collection[str]) -> list[str]:
    """The members of an item that neither the schema nor Crossref has."""
    return sorted(set(members) - OF_THE_SCHEMA - OF_CROSSREF)
