"""Kinds of publication: their words in each format, and what fixed terms say of kind, design and publication status.

The terms are those of MeSH, category V (Publication Characteristics), which PubMed assigns, and those by which reference
managers and databases name the same thing. Nothing is read out of titles or abstracts.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from app.vocabulary import Design, PublicationStatus, StudyKind


class TypeNames(NamedTuple):
    """One type in words, as a RIS `TY`, a CSL `type` and a BibTeX entry."""

    words: str
    ris: str
    csl: str
    bibtex: str


# RIS: Research Information Systems, RIS format specifications, 2001; CSL: 1.0.2, appendix III; BibTeX: Patashnik, 1988.
TYPES = (
    TypeNames("Journal Article", "JOUR", "article-journal", "article"),
    TypeNames("Thesis", "THES", "thesis", "phdthesis"),
    TypeNames("Conference Paper", "CONF", "paper-conference", "inproceedings"),
    TypeNames("Preprint", "UNPB", "article", "unpublished"),
    TypeNames("Book", "BOOK", "book", "book"),
    TypeNames("Book Chapter", "CHAP", "chapter", "incollection"),
    TypeNames("Report", "RPRT", "report", "techreport"),
    TypeNames("Web Page", "ELEC", "webpage", "online"),
    TypeNames("Magazine Article", "MGZN", "article-magazine", "article-magazine"),
    TypeNames("Newspaper Article", "NEWS", "article-newspaper", "article-newspaper"),
    TypeNames("Dataset", "DATA", "dataset", "dataset"),
)
OTHER_RIS = {"EJOUR": "JOUR", "JFULL": "JOUR", "ABST": "JOUR", "INPR": "JOUR", "CPAPER": "CONF", "EBOOK": "BOOK", "ECHAP": "CHAP"}
OTHER_BIBTEX = {
    "mastersthesis": "phdthesis",
    "thesis": "phdthesis",
    "conference": "inproceedings",
    "proceedings": "inproceedings",
    "inbook": "incollection",
    "report": "techreport",
    "electronic": "online",
    "www": "online",
}
# Reading these gives no type: the entry says that it is of none of the others. An unpublished work need not be a preprint.
UNTYPED = frozenset({"GEN", "UNPB", "misc", "unpublished", "document"})

PRIMARY, SYNTHESIS, GUIDELINE = StudyKind.PRIMARY, StudyKind.SYNTHESIS, StudyKind.GUIDELINE
# Term → kind and design. A controlled, clinical or observational study may be of several designs: the design stays unknown.
DESIGN_OF_TERM: dict[str, tuple[StudyKind, Design | None]] = {
    "Meta-Analysis": (SYNTHESIS, Design.META_ANALYSIS),
    "Network Meta-Analysis": (SYNTHESIS, Design.META_ANALYSIS),
    "Systematic Review": (SYNTHESIS, Design.SYSTEMATIC_REVIEW),
    "Scoping Review": (SYNTHESIS, None),
    "Randomized Controlled Trial": (PRIMARY, Design.RANDOMISED_TRIAL),
    "Case Reports": (PRIMARY, Design.CASE_REPORT),
    "Controlled Clinical Trial": (PRIMARY, None),
    "Pragmatic Clinical Trial": (PRIMARY, None),
    "Clinical Trial": (PRIMARY, None),
    "Observational Study": (PRIMARY, None),
    "Practice Guideline": (GUIDELINE, Design.GUIDELINE),
    "Guideline": (GUIDELINE, Design.GUIDELINE),
}
TERM_OF_DESIGN = {
    Design.META_ANALYSIS: "Meta-Analysis",
    Design.SYSTEMATIC_REVIEW: "Systematic Review",
    Design.RANDOMISED_TRIAL: "Randomized Controlled Trial",
    Design.CASE_REPORT: "Case Reports",
    Design.GUIDELINE: "Practice Guideline",
}
STATUS_OF_TERM = {
    "Retracted Publication": PublicationStatus.RETRACTED,
    "Retracted": PublicationStatus.RETRACTED,
    "Publication with Expression of Concern": PublicationStatus.EXPRESSION_OF_CONCERN,
    "Thesis": PublicationStatus.THESIS,
    "Academic Dissertation": PublicationStatus.THESIS,
    "Preprint": PublicationStatus.PREPRINT,
    "Meeting Abstract": PublicationStatus.CONFERENCE_ABSTRACT,
    "Conference Abstract": PublicationStatus.CONFERENCE_ABSTRACT,
}
TERM_OF_STATUS = {
    PublicationStatus.RETRACTED: "Retracted Publication",
    PublicationStatus.EXPRESSION_OF_CONCERN: "Publication with Expression of Concern",  # ours: PubMed has a term for the notice alone
    PublicationStatus.THESIS: "Thesis",
    PublicationStatus.PREPRINT: "Preprint",
    PublicationStatus.CONFERENCE_ABSTRACT: "Meeting Abstract",
}
# What such a record is about stands elsewhere: a protocol has no results, a notice speaks of another publication.
PROTOCOL = "Clinical Trial Protocol"
NOTICE_TERMS = ("Published Erratum", "Retraction of Publication", "Retraction Notice", "Expression of Concern")


class Meaning(NamedTuple):
    """What the types of one record say; `remarks` are for the person who reads the report."""

    kind: StudyKind | None
    design: Design | None
    status: PublicationStatus | None
    remarks: tuple[str, ...]


def folded(term: str) -> str:
    """`journalArticle`, `Journal Article` and `journal-article` are one."""
    return re.sub(r"[\W_]+", "", term).casefold()


DESIGNS = {folded(term): found for term, found in DESIGN_OF_TERM.items()}
STATUSES = {folded(term): status for term, status in STATUS_OF_TERM.items()}
NOTICES = {folded(term): term for term in NOTICE_TERMS}
# "Article" alone is a preprint in CSL, but a journal article to every database.
BY_NAME = {folded(name): names for names in reversed(TYPES) for name in (names.csl, names.words)} | {"article": TYPES[0]}


def type_names(term: str) -> TypeNames | None:
    """The row of a type, whatever format its name comes from."""
    return BY_NAME.get(folded(term))


def words_of_ris(code: str) -> str | None:
    """`THES` → `Thesis`; an unknown code stays as it is; None for codes that say nothing."""
    code = OTHER_RIS.get(code, code)
    return None if code in UNTYPED else next((names.words for names in TYPES if names.ris == code), code)


def words_of_bibtex(entry: str) -> str | None:
    """`phdthesis` → `Thesis`; an unknown entry type stays as it is; None for those that say nothing."""
    entry = OTHER_BIBTEX.get(entry.lower(), entry.lower())
    return None if entry in UNTYPED else next((names.words for names in TYPES if names.bibtex == entry), entry)


def meaning_of(types: Iterable[str]) -> Meaning:
    """Kind, design and status by the fixed terms among the types; the names of the formats are read like MeSH terms."""
    return _meaning(tuple(types))


@cache
def _agreed(rows: frozenset[tuple[StudyKind, Design | None]]) -> tuple[StudyKind | None, Design | None, tuple[str, ...]]:
    kinds = {kind for kind, _ in rows}
    if len(kinds) > 1:
        names = " and ".join(sorted(kinds))
        return None, None, (f"the publication types say both {names}: kind and design are left open",)
    designs = {design for _, design in rows if design}
    if Design.META_ANALYSIS in designs:  # a systematic review with a meta-analysis carries both terms
        designs = {Design.META_ANALYSIS}
    return next(iter(kinds), None), designs.pop() if len(designs) == 1 else None, ()


def _meaning(types: tuple[str, ...]) -> Meaning:
    names = [folded(term) for term in types]
    kind, design, remarks = _agreed(frozenset(DESIGNS[name] for name in names if name in DESIGNS))
    if folded(PROTOCOL) in names:
        design, remarks = None, (*remarks, "the record is the protocol of a trial: its design is left open")
    marks = (NOTICES[name] for name in names if name in NOTICES)
    notices = tuple(f"the record is marked {mark!r}: it may be a notice about another publication" for mark in marks)
    found = [STATUSES[name] for name in names if name in STATUSES]
    status = PublicationStatus.RETRACTED if PublicationStatus.RETRACTED in found else next(iter(found), None)
    return Meaning(kind, design, status, (*remarks, *notices))
