"""Everything an operator can set, read from EVIDENCE_* in the environment and from nowhere else."""

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DEFAULT_DATABASE_URL = f"sqlite:///{PROJECT_ROOT / 'var' / 'evidence.sqlite3'}"
DEFAULT_SOURCE_CACHE = PROJECT_ROOT / "var" / "source-replies.sqlite3"
SECURE_ADDRESS = re.compile(r"^https://[^\s/?#@]+(/[^\s?#]*)?$")
LOCAL_ADDRESS = re.compile(r"^http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/[^\s?#]*)?$")  # a mirror or a test on this machine
RATE_PATTERN = r"^(off|[1-9]\d*/(second|minute|hour|day))$"


class Settings(BaseSettings):
    """One attribute per setting: `EVIDENCE_DATABASE_URL` sets `database_url`, and so on."""

    model_config = SettingsConfigDict(env_prefix="EVIDENCE_", extra="ignore", frozen=True)

    database_url: str = DEFAULT_DATABASE_URL
    database_read_url: str | None = None  # a streaming replica for reads; None: reads go where writes go
    replica_late_seconds: float = Field(default=5, gt=0, le=3600)  # a replica that lacks an entry for longer is not read
    migration_lock_seconds: float = Field(default=3, gt=0, le=600)  # how long a migration may make others wait for a table (PostgreSQL)
    drain_seconds: float = Field(default=0, ge=0, le=300)  # from SIGTERM until no more connections are taken; unready meanwhile
    shutdown_seconds: int = Field(default=20, ge=1, le=600)  # how long requests under way may then take

    rate_limit: str = Field(default="1200/minute", pattern=RATE_PATTERN)  # reads, per client; "off" switches all limits off
    rate_limit_writes: str = Field(default="120/minute", pattern=RATE_PATTERN)
    max_body_bytes: int = Field(default=5_000_000, gt=0)
    max_import_bytes: int = Field(default=200_000_000, gt=0, le=500_000_000)  # a file of references
    reply_cache_bytes: int = Field(default=64_000_000, ge=0)  # encoded answers to anonymous reads, in each process; 0: none are kept
    workers: bool = True  # whether this process runs imports beside its requests
    job_poll_seconds: float = Field(default=0.5, gt=0, le=60)
    job_lost_seconds: float = Field(default=60, ge=1, le=3600)  # a job not heard of for so long belongs to a dead process

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"

    metrics_token: SecretStr | None = None  # whoever reads /metrics must send it; None: anybody may

    cors_origins: Annotated[tuple[str, ...], NoDecode] = ("*",)  # comma-separated in the environment
    public_url: str = "http://127.0.0.1:8000"  # how the outside reaches this installation
    one_person: bool = False  # lets a curator decide on a submission of his own
    contact: str | None = None  # an address for users, and for the services that are asked for records

    # The literature services that look-ups ask; an address of one's own is a mirror.
    pubmed_url: str = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
    pubmed_api_key: SecretStr | None = None  # raises PubMed's limit from 3 requests a second to 10
    europe_pmc_url: str = "https://www.ebi.ac.uk/europepmc/webservices/rest"
    crossref_url: str = "https://api.crossref.org"
    clinicaltrials_gov_url: str = "https://clinicaltrials.gov/api/v2"
    source_cache: Path | None = DEFAULT_SOURCE_CACHE  # where their replies are kept for a day at most; empty: nowhere
    source_connect_seconds: float = Field(default=5, gt=0, le=60)
    source_read_seconds: float = Field(default=10, gt=0, le=300)
    source_total_seconds: float = Field(default=20, gt=0, le=600)  # one question to one service, all repeats and waits included

    @field_validator("database_read_url")
    @classmethod
    def check_replica(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and not (value.startswith("postgresql") and str(info.data.get("database_url", "")).startswith("postgresql")):
            raise ValueError("a replica is one of PostgreSQL: this and EVIDENCE_DATABASE_URL must begin with postgresql")
        return value or None

    @field_validator("cors_origins", mode="before")
    @classmethod
    def split_origins(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("public_url")
    @classmethod
    def check_public_url(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("public_url must begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("source_cache", mode="before")
    @classmethod
    def nowhere_if_empty(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("pubmed_url", "europe_pmc_url", "crossref_url", "clinicaltrials_gov_url")
    @classmethod
    def check_service_address(cls, value: str) -> str:
        if not SECURE_ADDRESS.match(value) and not LOCAL_ADDRESS.match(value):
            raise ValueError("must be an https:// address without query, or http:// on this machine")
        return value.rstrip("/")


@cache
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
