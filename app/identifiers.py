"""Names that the outside world gives to studies and people, and the ids that we give ourselves.

Every `normalise_` function takes what people paste, gives the one form that is stored, and raises ValueError with a
sentence that says what is wrong. The Annotated types below do the same inside Pydantic models.
"""

import hashlib
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import unquote
from uuid import UUID

from pydantic import AfterValidator, Field

DOI_PREFIX = re.compile(r"^(?:https?://(?:dx\.|www\.)?doi\.org/|doi:\s*)", re.IGNORECASE)
DOI_FORM = re.compile(r"^10\.\d{4,9}(?:\.\d+)*/[^\s\x00-\x1f]+$")  # DOI Handbook, 2.2: prefix/suffix
PMID_PREFIX = re.compile(r"^(?:https?://(?:www\.)?(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/|pmid:\s*)", re.IGNORECASE)
PMCID_PREFIX = re.compile(
    r"^(?:https?://(?:www\.ncbi\.nlm\.nih\.gov/pmc/articles|pmc\.ncbi\.nlm\.nih\.gov/articles|europepmc\.org/articles?)/|pmcid:\s*)",
    re.IGNORECASE,
)
SLUG_FORM = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)*$")
MAX_SLUG_LENGTH = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# The primary registries of the WHO network, ClinicalTrials.gov and PROSPERO: (name, form, the stored spelling).
REGISTRIES: tuple[tuple[str, re.Pattern[str], Callable[[str], str]], ...] = tuple(
    (name, re.compile(form, re.IGNORECASE), spelling)
    for name, form, spelling in (
        ("ClinicalTrials.gov", r"NCT\d{8}", str.upper),
        ("ISRCTN", r"ISRCTN\d{8}", str.upper),
        ("DRKS", r"DRKS\d{8}", str.upper),
        ("ANZCTR", r"ACTRN126\d{11}", str.upper),
        ("ChiCTR", r"ChiCTR(?:-[A-Z]{2,4}-\d{8}|\d{8,12})", lambda text: "ChiCTR" + text[6:].upper()),
        ("CTRI", r"CTRI/\d{4}/\d{2,3}/\d{6}", str.upper),
        ("EU CTR", r"EUCTR\d{4}-\d{6}-\d{2}(?:-[A-Z]{2,3})?", str.upper),
        ("CTIS", r"20\d{2}-5\d{5}-\d{2}(?:-\d{2})?", str.upper),
        ("IRCT", r"IRCT\d{5,20}N\d{1,3}", str.upper),
        ("UMIN", r"(?:JPRN-)?UMIN\d{9}", str.upper),
        ("jRCT", r"(?:JPRN-)?jRCTs?\d{9,10}", lambda text: text.lower().replace("jprn-", "JPRN-").replace("jrct", "jRCT")),
        ("PACTR", r"PACTR\d{15,16}", str.upper),
        ("PROSPERO", r"CRD42\d{9,13}", str.upper),
        ("CRIS", r"KCT\d{7}", str.upper),
        ("ReBEC", r"RBR-[0-9a-z]{5,10}", lambda text: "RBR-" + text[4:].lower()),
        ("RPCEC", r"RPCEC\d{8}", str.upper),
        ("SLCTR", r"SLCTR/\d{4}/\d{3}", str.upper),
        ("TCTR", r"TCTR\d{11}", str.upper),
        ("Dutch trial register", r"(?:NTR|NL)-?\d{1,6}", str.upper),
    )
)


def normalise_doi(text: str) -> str:
    stripped = DOI_PREFIX.sub("", text.strip())
    bare = unquote(stripped) if text.strip().lower().startswith("http") else stripped
    if not DOI_FORM.match(bare):
        raise ValueError(f"{text!r} is not a DOI: it should look like 10.1186/s12891-019-3017-y")
    return bare.lower()  # DOIs are equal whatever their case (DOI Handbook, 2.4)


def normalise_pmid(text: str) -> str:
    bare = PMID_PREFIX.sub("", text.strip()).rstrip("/")
    if not re.fullmatch(r"[1-9][0-9]{0,8}", bare):
        raise ValueError(f"{text!r} is not a PubMed id: it should be a number of one to nine digits, like 31892357")
    return bare


def normalise_pmcid(text: str) -> str:
    bare = PMCID_PREFIX.sub("", text.strip()).rstrip("/").upper()
    if not re.fullmatch(r"PMC[1-9][0-9]{0,8}", bare):
        raise ValueError(f"{text!r} is not a PubMed Central id: it should look like PMC6938607")
    return bare


def registry_of(number: str) -> str | None:
    """The registry that a number belongs to, by its form."""
    return next((name for name, form, _ in REGISTRIES if form.fullmatch(number)), None)


def normalise_registry_number(text: str) -> str:
    bare = re.sub(r"\s+", "", text)
    for _, form, spelling in REGISTRIES:
        if form.fullmatch(bare):
            return spelling(bare)
    known = ", ".join(name for name, _, _ in REGISTRIES)
    raise ValueError(f"{text!r} is not a trial or review registration that we know: the registries are {known}")


def orcid_check_digit(first_fifteen: str) -> str:
    """ISO/IEC 7064, MOD 11-2."""
    total = 0
    for digit in first_fifteen:
        total = (total + int(digit)) * 2
    result = (12 - total % 11) % 11
    return "X" if result == 10 else str(result)


