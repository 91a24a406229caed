"""Commands that fill the database, serve it, and ask whether it is served."""

import argparse
from pathlib import Path

import httpx
import uvicorn

from app.cli.commands import Commands, complain
from app.cli.database import migrate_database, migrated
from app.seed import SEED_DATA, seed
from app.settings import get_settings


def add_to(commands: Commands) -> None:
    load = commands.add("seed", _seed, "Load the founding data; loading twice is the same as once.")
    load.add_argument("--folder", type=Path, default=SEED_DATA)
    serve = commands.add("serve", _serve, "Serve the API.")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--workers", type=int, default=1)
    serve.add_argument("--prepare", action="store_true", help="migrate and load the founding data first")
    health = commands.add("health", _health, "Ask a running service whether it is ready; exit 1 if not.")
    health.add_argument("--url", default="http://127.0.0.1:8000")


def _seed(options: argparse.Namespace) -> int:
    if not options.folder.is_dir():
        return complain(f"there is no folder {options.folder}")
    with migrated() as engine:
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
    with migrated() as engine:
        if options.prepare:
            seed(engine)
    print(f"Evidence Ledger at http://{options.host}:{options.port} (API pages under /docs); Ctrl+C stops it", flush=True)
    uvicorn.run(
        "app.main:create_served_app",
        factory=True,
        host=options.host,
        port=options.port,
        workers=options.workers,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=get_settings().shutdown_seconds,
    )
    return 0


def _health(options: argparse.Namespace) -> int:
    try:
        answer = httpx.get(f"{options.url}/health/ready", timeout=5)
    except httpx.HTTPError as error:
        return complain(f"{options.url} does not answer: {error}")
    print(answer.text)
    return 0 if answer.status_code == httpx.codes.OK else 1
