"""A database with rows in every table, made by the acts that make them, and with values that are easily lost on the way."""

import io
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.actions.api_keys import authenticate, create_key
from app.actions.appraisals import make_appraisal
from app.actions.imports import commit_import, receive_file, upload_import
from app.actions.jobs import claim_job
from app.actions.retraction_check import check_study, note_checks
from app.actions.source_health import HealthKeeper
from app.actor import Actor
from app.database import reading, transaction
from app.errors import SourceUnavailable
from app.models import IdempotencyKey, ReferenceImport
from app.schemas.lookup import NoticeKind
from app.vocabulary import Domain, Role
from app.workers.jobs import run_job
from tests.actions import test_verify_extractions, test_verify_workflow
from tests.actions.test_retraction_check import answers, reported
from tests.api.importing import HEAD, NECK, ris
from tests.factories import CLARA, a_result, an_accepted_study

AWKWARD_TEXT = "tab\t, backslash \\, \\N, \\., line\r\nend, \u2028, quote ' \", astral \U0001f9e0, combining e\u0301, end \\"
AWKWARD_NUMBER = 0.1 + 0.2
ON_THE_SECOND = datetime(2026, 11, 29, 12, 0, 0, 0, tzinfo=UTC)
BODY = "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"


def fill_every_table(engine: Engine) -> None:
    """Beside what is there already: drafts, reviews, extractions, imports, keys, notices, jobs, one of each state that is cheaply made."""
    with transaction(engine) as session:
        by = authenticate(session, create_key(session, name=f"Ann {AWKWARD_TEXT[-30:-1].strip()}", role=Role.CONTRIBUTOR))
        test_verify_extractions.do_everything(session)
    with transaction(engine) as session:
        test_verify_workflow.do_everything(session)
    with transaction(engine) as session:
        _appraise_and_notice(session)
        session.add(IdempotencyKey(actor=by.id, key="k", request_hash="", created_at=ON_THE_SECOND, headers="", body=AWKWARD_TEXT))
    keeper = HealthKeeper(engine)
    keeper.tell("crossref", SourceUnavailable("Crossref answers with status 503."))
    keeper.close()
    _import(engine, by)


def _appraise_and_notice(session: Session) -> None:
    make_appraisal(session, BODY, by=CLARA, domain=Domain.INDIRECTNESS, levels=1, rationale=AWKWARD_TEXT, conflict_of_interest="none")
    figures = {"n": 60, "mean": AWKWARD_NUMBER, "sd": 17.1}
    title = "A trial that somebody took back"
    study = an_accepted_study(session, title=title, doi="10.1000/trial", results=[a_result(treatment=figures)])
    given = answers(study, reported(NoticeKind.CORRECTION), title=title)
    check_study(session, given)
    note_checks(session, [given])


def _import(engine: Engine, by: Actor) -> None:
    """One that became drafts, and one whose file waits for a worker."""
    with transaction(engine) as session:
        row, _ = upload_import(session, receive_file(io.BytesIO(ris(NECK, HEAD)), "read.ris", max_bytes=10_000), by=by)
    _work(engine)
    with transaction(engine) as session:
        commit_import(session, session.get_one(ReferenceImport, row.id), by=by)
    _work(engine)
    with reading(engine) as session:
        assert session.get_one(ReferenceImport, row.id).state == "committed"
    with transaction(engine) as session:
        upload_import(session, receive_file(io.BytesIO(ris(NECK)), "waits.ris", max_bytes=10_000), by=by)


def _work(engine: Engine) -> None:
    job = claim_job(engine, lost_after=timedelta(minutes=1))
    assert job is not None
    run_job(engine, job)
