"""A small application behind the real door, for the tests of what the door and the problem handlers do."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.responses import StreamingResponse

from app.errors import DuplicateStudy
from app.queries.ledger_clock import Moved
from app.settings import Settings
from app.vocabulary import Better
from app.web.conditional import reply
from app.web.door import Door
from app.web.json_body import StrictRoute
from app.web.problems import install_problem_handlers


class Arm(BaseModel):
    model_config = ConfigDict(extra="forbid")
    n: int = Field(ge=0)
    sd: float | None = None


class Document(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str
    better: Better = Better.LOWER
    arms: list[Arm] = []
    names: dict[str, str] = {}

    @model_validator(mode="after")
    def check_title(self) -> "Document":
        if self.title == "contradiction":
            raise ValueError("the title contradicts itself")
        return self


router = APIRouter(prefix="/things", route_class=StrictRoute)


@router.get("")
def list_things(request: Request, limit: Annotated[int, Query(le=200)] = 25) -> Response:
    return reply(request, {"items": list(range(limit))})


@router.get("/{number}")
def get_thing(request: Request, number: int) -> Response:
    return reply(request, {"number": number, "text": "x" * 2000}, revision=number)


@router.post("", status_code=201)
def create_thing(document: Document) -> dict[str, Any]:
    return document.model_dump()


@router.patch("/{number}")
def change_thing(number: int, document: Document) -> dict[str, Any]:
    return {"number": number, **document.model_dump()}


@router.post("/raw/file")
async def take_file(request: Request) -> dict[str, int]:
    return {"bytes": len(await request.body())}


pages = APIRouter()


@pages.get("/page")
def get_page(request: Request) -> Response:
    return reply(request, b"<!DOCTYPE html><title>x</title>", media_type="text/html; charset=utf-8")


@pages.get("/framed")
def get_framed(request: Request) -> Response:
    return reply(request, b"<p>", media_type="text/html", headers={"Content-Security-Policy": "frame-ancestors *"})


@pages.get("/badge.svg")
def get_badge(request: Request) -> Response:
    return reply(request, b"<svg/>", media_type="image/svg+xml")


@pages.get("/duplicate")
def get_duplicate() -> None:
    raise DuplicateStudy("We have it.", study="/v1/studies/1")


@pages.get("/crash")
def crash() -> None:
    raise RuntimeError("the secret of the crash")


@pages.get("/half")
def stream_half() -> StreamingResponse:
    def parts() -> Any:
        yield b"first half"
        raise RuntimeError("broke off")

    return StreamingResponse(parts())


@pages.get("/health/live")
def live() -> dict[str, str]:
    return {"status": "live"}


def make_app() -> FastAPI:
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    install_problem_handlers(app)
    app.include_router(router, prefix="/v1")
    app.include_router(pages)
    return app


class PlayedClock:
    """A ledger of which only the newest number is known."""

    def __init__(self, sequence: Callable[[], int]) -> None:
        self._sequence = sequence

    def read(self, *, sure: bool) -> int:
        return self._sequence()

    def moved(self, after: int, until: int) -> Moved:
        raise AssertionError(f"nothing is kept here, so nobody asks what moved between {after} and {until}")


def make_client(sequence: Callable[[], int] = lambda: 7, *, app: FastAPI | None = None, **settings: Any) -> TestClient:
    """A client that talks through the door; no rate limit unless a test sets one."""
    chosen = Settings(**{"rate_limit": "off", "rate_limit_writes": "off", **settings})
    return TestClient(Door(app or make_app(), chosen, PlayedClock(sequence)), headers={"Accept-Encoding": "identity"})
