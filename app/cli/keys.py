"""`evidence key`: make, show, change, rotate and revoke API keys."""

import argparse
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar

from pydantic import ValidationError

from app.actions.api_keys import change_key, create_key, revoke_key, rotate_key
from app.cli.commands import Commands, complain
from app.cli.database import migrated
from app.database import reading, transaction
from app.errors import FieldProblem, InvalidBody
from app.identifiers import normalise_orcid
from app.models import ApiKey
from app.queries.api_keys import get_key, get_key_named, load_keys, read_key
from app.schemas.api_key import DEFAULT_GRACE_DAYS, MAX_GRACE_DAYS, ApiKeyRevocation, ApiKeyRotation, ApiKeyUpdate
from app.schemas.base import Shape
from app.vocabulary import Role

ROLES = [role.value for role in Role]
NOTHING = "-"
NEVER = "never"
NOBODY = "none"
OPTIONS = {"expires_at": "--expires", "grace_days": "--grace", "reason": "--reason"}
Asked = TypeVar("Asked", bound=Shape)
COLUMNS = ("prefix", "role", "state", "ORCID iD", "expires", "last used", "name")


def add_to(commands: Commands) -> None:
    keys = commands.family("key", "Make, show, change, rotate and revoke API keys.")
    create = keys.add("create", _create_key, "Make a key; it is the last line printed, and shown this once.")
    create.add_argument("name")
    create.add_argument("--role", required=True, choices=ROLES)
    create.add_argument("--orcid")
    create.add_argument("--expires", type=_expiry, metavar="DATE", help="the last day on which it works (UTC)")
    listed = keys.add("list", _list_keys, "List all keys; secrets are stored nowhere.")
    listed.add_argument("--expiring", action="store_true", help="only those that expire within 14 days")
    _of_one_key(keys, "show", _show_key, "Show one key.")
    rotate = _of_one_key(keys, "rotate", _rotate_key, "Give a key a new secret; it is the last line printed.", why=True)
    rotate.add_argument("--grace", type=_grace, default=DEFAULT_GRACE_DAYS, metavar="DAYS", help="how long the old secret works too")
    rotate.add_argument("--expires", type=_expiry_or_never, metavar="DATE", help="a new last day, or `never`")
    _of_one_key(keys, "revoke", _revoke_key, "Revoke a key for good.", why=True)
    role = _of_one_key(keys, "set-role", _set_role, "Change what a key may do.", why=True)
    role.add_argument("role", choices=ROLES)
    orcid = _of_one_key(keys, "set-orcid", _set_orcid, "Say whose key it is, or with `none` that it is not known.", why=True)
    orcid.add_argument("orcid", metavar="ORCID")
    expiry = _of_one_key(keys, "set-expiry", _set_expiry, "Change the last day on which a key works.", why=True)
    expiry.add_argument("expires", type=_expiry_or_never, metavar="DATE", help="a day, or `never`")


def _of_one_key(keys: Commands, name: str, command: Any, text: str, *, why: bool = False) -> argparse.ArgumentParser:
    parser = keys.add(name, command, text)
    parser.add_argument("prefix")
    if why:
        parser.add_argument("--reason", help="why, for the ledger, which is public")
    return parser


def _create_key(options: argparse.Namespace) -> int:
    try:
        orcid = normalise_orcid(options.orcid) if options.orcid else None
    except ValueError as error:
        return complain(f"--orcid {error}")
    with migrated() as engine, transaction(engine) as session:
        text = create_key(session, name=options.name, role=Role(options.role), orcid=orcid, expires_at=options.expires)
    print(f"key for {options.name} ({options.role}); it is shown this once:")
    print(text)
    return 0


