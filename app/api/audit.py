"""The audit, for curators: who did what he should not have done alone, or not at all."""

from fastapi import APIRouter, Request, Response

from app.errors import NotFound
from app.queries.answer_meta import newest_sequence
from app.queries.audit import ASKED, AUDIT_FINDINGS, audit, finding_id, list_findings
from app.queries.audit_acts import Finding
from app.queries.paging import Page
from app.queries.people import ACTS_WITHOUT_SECOND_PERSON
from app.schemas.audit import AuditActor, AuditAnswer, AuditFinding, AuditReport, AuditSummary
from app.vocabulary import AuditQuestion
from app.web.conditional import reply
from app.web.dependencies import Curator, ReadSession
from app.web.list_reply import read_query, reply_list
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1/audit", tags=["audit"])


@router.get("", response_model=AuditReport, dependencies=[NO_PARAMETERS])
def get_audit(request: Request, by: Curator, session: ReadSession) -> Response:
    """Ask the ledger and the tables every question of the audit, and count the answers."""
    found = audit(session)
    items = [
        AuditSummary(
            question=question,
            text=text,
            findings=len(found.findings[question]),
            exceptions=len(found.exceptions[question]),
            href=f"/v1/audit/{question}",
        )
        for question, text in ASKED.items()
    ]
    report = AuditReport(
        clean=found.count == 0, items=items, exceptions=ACTS_WITHOUT_SECOND_PERSON, sequence=newest_sequence(session, None)
    )
    return reply(request, report)


@router.get("/{question}", response_model=AuditAnswer, openapi_extra={"parameters": AUDIT_FINDINGS.describe()})
def get_audit_question(request: Request, question: str, by: Curator, session: ReadSession) -> Response:
    """List what answers one question of the audit: the findings, or with `excepted=true` what a named exception allows."""
    named = next((one for one in AuditQuestion if one == question), None)
    if named is None:
        raise NotFound(f"The audit has no question {question[:60]!r}; it has {', '.join(AuditQuestion)}.")
    asked = read_query(request, AUDIT_FINDINGS, AuditFinding)
    found = audit(session)
    about = {
        "question": named,
        "text": ASKED[named],
        "findings": len(found.findings[named]),
        "exceptions": len(found.exceptions[named]),
        "sequence": newest_sequence(session, None),
    }
    page = list_findings(found, named, asked)
    items = Page([_finding(one).model_dump(mode="json") for one in page.items], page.limit, page.next, page.total)
    return reply_list(request, asked, items, AuditFinding, beside=about)


def _finding(found: Finding) -> AuditFinding:
    return AuditFinding(
        id=finding_id(found),
        sequence=found.sequence,
        at=found.at,
        who=AuditActor(id=found.who.id, name=found.who.name, orcid=found.who.orcid),
        subject=found.subject,
        revision=found.revision,
        detail=found.detail,
        exception=found.exception,
    )
