"""What a route may ask for. Everything below the door is an argument; this is the only place where it is looked up."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from app.actions.api_keys import authenticate, refuse_changed_key
from app.actor import Actor
from app.database import reading, transaction
from app.errors import AuthenticationRequired, InvalidKey, NotAllowed, ServiceUnavailable
from app.queries.ledger_clock import NEWEST
from app.queries.made_from import NOTED
from app.queries.named_records import naming_records, refuse_unknown_records
from app.queries.read_source import ReadSource
from app.settings import Settings
from app.sources.client import SourceClient
from app.vocabulary import Role
from app.web.key_use import KeyUse
from app.web.read_point import is_passing, read_point_of, view
from app.web.reply_cache import made_from_of
from app.web.server_timing import timing_of
from app.web.uploads import Upload, receive_upload

_BEARER = re.compile(r"^Bearer +([\x21-\x7e]+)\s*$", re.IGNORECASE)


async def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


async def _source(request: Request) -> ReadSource:  # async: nothing here is worth a thread
    source: ReadSource = request.app.state.read_source
    return source


ReadsFrom = Annotated[ReadSource, Depends(_source)]


async def _read_engine(request: Request, source: ReadsFrom) -> Engine:
    point = read_point_of(request.scope)
    return point.settle(source, is_get=request.method == "GET", has_key="authorization" in request.headers)


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _sources(request: Request) -> SourceClient:
    sources: SourceClient = request.app.state.sources
    return sources


WriterEngine = Annotated[Engine, Depends(_engine)]
ReaderEngine = Annotated[Engine, Depends(_read_engine)]
CurrentSettings = Annotated[Settings, Depends(_settings)]
Sources = Annotated[SourceClient, Depends(_sources)]


def _reading(request: Request, source: ReadsFrom, engine: ReaderEngine) -> Iterator[Session]:
    with view(read_point_of(request.scope), source, engine, timing_of(request.scope)) as session:
        session.info[NOTED] = made_from_of(request.scope)
        yield session


def _reader(request: Request, engine: WriterEngine) -> Actor | None:
    """Who reads: the holder of the key, or None where no key was sent. A key that is not valid is refused, not ignored."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    match = _BEARER.match(header)
    if match is None:
        raise InvalidKey("the header Authorization has the form `Bearer <key>`")
    try:
        with reading(engine) as session:
            actor = authenticate(session, match[1])
    except DBAPIError as error:
        if is_passing(error):
            raise ServiceUnavailable("the database could not be asked whose key it is") from error
        raise
    key_use: KeyUse = request.app.state.key_use
    key_use.note(actor.id)
    return actor


Reader = Annotated[Actor | None, Depends(_reader)]


def _writing(request: Request, source: ReadsFrom, engine: WriterEngine, reader: Reader) -> Iterator[Session]:
    """A write by whoever the key says. What the key may is asked again there: it may have been revoked while the request waited."""
    still_valid = partial(refuse_changed_key, by=reader) if reader is not None else None
    newest: int | None = None
    try:
        with transaction(engine, first=still_valid) as session:
            if (timing := timing_of(request.scope)) is not None:
                timing.listen_to(session)
            yield session
            if source.replica is not None:  # which knows nothing yet of what this answer rests on
                newest = session.connection().exec_driver_sql(NEWEST).scalar_one()
    except OperationalError as error:  # the writer's place did not come free in time, or the database went away; nothing was written
        raise ServiceUnavailable("the database could not take the change; nothing was written") from error
    read_point_of(request.scope).answered_from = newest


async def _refuse_bad_key(request: Request, engine: WriterEngine) -> None:
    if "authorization" in request.headers:
        await run_in_threadpool(_reader, request, engine)


NO_BAD_KEY = Depends(_refuse_bad_key)
"""On every route of the API, open ones too: whoever sends a key hears when it is not valid. Without a key it costs nothing."""


BEARER = HTTPBearer(auto_error=False, scheme_name="api_key", description="`Authorization: Bearer <key>`")
DeclaredKey = Annotated[object, Security(BEARER)]
"""Says in the OpenAPI document that the operation takes a key; the key itself is read by `_reader`."""


async def _refuse_unknown_records(request: Request, source: ReadsFrom, engine: ReaderEngine) -> None:
    named = naming_records(request.query_params.multi_items())
    if named and request.method == "GET":
        await run_in_threadpool(_check_records, request, source, engine, named)


def _check_records(request: Request, source: ReadSource, engine: Engine, named: list[tuple[str, str]]) -> None:
    with view(read_point_of(request.scope), source, engine) as session:
        refuse_unknown_records(session, named)


NO_UNKNOWN_RECORD = Depends(_refuse_unknown_records)
"""On every list: a filter names conditions, interventions and outcomes that exist, or it is refused."""


class RequireRole:
    """The role that a route needs; the walk over all routes and roles reads it off the dependency."""

    def __init__(self, role: Role) -> None:
        self.role = role

    def __call__(self, reader: Reader, _declared: DeclaredKey) -> Actor:
        if reader is None:
            raise AuthenticationRequired(f"this needs a key with the role {self.role}")
        if not reader.may(self.role):
            raise NotAllowed(f"this needs the role {self.role}; your key has the role {reader.role}")
        return reader


Contributor = Annotated[Actor, Depends(RequireRole(Role.CONTRIBUTOR))]
Curator = Annotated[Actor, Depends(RequireRole(Role.CURATOR))]
Admin = Annotated[Actor, Depends(RequireRole(Role.ADMIN))]

# scope="function": the transaction is committed before the reply leaves; else a failed commit would still have answered 201
ReadSession = Annotated[Session, Depends(_reading, scope="function")]
WriteSession = Annotated[Session, Depends(_writing, scope="function")]


async def _raw_body(request: Request) -> bytes:
    return await request.body()


RawBody = Annotated[bytes, Depends(_raw_body)]
SentFile = Annotated[Upload, Depends(receive_upload)]
