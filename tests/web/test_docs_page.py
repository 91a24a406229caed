import hashlib
import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Page, expect

from app.errors import Problem, problem_classes
from app.settings import Settings
from app.web.docs_page import ASSETS, STATIC, router
from app.web.door import Door
from app.web.openapi import install_openapi
from app.web.problems import install_problem_handlers
from tests.browser import serve
from tests.web.small_app import PlayedClock


def make_door() -> Door:
    app = FastAPI(title="Evidence Ledger", openapi_url=None, docs_url=None, redoc_url=None)
    install_problem_handlers(app)
    install_openapi(app)
    app.include_router(router)

    @app.get("/v1/studies")
    def list_studies() -> list[str]:
        """List studies."""
        return []

    return Door(app, Settings(rate_limit="off"), PlayedClock(lambda: 1))


@pytest.fixture
def client() -> TestClient:
    return TestClient(make_door())


class TestDocs:
    def test_loads_nothing_from_outside(self, client: TestClient) -> None:
        page = client.get("/docs").text
        addresses = re.findall(r'(?:src|href)="([^"]*)"', page)
        assert len(addresses) > 5
        assert [address for address in addresses if not address.startswith(("/", "data:,"))] == []

    def test_holds_no_script_or_style_of_its_own(self, client: TestClient) -> None:
        page = client.get("/docs").text
        assert re.findall(r"<script(?![^>]*src=)", page) == []
        assert "<style" not in page
        assert "style=" not in page
        assert 'lang="en"' in page

    def test_has_the_strict_policy(self, client: TestClient) -> None:
        policy = client.get("/docs").headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy

    def test_a_revalidated_page_keeps_its_policy(self, client: TestClient) -> None:
        first = client.get("/docs")
        again = client.get("/docs", headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304
        assert "Content-Security-Policy" not in again.headers

    def test_every_file_of_the_page_is_served(self, client: TestClient) -> None:
        for address in re.findall(r'(?:src|href)="(/docs/[^"]*)"', client.get("/docs").text):
            assert client.get(address).status_code == 200

    @pytest.mark.parametrize("asset", ASSETS)
    def test_files_carry_a_tag_and_their_type(self, client: TestClient, asset: str) -> None:
        reply = client.get(f"/docs/{asset}")
        assert reply.content == ASSETS[asset][0].read_bytes()
        assert reply.headers["Content-Type"] == ASSETS[asset][1]
        assert client.get(f"/docs/{asset}", headers={"If-None-Match": reply.headers["ETag"]}).status_code == 304

    def test_other_files_are_not(self, client: TestClient) -> None:
        assert client.get("/docs/README.md").status_code == 404
        assert client.get("/docs/..%2Finit.js").status_code == 404

    def test_the_vendored_files_are_those_that_the_readme_names(self) -> None:
        folder = STATIC / "vendor" / "swagger-ui"
        sums = dict(re.findall(r"\| `(swagger-ui\S+)` \| `([0-9a-f]{64})` \|", (folder / "README.md").read_text()))
        assert sums.keys() == {"swagger-ui-bundle.js", "swagger-ui.css"}
        assert {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sums} == sums
        assert "Apache License" in (folder / "LICENSE").read_text()


class TestDocsInABrowser:
    def test_can_be_loaded_again(self, page: Page, site: str) -> None:
        """The browser asks whether the page has changed, and the answer must not take its scripts away."""
        page.goto(f"{site}/docs")
        expect(page.get_by_text("/v1/synthesis").first).to_be_visible()
        page.reload()
        expect(page.get_by_text("/v1/synthesis").first).to_be_visible()

    def test_shows_and_tries_an_operation_under_the_strict_policy(self, page: Page) -> None:
        with serve(make_door()) as address:
            page.goto(f"{address}/docs")
            page.get_by_text("/v1/studies").click()
            page.get_by_role("button", name="Try it out").click()
            page.get_by_role("button", name="Execute").click()
            expect(page.locator(".live-responses-table .response-col_status").last).to_contain_text("200")


class TestOpenapi:
    def test_is_served_with_a_tag(self, client: TestClient) -> None:
        reply = client.get("/openapi.json")
        assert reply.json()["openapi"].startswith("3.1")
        assert client.get("/openapi.json", headers={"If-None-Match": reply.headers["ETag"]}).status_code == 304


class TestProblems:
    @pytest.mark.parametrize("cls", problem_classes(), ids=lambda cls: cls.slug)
    def test_the_type_of_every_problem_resolves_to_its_page(self, client: TestClient, cls: type[Problem]) -> None:
        address = cls().type
        page = client.get(address, headers={"Accept": "text/html"})
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert cls.slug in page.text
        assert str(cls.status) in page.text
        document = client.get(address, headers={"Accept": "application/json"}).json()
        assert document == {"type": address, "title": cls.title, "status": cls.status, "what_to_do": cls.advice}

    def test_a_list_shows_them_all(self, client: TestClient) -> None:
        listed = client.get("/problems", headers={"Accept": "application/json"}).json()["items"]
        page = client.get("/problems", headers={"Accept": "text/html"}).text
        assert {item["type"] for item in listed} == {cls().type for cls in problem_classes()}
        assert all(f'href="{item["type"]}"' in page for item in listed)

    def test_an_unknown_problem_is_one_itself(self, client: TestClient) -> None:
        assert client.get("/problems/unheard-of").json()["type"] == "/problems/not-found"

    def test_another_format_is_406(self, client: TestClient) -> None:
        assert client.get("/problems/not-found", headers={"Accept": "image/png"}).status_code == 406
