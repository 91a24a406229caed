"""`evidence key`: make and revoke API keys."""

import argparse

from app.actions.api_keys import create_key, revoke_key
from app.cli.commands import Commands, complain
from app.cli.database import migrated
from app.database import transaction
from app.identifiers import normalise_orcid
from app.vocabulary import Role


def add_to(commands: Commands) -> None:
    keys = commands.family("key", "Make and revoke API keys.")
    create = keys.add("create", _create_key, "Make a key; it is the last line printed, and shown this once.")
    create.add_argument("name")
    create.add_argument("--role", required=True, choices=[role.value for role in Role])
    create.add_argument("--orcid")
    revoke = keys.add("revoke", _revoke_key, "Revoke a key by its prefix.")
    revoke.add_argument("prefix")


def _create_key(options: argparse.Namespace) -> int:
    try:
        orcid = normalise_orcid(options.orcid) if options.orcid else None
    except ValueError as error:
        return complain(f"--orcid {error}")
    with migrated() as engine, transaction(engine) as session:
        text = create_key(session, name=options.name, role=Role(options.role), orcid=orcid)
    print(f"key for {options.name} ({options.role}); it is shown this once:")
    print(text)
    return 0


def _revoke_key(options: argparse.Namespace) -> int:
    with migrated() as engine, transaction(engine) as session:
        key = revoke_key(session, options.prefix)
    print(f"{key.prefix} ({key.name}) is revoked")
    return 0
