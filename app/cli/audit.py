"""`evidence audit`: who did what he should not have done alone, or not at all."""

import argparse
from collections import Counter

from app.cli.commands import Commands, complain
from app.cli.database import migrated
from app.database import reading
from app.queries.audit import ASKED, audit
from app.queries.audit_acts import Finding
from app.queries.people import ACTS_WITHOUT_SECOND_PERSON
from app.vocabulary import AuditQuestion


def add_to(commands: Commands) -> None:
    asked = commands.add(
        "audit", _audit, "Ask the ledger and the tables who acted alone or should not have acted; exit 1 if anything is found."
    )
    asked.add_argument("questions", nargs="*", metavar="QUESTION", help=f"some of {', '.join(AuditQuestion)}; without it all")
    asked.add_argument("--exceptions", action="store_true", help="list also what a named exception allows, not only its number")


def _audit(options: argparse.Namespace) -> int:
    unknown = [name for name in options.questions if name not in list(AuditQuestion)]
    if unknown:
        return complain(f"the audit has no question {unknown[0]!r}; it has {', '.join(AuditQuestion)}")
    questions = [question for question in AuditQuestion if not options.questions or question in options.questions]
    with migrated() as engine, reading(engine) as session:
        found = audit(session)
    for question in questions:
        print(f"{question}: {len(found.findings[question]) or 'nothing'} ({ASKED[question]})")
        for one in found.findings[question]:
            print(f"  {_text(one)}")
        _print_exceptions(found.exceptions[question], whole=options.exceptions)
    count = sum(len(found.findings[question]) for question in questions)
    print("nothing found" if count == 0 else "1 finding" if count == 1 else f"{count} findings")
    return 1 if count else 0


def _print_exceptions(exceptions: list[Finding], *, whole: bool) -> None:
    for exception, number in Counter(one.exception for one in exceptions).items():
        if exception is not None:
            print(f"  allowed, {exception}: {number} ({ACTS_WITHOUT_SECOND_PERSON[exception]})")
    for one in exceptions if whole else ():
        print(f"    {_text(one)}")


def _text(found: Finding) -> str:
    entry = "in no entry" if found.sequence is None else f"entry {found.sequence}"
    at = "" if found.at is None else f", {found.at.strftime('%Y-%m-%d %H:%M:%S')} UTC"
    who = f"{found.who.name} ({found.who.id}{f', ORCID {found.who.orcid}' if found.who.orcid else ''})"
    what = found.subject if found.revision is None else f"{found.subject} revision {found.revision}"
    return f"{entry}{at}, {who}, {what}: {found.detail}"
