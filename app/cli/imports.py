"""`evidence import`: a file of references, read and reported; with --commit its new records become drafts."""

import argparse
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine

from app.actions.imports import commit_import, receive_file, upload_import
from app.actor import Actor
from app.cli.commands import Commands, complain
from app.cli.database import migrated
from app.cli.import_progress import see_through
from app.cli.import_report import report_import
from app.database import reading, transaction
from app.errors import FieldProblem, InvalidBody
from app.models import ReferenceImport
from app.models.base import utc_now
from app.queries.api_keys import is_called, key_state, load_keys
from app.queries.people import as_actor
from app.settings import get_settings
from app.vocabulary import KeyState

OPTIONS = {"conditions": "--condition", "intervention": "--intervention"}


def add_to(commands: Commands) -> None:
    text = "Read a file of references and report every record; exit 1 if one could not be read."
    add = commands.add("import", _import, text)
    add.add_argument("file", type=Path)
    add.add_argument("--as", dest="holder", required=True, metavar="KEY", help="name or prefix of the key of the person who imports")
    add.add_argument("--commit", action="store_true", help="make drafts of the new records, all or none")
    add.add_argument("--intervention", metavar="SLUG", help="of every record that names none")
    add.add_argument("--condition", metavar="SLUG", action="append", default=[], help="of every record that names none; may be repeated")


def _import(options: argparse.Namespace) -> int:
    if not options.file.is_file():
        return complain(f"there is no file {options.file}")
    with migrated() as engine:
        by = holder_of(engine, options.holder)
        with options.file.open("rb") as stream:
            file = receive_file(stream, options.file.name, max_bytes=get_settings().max_import_bytes)
            print(f"{file.name}: {file.sniffed.format}{f', {file.sniffed.encoding}' if file.sniffed.encoding else ''}, {file.size:,} bytes")
            with transaction(engine) as session:
                chosen = {"intervention": options.intervention, "conditions": tuple(dict.fromkeys(options.condition))}
                try:
                    row, job = upload_import(session, file, by=by, **chosen)
                except InvalidBody as refused:
                    raise _by_option(refused) from None
        done = see_through(engine, job, "reading")
        if done and options.commit:
            with transaction(engine) as session:
                job = commit_import(session, session.get_one(ReferenceImport, row.id), by=by)
            done = see_through(engine, job, "writing")
        reported = report_import(engine, row.id, committed=options.commit)
        return reported if done else 1


def _by_option(refused: InvalidBody) -> InvalidBody:
    """The same, with the names of the options in the place of the members."""
    told = [one for one in refused.errors if isinstance(one, FieldProblem)]
    problems = [replace(one, pointer=next((OPTIONS[name] for name in OPTIONS if name in one.pointer), one.pointer)) for one in told]
    return InvalidBody(refused.detail, errors=problems)


def holder_of(engine: Engine, named: str) -> Actor:
    """Who imports: drafts have an author, so that somebody else can be asked to review them."""
    with reading(engine) as session:
        keys = [key for key in load_keys(session) if is_called(key, named)]
    key = next((key for key in keys if key_state(key, utc_now()) is KeyState.ACTIVE), None)
    if key is None:
        raise InvalidBody(
            f"no key in force has the name or the prefix {named!r}", errors=[FieldProblem("--as", "a key of this installation")]
        )
    return as_actor(key)
