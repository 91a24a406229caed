"""The four services that are asked for records: where they are, how fast they may be asked, how long a reply is kept."""

from dataclasses import dataclass
from datetime import timedelta

from app.settings import Settings

PUBMED_PER_SECOND = 3.0  # NCBI, "A General Introduction to the E-utilities", Usage Guidelines: 3 requests a second without a key
PUBMED_PER_SECOND_WITH_KEY = 10.0  # the same page: 10 with a key
POLITE_PER_SECOND = 5.0  # Crossref's polite pool and Europe PMC allow more; ClinicalTrials.gov states no figure
KEPT = timedelta(days=1)  # a retraction must show within a day
KEPT_FOR_DAILY = timedelta(hours=12)  # for a command that runs once a day: a little earlier than yesterday, and it asks all the same
MAX_REPLY_BYTES = 10_000_000  # a paper of a large collaboration has thousands of authors; nothing legitimate comes near


@dataclass(frozen=True, slots=True)
class Service:
    """`media` is what the reply's media type must contain; `contact_parameter` is where the service wants our e-mail address."""

    name: str
    title: str
    base_url: str
    media: str
    per_second: float
    contact_parameter: str | None = None
    key_parameter: str | None = None
    kept: timedelta = KEPT
    max_bytes: int = MAX_REPLY_BYTES


@dataclass(frozen=True, slots=True)
class Services:
    pubmed: Service
    europe_pmc: Service
    crossref: Service
    clinicaltrials_gov: Service


def services_of(settings: Settings, kept: timedelta = KEPT) -> Services:
    """The services as the settings name them; `kept` is how old a stored reply may be."""
    pace = PUBMED_PER_SECOND_WITH_KEY if settings.pubmed_api_key else PUBMED_PER_SECOND
    return Services(
        pubmed=Service("pubmed", "PubMed", settings.pubmed_url, "xml", pace, "email", "api_key", kept),
        europe_pmc=Service("europe-pmc", "Europe PMC", settings.europe_pmc_url, "json", POLITE_PER_SECOND, "email", kept=kept),
        crossref=Service("crossref", "Crossref", settings.crossref_url, "json", POLITE_PER_SECOND, "mailto", kept=kept),
        clinicaltrials_gov=Service(
            "clinicaltrials-gov", "ClinicalTrials.gov", settings.clinicaltrials_gov_url, "json", POLITE_PER_SECOND, kept=kept
        ),
    )
