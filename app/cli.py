"""`evidence`: the command line. Every command reads EVIDENCE_DATABASE_URL and the other settings."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn
from pydantic import ValidationError
from pydantic_core import to_json
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from app.actions import ledger
from app.actions.api_keys import create_key, revoke_key
from app.actions.recompute import BATCH, Cause, recompute_all
from app.actions.verification import verify
from app.actor import MAINTENANCE
from app.database import HEAD_REVISION, make_engine, migration_revision, reading, transaction
from app.errors import Problem
from app.identifiers import normalise_orcid
from app.queries.reproduction import Reproduction, list_moves, past_rating_to_json, reproduce
from app.seed import SEED_DATA, seed
from app.settings import PROJECT_ROOT, get_settings
from app.vocabulary import Role

MAX_DIFFERENCES_SHOWN = 200


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0 when it did what it should."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except Problem as problem:
        details = "".join(f"\n  {error.as_json()}" for error in problem.errors)
        print(f"evidence: {problem.detail}{details}", file=sys.stderr)
        return 1
    except ValidationError as error:
        for fault in error.errors():
            print(f"evidence: EVIDENCE_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}", file=sys.stderr)
        return 2
    except OperationalError as error:
        print(f"evidence: the database does not answer: {error.orig}", file=sys.stderr)
        return 1


def command_names() -> list[str]:
    """Every command, as `evidence --help` lists them."""
    choices = next(action.choices for action in _parser()._actions if isinstance(action, argparse._SubParsersAction))
    return list(choices)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="evidence", description="Evidence Ledger: studies in, explained ratings out.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        return sub

    migrate = add("migrate", _migrate, "Bring the database to the newest migration (or to --to REVISION).")
    migrate.add_argument("--to", default="head")
    load = add("seed", _seed, "Load the founding data; loading twice is the same as once.")
    load.add_argument("--folder", type=Path, default=SEED_DATA)
    serve = add("serve", _serve, "Serve the API.")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--workers", type=int, default=1)
    serve.add_argument("--prepare", action="store_true", help="migrate and load the founding data first")
    add("verify", _verify, "Work everything out anew, compare, and exit 1 if anything differs.")
    add("recompute", _recompute, "Rate everything anew, as of today; each rating that moves is a ledger entry.")
    again = add("reproduce", _reproduce, "Compute past ratings again from their kept inputs; exit 1 if one comes out otherwise.")
    again.add_argument("pair", nargs="?", metavar="CONDITION/INTERVENTION", help="one rating; without it all")
    again.add_argument("--sequence", type=int, help="the rating that the history has at this ledger entry, whole, as JSON")
    health = add("health", _health, "Ask a running service whether it is ready; exit 1 if not.")
    health.add_argument("--url", default="http://127.0.0.1:8000")
    keys = add("key", _show_usage_of("key"), "Make and revoke API keys.").add_subparsers(required=True, metavar="ACTION")
    create = keys.add_parser("create", help="Make a key; it is the last line printed, and shown this once.")
    create.add_argument("name")
    create.add_argument("--role", required=True, choices=[role.value for role in Role])
    create.add_argument("--orcid")
    create.set_defaults(command=_create_key)
    revoke = keys.add_parser("revoke", help="Revoke a key by its prefix.")
    revoke.add_argument("prefix")
    revoke.set_defaults(command=_revoke_key)
    return parser


def _show_usage_of(name: str) -> Callable[[argparse.Namespace], int]:
    def show(_options: argparse.Namespace) -> int:
        print(f"evidence {name}: an action is needed", file=sys.stderr)
        return 2

    return show


def _migrate(options: argparse.Namespace) -> int:
    migrate_database(get_settings().database_url, options.to)
    return 0


def migrate_database(url: str, revision: str = "head") -> None:
    """Run the migrations up or down to a revision. Alembic is imported here alone: a service that only serves need not load it."""
    engine = make_engine(url)
    with reading(engine) as session:
        current = migration_revision(session)
    engine.dispose()
    if current == (HEAD_REVISION if revision == "head" else revision):
        return
    from alembic import command
    from alembic.config import Config

    config = Config(str(PROJECT_ROOT / "alembic.ini"))
    config.attributes["url"] = url
    if revision == "head" or (revision != "base" and (current or "") <= revision):
        command.upgrade(config, revision)
    else:
        command.downgrade(config, revision)


def _seed(options: argparse.Namespace) -> int:
    if not options.folder.is_dir():
        print(f"evidence: there is no folder {options.folder}", file=sys.stderr)
        return 1
    with _migrated() as engine:
        report = seed(engine, options.folder)
    print(
        f"{report.records_written} reference records written, {len(report.studies_added)} studies added, "
        f"{len(report.studies_amended)} amended, {report.ratings_moved} ratings moved"
    )
    for key in (*report.records_left, *report.studies_left):
        print(f"left as people amended it: {key}")
    return 0


def _serve(options: argparse.Namespace) -> int:
    if options.prepare:
        migrate_database(get_settings().database_url)
    with _migrated() as engine:
        if options.prepare:
            seed(engine)
    print(f"Evidence Ledger at http://{options.host}:{options.port} (API pages under /docs); Ctrl+C stops it", flush=True)
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=options.host,
        port=options.port,
        workers=options.workers,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=20,
    )
    return 0


def _verify(_options: argparse.Namespace) -> int:
    count = 0
    with _migrated() as engine, reading(engine) as session:
        for count, difference in enumerate(verify(session), start=1):
            if count <= MAX_DIFFERENCES_SHOWN:
                print(difference)
    if count > MAX_DIFFERENCES_SHOWN:
        print(f"... and {count - MAX_DIFFERENCES_SHOWN} more")
    print("nothing differs" if count == 0 else f"{count} differences")
    return 1 if count else 0


def _recompute(_options: argparse.Namespace) -> int:
    with _migrated() as engine, transaction(engine) as session:
        change = ledger.append(
            session,
            by=MAINTENANCE,
            action="ledger.recomputed",
            subject="ledger:ratings",
            summary="Every rating was computed anew",
            details={},
        )
        moved = recompute_all(session, by=MAINTENANCE, cause=Cause(change, "every rating was computed anew", change.occurred_at.date()))
    print(f"{len(moved)} ratings moved")
    for impact in moved:
        print(f"{impact.condition} × {impact.intervention}: {impact.after.certainty}")
    return 0


def _reproduce(options: argparse.Namespace) -> int:
    condition, _, intervention = (options.pair or "").partition("/")
    same = True
    with _migrated() as engine, reading(engine) as session:
        moves = list_moves(session, (condition, intervention) if options.pair else None, options.sequence)
        for start in range(0, len(moves), BATCH):
            for again in reproduce(session, moves[start : start + BATCH]):
                same = same and again.reproduced is not False
                print(_reproduction_text(again, whole=options.sequence is not None))
    if not moves:
        print("evidence: the history of ratings has no such row", file=sys.stderr)
    return 0 if moves and same else 1


def _reproduction_text(again: Reproduction, *, whole: bool) -> str:
    content = past_rating_to_json(again)
    if whole:
        return to_json(content, indent=2).decode()
    outcome = {True: "comes out the same", False: "comes out otherwise", None: "cannot be computed again"}[again.reproduced]
    said = f"{content['condition']} × {content['intervention']} at entry {content['sequence']} ({content['certainty']}): {outcome}"
    return f"{said}. {again.reason}" if again.reason else said


def _create_key(options: argparse.Namespace) -> int:
    try:
        orcid = normalise_orcid(options.orcid) if options.orcid else None
    except ValueError as error:
        print(f"evidence: --orcid {error}", file=sys.stderr)
        return 1
    with _migrated() as engine, transaction(engine) as session:
        text = create_key(session, name=options.name, role=Role(options.role), orcid=orcid)
    print(f"key for {options.name} ({options.role}); it is shown this once:")
    print(text)
    return 0


def _revoke_key(options: argparse.Namespace) -> int:
    with _migrated() as engine, transaction(engine) as session:
        key = revoke_key(session, options.prefix)
    print(f"{key.prefix} ({key.name}) is revoked")
    return 0


def _health(options: argparse.Namespace) -> int:
    try:
        answer = httpx.get(f"{options.url}/health/ready", timeout=5)
    except httpx.HTTPError as error:
        print(f"evidence: {options.url} does not answer: {error}", file=sys.stderr)
        return 1
    print(answer.text)
    return 0 if answer.status_code == httpx.codes.OK else 1


@contextmanager
def _migrated() -> Iterator[Engine]:
    """The database of the settings, if it stands at the newest migration; else say what to do."""
    engine = make_engine(get_settings().database_url)
    try:
        with reading(engine) as session:
            stands_at = migration_revision(session)
        if stands_at != HEAD_REVISION:
            print(
                f"evidence: the database stands at migration {stands_at}, this version needs {HEAD_REVISION}; run `evidence migrate`",
                file=sys.stderr,
            )
            raise SystemExit(1)
        yield engine
    finally:
        engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
