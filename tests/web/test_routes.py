import pytest
from fastapi import APIRouter, FastAPI
from starlette.staticfiles import StaticFiles

from app.web.docs_page import STATIC
from app.web.routes import allowed_methods


def make_app() -> FastAPI:
    inner, outer, app = APIRouter(prefix="/deep"), APIRouter(prefix="/v1"), FastAPI(openapi_url=None)
    inner.get("/{name}")(lambda name: name)
    inner.put("/{name}")(lambda name: name)
    inner.delete("/{name}")(lambda name: name)
    outer.include_router(inner)
    app.include_router(outer)
    app.post("/top")(lambda: None)
    app.mount("/static", StaticFiles(directory=STATIC))
    return app


class TestAllowedMethods:
    @pytest.mark.parametrize(
        ("path", "methods"),
        [
            ("/v1/deep/x", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]),
            ("/top", ["POST", "OPTIONS"]),
            ("/static/docs/init.js", ["GET", "HEAD", "OPTIONS"]),
            ("/deep/x", []),
            ("/v1/deep", []),
            ("", []),
            ("*", []),
        ],
    )
    def test_gathers_all_routes_of_an_address(self, path: str, methods: list[str]) -> None:
        assert allowed_methods(make_app(), {"type": "http", "method": "OPTIONS", "path": path}) == methods
