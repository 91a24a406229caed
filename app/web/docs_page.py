"""The pages that explain the API: Swagger UI from our own files, the OpenAPI document, and a page per problem."""

from html import escape
from pathlib import Path

from fastapi import APIRouter, Request, Response

from app.errors import NotFound, Problem, problem_classes
from app.web.conditional import JSON, reply
from app.web.negotiation import choose_media_type

STATIC = Path(__file__).resolve().parent.parent / "explorer" / "static"
HTML = "text/html; charset=utf-8"
ASSETS = {
    "swagger-ui-bundle.js": (STATIC / "vendor" / "swagger-ui" / "swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    "swagger-ui.css": (STATIC / "vendor" / "swagger-ui" / "swagger-ui.css", "text/css; charset=utf-8"),
    "init.js": (STATIC / "docs" / "init.js", "text/javascript; charset=utf-8"),
    "docs.css": (STATIC / "docs" / "docs.css", "text/css; charset=utf-8"),
}
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
{head}
<link rel="stylesheet" href="/docs/docs.css">
</head>
<body>
{body}
</body>
</html>
"""
DOCS_HEAD = """<link rel="stylesheet" href="/docs/swagger-ui.css">
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/init.js"></script>"""
DOCS_BODY = """<header><h1>Evidence Ledger API</h1>
<p>The document behind this page is <a href="/openapi.json">openapi.json</a>. What can go wrong: <a href="/problems">problems</a>.</p>
<noscript><p>This page needs JavaScript; the document does not.</p></noscript></header>
<main id="swagger-ui" data-document="/openapi.json"></main>"""

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def show_docs(request: Request) -> Response:
    return reply(request, PAGE.format(title="Evidence Ledger API", head=DOCS_HEAD, body=DOCS_BODY).encode(), media_type=HTML)


@router.get("/docs/{asset}")
def show_docs_asset(request: Request, asset: str) -> Response:
    if asset not in ASSETS:
        raise NotFound(f"There is no file {asset}.")
    path, media_type = ASSETS[asset]
    return reply(request, path.read_bytes(), media_type=media_type)


@router.get("/openapi.json")
def show_openapi(request: Request) -> Response:
    return reply(request, request.app.openapi())


@router.get("/problems")
def show_problems(request: Request) -> Response:
    classes = problem_classes()
    if choose_media_type(request.headers.get("accept"), (JSON, "text/html")) == JSON:
        return reply(request, {"items": [_explain(cls) for cls in classes]})
    rows = "".join(f'<tr><td>{cls.status}</td><td><a href="/problems/{cls.slug}">{escape(cls.title)}</a></td></tr>' for cls in classes)
    table = f'<table><thead><tr><th scope="col">Status</th><th scope="col">Problem</th></tr></thead><tbody>{rows}</tbody></table>'
    return _text_page(request, "Problems", table)


@router.get("/problems/{slug}")
def show_problem(request: Request, slug: str) -> Response:
    found = next((cls for cls in problem_classes() if cls.slug == slug), None)
    if found is None:
        raise NotFound(f"There is no problem {slug!r}; /problems lists them.")
    if choose_media_type(request.headers.get("accept"), (JSON, "text/html")) == JSON:
        return reply(request, _explain(found))
    body = f"<p>Status {found.status} · <code>{found.slug}</code></p><p>{escape(found.advice)}</p>"
    return _text_page(request, found.title, body + '<p><a href="/problems">All problems</a></p>')


def _explain(cls: type[Problem]) -> dict[str, object]:
    return {"type": f"/problems/{cls.slug}", "title": cls.title, "status": cls.status, "what_to_do": cls.advice}


def _text_page(request: Request, title: str, body: str) -> Response:
    main = f'<main class="text"><h1>{escape(title)}</h1>{body}</main>'
    return reply(request, PAGE.format(title=escape(title), head="", body=main).encode(), media_type=HTML)