def normalise_orcid(text: str) -> str:
    compact = re.sub(r"^(?:https?://(?:www\.)?orcid\.org/|orcid:\s*)", "", text.strip(), flags=re.IGNORECASE).replace("-", "").upper()
    if not re.fullmatch(r"[0-9]{15}[0-9X]", compact):
        raise ValueError(f"{text!r} is not an ORCID iD: it should look like 0000-0002-1825-0097")
    if orcid_check_digit(compact[:15]) != compact[15]:
        raise ValueError(f"{text!r} is not an ORCID iD: its last character does not fit the others, so one of them is mistyped")
    return "-".join(compact[start : start + 4] for start in range(0, 16, 4))


def normalise_isbn(text: str) -> str:
    """ISBN-10 or ISBN-13 without hyphens, check digit verified (ISO 2108)."""
    compact = re.sub(r"^isbn(?:-1[03])?:?", "", text.strip(), flags=re.IGNORECASE).replace("-", "").replace(" ", "").upper()
    if re.fullmatch(r"[0-9]{9}[0-9X]", compact):
        fits = sum((10 - place) * (10 if digit == "X" else int(digit)) for place, digit in enumerate(compact)) % 11 == 0
    elif re.fullmatch(r"97[89][0-9]{10}", compact):
        fits = sum((3 if place % 2 else 1) * int(digit) for place, digit in enumerate(compact)) % 10 == 0
    else:
        raise ValueError(f"{text!r} is not an ISBN: it should have 10 or 13 digits")
    if not fits:
        raise ValueError(f"{text!r} is not an ISBN: its check digit does not fit, so one of the digits is mistyped")
    return compact


def normalise_slug(text: str) -> str:
    slug = text.strip().lower()
    if len(slug) > MAX_SLUG_LENGTH or not SLUG_FORM.match(slug):
        raise ValueError(f"{text!r} is not a slug: use lower-case letters a-z, digits and single hyphens, at most {MAX_SLUG_LENGTH}")
    return slug


Doi = Annotated[str, AfterValidator(normalise_doi), Field(examples=["10.1186/s12891-019-3017-y"])]
Pmid = Annotated[str, AfterValidator(normalise_pmid), Field(examples=["31892357"])]
Pmcid = Annotated[str, AfterValidator(normalise_pmcid), Field(examples=["PMC6938607"])]
RegistryNumber = Annotated[str, AfterValidator(normalise_registry_number), Field(examples=["NCT04826302"])]
Orcid = Annotated[str, AfterValidator(normalise_orcid), Field(examples=["0000-0002-1825-0097"])]
Isbn = Annotated[str, AfterValidator(normalise_isbn), Field(examples=["9780443072840"])]
Slug = Annotated[str, AfterValidator(normalise_slug), Field(examples=["migraine"])]
InterventionSlug = Annotated[Slug, Field(examples=["craniosacral-therapy"])]
OutcomeSlug = Annotated[Slug, Field(examples=["pain-intensity"])]
InstrumentSlug = Annotated[Slug, Field(examples=["pain-vas-100"])]


@dataclass(frozen=True, slots=True)
class StudyReference:
    """How an address names a study: by our id or by one of its aliases."""

    kind: Literal["id", "doi", "pmid", "pmcid"]
    value: str


def study_reference(text: str) -> StudyReference:
    """Read `doi:…`, `pmid:…`, `pmcid:…` or a UUID; ValueError says which of these was expected."""
    lowered = text.lower()
    if lowered.startswith("doi:"):
        return StudyReference("doi", normalise_doi(text))
    if lowered.startswith("pmid:"):
        return StudyReference("pmid", normalise_pmid(text))
    if lowered.startswith("pmcid:"):
        return StudyReference("pmcid", normalise_pmcid(text))
    if re.fullmatch(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", lowered):
        return StudyReference("id", lowered)
    raise ValueError(f"{text!r} names no study: give its id (a UUID), doi:…, pmid:… or pmcid:…")


_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
_LOWER_74_BITS = (1 << 74) - 1
_clock = threading.Lock()
_last_moment = 0
_last_lower = 0


def _uuid7_from(milliseconds: int, lower: int) -> UUID:
    """RFC 9562, 5.7: 48 bits of Unix milliseconds, version, 12 bits, variant, 62 bits; `lower` holds the 74 free bits."""
    return UUID(int=milliseconds << 80 | _VERSION | (lower >> 62) << 64 | _VARIANT | lower & ((1 << 62) - 1))


def uuid7() -> UUID:
    """A new id that sorts by time; within this process each is greater than the one before (RFC 9562, 6.2, method 2)."""
    global _last_moment, _last_lower
    with _clock:
        now = time.time_ns() // 1_000_000
        if now > _last_moment:
            _last_moment, _last_lower = now, secrets.randbits(73)  # the top bit stays free for counting up
        else:
            _last_lower += 1 + secrets.randbits(32)
            if _last_lower > _LOWER_74_BITS:
                _last_moment, _last_lower = _last_moment + 1, secrets.randbits(73)
        return _uuid7_from(_last_moment, _last_lower)


def deterministic_uuid7(moment: datetime, name: str) -> UUID:
    """The same id for the same moment and name, everywhere: the free bits are the SHA-256 of the name."""
    if moment.tzinfo is None:
        raise ValueError("the moment needs a time zone")
    milliseconds = (moment - EPOCH) // timedelta(milliseconds=1)
    digest = int.from_bytes(hashlib.sha256(name.encode()).digest())
    return _uuid7_from(milliseconds, digest & _LOWER_74_BITS)
