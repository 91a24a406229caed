"""`evidence`: the command line. Every command reads EVIDENCE_DATABASE_URL and the other settings."""

import argparse
from collections.abc import Sequence

from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from app.cli import database, keys, ratings, service
from app.cli.commands import Commands, complain
from app.errors import Problem

FAMILIES = (database, service, ratings, keys)
"""The files of commands, in the order of `evidence --help`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0 when it did what it should."""
    options = _parser()[0].parse_args(arguments)
    try:
        return int(options.command(options))
    except Problem as problem:
        details = "".join(f"\n  {error.as_json()}" for error in problem.errors)
        return complain(f"{problem.detail}{details}")
    except ValidationError as error:
        for fault in error.errors():
            complain(f"EVIDENCE_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}")
        return 2
    except OperationalError as error:
        return complain(f"the database does not answer: {error.orig}")


def command_names() -> list[str]:
    """Every command, as `evidence --help` lists them."""
    return _parser()[1].names


def _parser() -> tuple[argparse.ArgumentParser, Commands]:
    parser = argparse.ArgumentParser(prog="evidence", description="Evidence Ledger: studies in, explained ratings out.")
    commands = Commands(parser, "COMMAND")
    for family in FAMILIES:
        family.add_to(commands)
    return parser, commands
