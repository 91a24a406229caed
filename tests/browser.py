"""The product in a real browser: our server on a free port of this machine, Debian's Chromium driven by Playwright."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright
from starlette.types import ASGIApp

from tests.require import find_browser, require

FLAGS = [
    "--no-sandbox",  # root has no sandbox in a container
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers have a small /dev/shm
    # Chromium's own calls to the outside:
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
STARTS_WITHIN_SECONDS = 30
APPEARS_WITHIN_SECONDS = 60  # a page is never judged by how busy the machine is
OWN_HOST = "127.0.0.1"

expect.set_options(timeout=APPEARS_WITHIN_SECONDS * 1000)


@contextmanager
def serve(app: ASGIApp) -> Iterator[str]:
    """Serve `app` as long as the block runs; gives its address."""
    with socket() as listening:
        listening.bind((OWN_HOST, 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the server did not start")
            time.sleep(0.02)
        yield f"http://{OWN_HOST}:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(STARTS_WITHIN_SECONDS)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS, headless=True)
        yield browser
        browser.close()


class Complaints:
    """What a page did that it must not: errors, and requests that leave this machine."""

    def __init__(self, page: Page) -> None:
        self.found: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.found.append(f"error: {error}"))
        page.on("request", self._watch)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.found.append(f"console: {message.text} ({message.location.get('url')})")

    def _watch(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in {"data", "blob"} and address.hostname != OWN_HOST:
            self.found.append(f"outside request: {request.url}")


@contextmanager
def open_page(browser: Browser) -> Iterator[Page]:
    """A page in a fresh context; the block's end fails if the page complained or called outside."""
    context = browser.new_context()
    context.set_default_timeout(APPEARS_WITHIN_SECONDS * 1000)
    page = context.new_page()
    complaints = Complaints(page)
    yield page
    context.close()
    if complaints.found:
        pytest.fail("the page complained:\n" + "\n".join(complaints.found), pytrace=False)