def _list_keys(options: argparse.Namespace) -> int:
    with migrated() as engine, reading(engine) as session:
        rows = [_cells(row) for row in load_keys(session, expiring=options.expiring)]
    if not rows:
        print("no key expires within 14 days" if options.expiring else "there is no key yet")
        return 0
    widths = [max(len(row[place]) for row in (COLUMNS, *rows)) for place in range(len(COLUMNS))]
    for row in (COLUMNS, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _show_key(options: argparse.Namespace) -> int:
    with migrated() as engine, reading(engine) as session:
        shown = read_key(get_key_named(session, options.prefix)).model_dump(mode="json", exclude={"href"})
    for name, value in shown.items():
        print(f"{name.replace('_', ' ')}: {NOTHING if value is None else value}")
    return 0


def _rotate_key(options: argparse.Namespace) -> int:
    asked: dict[str, Any] = {"grace_days": options.grace, "reason": options.reason}
    if options.expires is not None:
        asked["expires_at"] = None if options.expires == NEVER else options.expires
    with migrated() as engine, transaction(engine) as session:
        text = rotate_key(session, options.prefix, _asked(ApiKeyRotation, **asked))
        until = get_key(session, options.prefix).previous_valid_until
    print("the old secret works no more" if until is None else f"the old secret works until {_moment(until)}")
    print(f"new secret of {options.prefix}; it is shown this once:")
    print(text)
    return 0


def _revoke_key(options: argparse.Namespace) -> int:
    with migrated() as engine, transaction(engine) as session:
        key = revoke_key(session, options.prefix, reason=_asked(ApiKeyRevocation, reason=options.reason).reason)
    print(f"{key.prefix} ({key.name}) is revoked")
    return 0


def _set_role(options: argparse.Namespace) -> int:
    key = _changed(options, role=options.role)
    print(f"{key.prefix} ({key.name}) has the role {key.role}")
    return 0


def _set_orcid(options: argparse.Namespace) -> int:
    try:
        orcid = None if options.orcid == NOBODY else normalise_orcid(options.orcid)
    except ValueError as error:
        return complain(str(error))
    key = _changed(options, orcid=orcid)
    print(f"{key.prefix} ({key.name}) has {'no ORCID iD' if key.orcid is None else f'the ORCID iD {key.orcid}'}")
    return 0


def _set_expiry(options: argparse.Namespace) -> int:
    key = _changed(options, expires_at=None if options.expires == NEVER else options.expires)
    print(f"{key.prefix} ({key.name}) works until {_end(key.expires_at)}" if key.expires_at else f"{key.prefix} ({key.name}) never expires")
    return 0


def _changed(options: argparse.Namespace, **members: Any) -> ApiKey:
    with migrated() as engine, transaction(engine) as session:
        return change_key(session, options.prefix, _asked(ApiKeyUpdate, **members, reason=options.reason))


def _asked(shape: type[Asked], **members: Any) -> Asked:
    """What the options say, in the shape that the service takes too; what does not fit is named by its option."""
    try:
        return shape(**members)
    except ValidationError as error:
        problems = [FieldProblem(OPTIONS.get(str(fault["loc"][0]), str(fault["loc"][0])), fault["msg"]) for fault in error.errors()]
        raise InvalidBody("an option does not fit", errors=problems) from None


def _cells(row: ApiKey) -> tuple[str, ...]:
    key = read_key(row)
    return (key.prefix, key.role, key.state, key.orcid or NOTHING, _end(key.expires_at), _moment(key.last_used_at), key.name)


def _moment(moment: datetime | None) -> str:
    return NOTHING if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _end(moment: datetime | None) -> str:
    """The last day on which a key works, as it was given; with the time where it ends within a day."""
    if moment is None or moment.astimezone(UTC).time() != time.min:
        return _moment(moment)
    return f"end of {(moment.astimezone(UTC) - timedelta(days=1)).date()} UTC"


def _expiry(text: str) -> datetime:
    """The end of the day, so that the key works on it."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a day like 2027-06-30") from None


def _expiry_or_never(text: str) -> datetime | str:
    return NEVER if text == NEVER else _expiry(text)


def _grace(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= MAX_GRACE_DAYS):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days from 0 to {MAX_GRACE_DAYS}")
    return int(text)
