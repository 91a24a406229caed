"""`evidence check-retractions`: ask Crossref and PubMed for every accepted study, and act on what they report."""

import argparse
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from sqlalchemy import ColumnElement, Engine

from app.actions.recompute import rating_moved
from app.actions.retraction_check import CheckedStudy, check_study, note_checks, reason_of, sift
from app.actions.source_health import HealthKeeper
from app.cli.commands import Commands, complain, counted
from app.cli.database import migrated
from app.database import reading, transaction
from app.identifiers import normalise_doi, normalise_pmid, study_reference
from app.queries.impact import RatingImpact
from app.queries.notices import checkable, count_studies, load_publications
from app.schemas.lookup import SourceName
from app.settings import get_settings
from app.sources.client import SourceClient
from app.sources.notices import NOTICE_SOURCES, Answers, NoticeInquiry
from app.sources.pubmed import BATCH
from app.sources.service import KEPT_FOR_DAILY
from app.synthesis.rating import to_json
from app.vocabulary import NoticeStatus

BECAME = {
    NoticeStatus.ACTED_ON: "acted on",
    NoticeStatus.OPEN: "left open for a curator",
    NoticeStatus.KNOWN: "asks for nothing more: the record says so already",
}
MAX_FAILURES_SHOWN = 20


def add_to(commands: Commands) -> None:
    text = "Ask Crossref and PubMed for retractions and corrections of accepted studies and act on them; exit 1 if a source is silent."
    check = commands.add("check-retractions", _check, text)
    check.add_argument("--dry-run", action="store_true", help="say what would be done and which ratings would move; nothing is marked")
    check.add_argument("--since", type=_day, metavar="DATE", help="leave out studies that were checked on this day (UTC) or later")
    which = "its key, id, doi:… or pmid:…, or an address of these; may be repeated"
    check.add_argument("--only", action="append", default=[], type=_name, metavar="STUDY", help=which)


def _day(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as 2026-11-29") from None


def _name(text: str) -> str:
    """A DOI, PubMed id or our id as it is stored, whether bare, named or as an address; a key as it is given."""
    with suppress(ValueError):
        return study_reference(text).value
    with suppress(ValueError):
        return normalise_doi(text)
    with suppress(ValueError):
        return normalise_pmid(text)
    return text


class _NotWritten(Exception):
    """Ends the transaction of a dry run: all was done as it would be, and is taken back."""


@dataclass(slots=True)
class _Run:
    """What a run has come to so far."""

    engine: Engine
    dry_run: bool
    studies: int = 0
    notices: int = 0
    answered: dict[SourceName, int] = field(default_factory=lambda: dict.fromkeys(NOTICE_SOURCES, 0))
    failures: list[str] = field(default_factory=list)


def _check(options: argparse.Namespace) -> int:
    which = checkable(options.only, options.since)
    with migrated() as engine:
        if unknown := _unknown(engine, options.only):
            for name in unknown:
                complain(f"no accepted study with a DOI or PubMed id is called {name!r}; nothing was asked")
            return 1
        run = _Run(engine, options.dry_run)
        with closing(HealthKeeper(engine)) as keeper, SourceClient(get_settings(), tell=keeper.tell, kept=KEPT_FOR_DAILY) as client:
            _ask_all(run, NoticeInquiry(client), which)
    return _summarise(run)


def _unknown(engine: Engine, names: Sequence[str]) -> list[str]:
    with reading(engine) as session:
        return [name for name in dict.fromkeys(names) if count_studies(session, checkable([name], None)) == 0]


def _ask_all(run: _Run, inquiry: NoticeInquiry, which: ColumnElement[bool]) -> None:
    """Batch by batch; no transaction is open while the services are asked."""
    after = ""
    while True:
        with reading(run.engine) as session:
            publications = load_publications(session, which, after=after, limit=BATCH)
        if not publications:
            return
        after = publications[-1].study_id
        _take(run, inquiry.ask(publications))


def _take(run: _Run, answers: Sequence[Answers]) -> None:
    """Each study with news is a transaction of its own; the others leave the date of the check."""
    with reading(run.engine) as session:
        sifted = sift(session, answers)
    if not run.dry_run:
        with transaction(run.engine) as session:
            note_checks(session, sifted.quiet)
    for one in answers:
        _count(run, one)
        if one.publication.study_id in sifted.remarks:
            _print_remarks(one.publication.key, sifted.remarks[one.publication.study_id])
        else:
            _tell(run, _check_one(run, one))


def _check_one(run: _Run, answers: Answers) -> CheckedStudy:
    found: list[CheckedStudy] = []
    try:
        with transaction(run.engine) as session:
            found.append(check_study(session, answers))
            if run.dry_run:
                raise _NotWritten
    except _NotWritten:
        pass
    return found[0]


def _count(run: _Run, answers: Answers) -> None:
    run.studies += 1
    for source in answers.answered:
        run.answered[source] += 1
    run.failures += [f"{answers.publication.key}: {problem.detail}" for problem in answers.problems.values()]


def _tell(run: _Run, checked: CheckedStudy) -> None:
    for notice in checked.notices:
        run.notices += 1
        doubt = f" ({notice.doubt})" if notice.doubt and notice.status is NoticeStatus.OPEN else ""
        print(f"{checked.key}: {reason_of(notice.reported)}: {BECAME[notice.status]}{doubt}")
    for impact in checked.moved:
        if (said := moved_text(impact)) is not None:
            print(f"  {said}")
    _print_remarks(checked.key, checked.remarks)


def moved_text(impact: RatingImpact) -> str | None:
    before, after = impact.before, to_json(impact.after)
    if not rating_moved(before, after):
        return None
    was = before["certainty"] if before is not None else "not rated"
    return f"{impact.condition} × {impact.intervention}: {was} → {after['certainty']}, {after['eligible_studies']} studies"


def _print_remarks(key: str, remarks: Sequence[str]) -> None:
    for remark in remarks:
        print(f"{key}: {remark}")


def _summarise(run: _Run) -> int:
    counts = ", ".join(f"{source}: {number}" for source, number in run.answered.items())
    said = "nothing was marked" if run.dry_run else "the ledger has them"
    studies, notices = counted(run.studies, "study", "studies"), counted(run.notices, "new notice", "new notices")
    print(f"{studies} asked for (answers by {counts}); {notices}; {said}")
    for failure in run.failures[:MAX_FAILURES_SHOWN]:
        complain(failure)
    if len(run.failures) > MAX_FAILURES_SHOWN:
        complain(f"and {len(run.failures) - MAX_FAILURES_SHOWN} more questions without an answer")
    return 1 if run.failures else 0
