"""`evidence check-registrations`: count what time made overdue, and ask ClinicalTrials.gov what it says anew."""

import argparse
from contextlib import closing
from dataclasses import dataclass, field

from sqlalchemy import Engine

from app.actions.registration_check import newly_overdue, rate_overdue, registry_differences, report_differences
from app.actions.source_health import HealthKeeper
from app.cli.commands import Commands, complain, counted
from app.cli.database import migrated
from app.cli.retractions import moved_text
from app.database import reading, transaction
from app.errors import SourceProblem, UnknownIdentifier
from app.models import Study
from app.models.base import utc_now
from app.queries.registrations import AcceptedRegistration, load_accepted_registrations, load_unlinked_reports
from app.schemas.lookup import SourceRecord
from app.settings import get_settings
from app.sources import clinicaltrials_gov
from app.sources.client import SourceClient
from app.sources.service import KEPT_FOR_DAILY

PATIENCE = 3
MAX_FAILURES_SHOWN = 20


def add_to(commands: Commands) -> None:
    text = "Rate anew what time alone made overdue, and ask ClinicalTrials.gov what it says anew of registered trials, for a curator."
    check = commands.add("check-registrations", _check, text)
    check.add_argument("--dry-run", action="store_true", help="say what would be done; no rating moves and no notice is stored")
    check.add_argument("--offline", action="store_true", help="ask nobody: only what time made overdue")


@dataclass(slots=True)
class _Run:
    engine: Engine
    dry_run: bool
    asked: int = 0
    notices: int = 0
    failures: list[str] = field(default_factory=list)


def _check(options: argparse.Namespace) -> int:
    with migrated() as engine:
        run = _Run(engine, options.dry_run)
        if not options.offline:
            with closing(HealthKeeper(engine)) as keeper, SourceClient(get_settings(), tell=keeper.tell, kept=KEPT_FOR_DAILY) as client:
                _ask_registry(run, client)
        _count_overdue(run)
    for failure in run.failures[:MAX_FAILURES_SHOWN]:
        complain(failure)
    if len(run.failures) > MAX_FAILURES_SHOWN:
        complain(f"and {len(run.failures) - MAX_FAILURES_SHOWN} more questions without an answer")
    return 1 if run.failures else 0


def _ask_registry(run: _Run, client: SourceClient) -> None:
    """Every accepted registration of ClinicalTrials.gov; where it fails several times in a row the rest is not asked."""
    with reading(run.engine) as session:
        registrations = load_accepted_registrations(session)
    in_a_row = 0
    for one in registrations:
        if in_a_row >= PATIENCE:
            run.failures.append(f"{one.key}: not asked, the registry is down")
            continue
        try:
            _tell(run, one, clinicaltrials_gov.fetch(client, one.registration))
            in_a_row = 0
        except UnknownIdentifier:
            print(f"{one.key}: ClinicalTrials.gov has no trial {one.registration}")
            in_a_row = 0
        except SourceProblem as problem:
            run.failures.append(f"{one.key}: {problem.detail}")
            in_a_row += 1
    asked, notices = counted(run.asked, "registration", "registrations"), counted(run.notices, "new notice", "new notices")
    print(f"{asked} compared with the registry; {notices} for a curator")


def _tell(run: _Run, one: AcceptedRegistration, record: SourceRecord) -> None:
    run.asked += 1
    trial = record.trial
    if trial is None:
        return
    with reading(run.engine) as session:
        reports = load_unlinked_reports(session, one.registration, [row.pmid for row in trial.publications if row.pmid is not None])
    differences = registry_differences(one.document, trial, reports)
    for line in differences:
        print(f"{one.key}: {line}")
    if differences and not run.dry_run:
        with transaction(run.engine) as session:
            run.notices += report_differences(session, session.get_one(Study, one.id), differences, record) is not None


def _count_overdue(run: _Run) -> None:
    with reading(run.engine) as session:
        newly = newly_overdue(session, utc_now().date())
    for row in newly:
        print(f"{row.key}: overdue for {row.condition} × {row.intervention}: completed {row.completed_on}, no usable result since")
    if not newly:
        print("no registered trial became overdue since its rating was made")
    elif not run.dry_run:
        with transaction(run.engine) as session:
            moved = [text for impact in rate_overdue(session) if (text := moved_text(impact)) is not None]
        for text in moved:
            print(f"  {text}")
