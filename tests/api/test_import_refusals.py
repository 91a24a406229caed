"""Files that cannot be read, or are made to exhaust the machine, are refused in words, and nothing is kept of them."""

import gzip
from collections.abc import Iterator
from io import BytesIO

import pytest
import xlsxwriter
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from tests.api.acting import assert_problem, header
from tests.api.importing import HEAD, NECK, SLEEP, counts, quick_client, read, records, ris, send, wait_for
from tests.conftest import Keys
from tests.factories import differences, row_counts
from tests.formats.test_refusals import zipped

TWENTY_MEGABYTES = 20_000_000
ENTITIES = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 10))
XML_BOMB = f'<?xml version="1.0"?><!DOCTYPE PubmedArticleSet [<!ENTITY l0 "ha">{ENTITIES}]><PubmedArticleSet>&l9;</PubmedArticleSet>'
XML_THIEF = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><xml><records><record>&e;</record></records></xml>'
)
LINE = b"abc " * (TWENTY_MEGABYTES // 4)

REFUSED = {
    "empty": (b"", "the file is empty"),
    "blank": (b" \r\n\n  ", "the file is empty"),
    "pdf": (b"%PDF-1.7 and so on", "is a PDF"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "save it as .xlsx"),
    "packed": (gzip.compress(ris(NECK)), "unpack it first"),
    "garbage": (bytes(range(256)) * 50, "not text"),
    "prose": (b"Dear colleagues,\nplease find attached what we spoke of.\n", "none of the formats"),
    "web page": (b"<!DOCTYPE html><html><body>Sign in</body></html>", "neither of PubMed nor of EndNote"),
    "table without references": (b"name,amount\nA,1\n", "none of the formats"),
    "headings alone": (b"title,doi\r\n", "no record"),
    "entity bomb": (XML_BOMB.encode(), "declares entities"),
    "entity that fetches a file": (XML_THIEF.encode(), "points outside the file"),
    "zip bomb": (zipped({"xl/worksheets/sheet1.xml": bytes(5_000_000)}), "packed more than 150 to 1"),
    "too many parts": (zipped({f"{number}.xml": b"" for number in range(2_500)}), "parts"),
    "another archive": (zipped({"word/document.xml": b"<w/>"}), "not a workbook"),
    "half a workbook": (zipped({"xl/workbook.xml": b"<workbook/>"})[:60], "no ZIP archive"),
    "deep JSON": (b'[{"type": ' + b"[" * 5_000, "nested more deeply"),
    "one line of RIS": (b"TY  - JOUR\nTI  - " + LINE, "characters"),
    "one line of NBIB": (b"PMID- 1\nTI  - " + LINE, "characters"),
    "one line of BibTeX": (b"@article{a, title = {" + LINE, "characters"),
    "one line of CSV": (b"title,doi\n" + LINE, "characters"),
    "one line of JSON": (b'[{"title": "' + LINE, "characters"),
    "one line of XML": (b"<PubmedArticleSet><PubmedArticle><PMID>" + LINE, "bytes"),
}


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


@pytest.fixture
def client(engine_url: str) -> Iterator[TestClient]:
    with quick_client(engine_url) as client:
        yield client


class TestAtTheDoor:
    def test_a_file_that_cannot_be_read_is_refused_in_words_and_leaves_nothing(
        self, client: TestClient, keys: Keys, engine: Engine
    ) -> None:
        before = row_counts(engine)
        for name, (content, reason) in REFUSED.items():
            answer = assert_problem(send(client, keys.contributor, content, f"{name}.txt"), 422, "unreadable-file")
            assert reason in answer["detail"], f"{name}: {answer['detail']}"
        assert row_counts(engine) == before

    def test_a_place_in_the_file_is_a_member_of_the_problem(self, client: TestClient, keys: Keys) -> None:
        answer = assert_problem(send(client, keys.contributor, REFUSED["deep JSON"][0]), 422, "unreadable-file")
        assert answer["line"] == 1
        assert "line 1" in answer["detail"]

    def test_a_file_larger_than_is_taken_is_refused_before_it_is_sent(self, client: TestClient, keys: Keys) -> None:
        headers = header(keys.contributor, Content_Length="200000001")
        assert_problem(client.post("/v1/imports", content=b"TY  - JOUR\n", headers=headers), 413, "body-too-large")


def workbook(rows: list[list[str]]) -> bytes:
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer)
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            sheet.write(number, column, text)
    book.close()
    return buffer.getvalue()


class TestWithin:
    def test_a_formula_is_the_problem_of_its_record(self, client: TestClient, keys: Keys) -> None:
        rows = [["title", "doi"], [NECK["title"], NECK["doi"]], ['=HYPERLINK("https://example.org")', HEAD["doi"]], [HEAD["title"], ""]]
        found = read(client, keys.contributor, workbook(rows), "table.xlsx")
        assert found["format"] == "xlsx"
        assert counts(found, "new", "problem") == (2, 1)
        [bad] = records(client, keys.contributor, found["id"], status="problem")
        assert bad["line"] == 3
        assert "A3 holds a formula: put its value there" in [problem["detail"] for problem in bad["problems"]]

    @pytest.mark.parametrize("cut", [1, 40, 100])
    def test_a_file_that_was_cut_off_says_so_at_its_last_record(self, client: TestClient, keys: Keys, cut: int) -> None:
        found = read(client, keys.contributor, ris(NECK, HEAD)[:-cut])
        last = records(client, keys.contributor, found["id"])[-1]
        assert "cut off" in " ".join(problem["detail"] for problem in last["problems"]) or cut == 1

    def test_xml_that_stops_keeps_what_stood_before(self, client: TestClient, keys: Keys) -> None:
        titles = enumerate([NECK["title"], HEAD["title"], SLEEP["title"]], start=99000001)
        articles = [
            f"<PubmedArticle><MedlineCitation><PMID>{pmid}</PMID><Article><ArticleTitle>{title}</ArticleTitle></Article></MedlineCitation>"
            "</PubmedArticle>\n"
            for pmid, title in titles
        ]
        whole = "<PubmedArticleSet>\n" + "".join(articles)
        found = read(client, keys.contributor, whole.encode()[:-60], "pubmed.xml")
        assert counts(found, "new", "problem") == (2, 1)
        [bad] = records(client, keys.contributor, found["id"], status="problem")
        assert bad["problems"][0]["detail"].startswith("from here on the file is not XML")
        assert bad["line"] >= 4

    def test_a_file_that_turns_out_to_be_a_bomb_is_refused_as_a_whole(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        content = b"title,doi\n" + f"{NECK['title']},{NECK['doi']}\n".encode() + b'"\n",' * 400_000
        sent = send(client, keys.contributor, content, "table.csv")
        assert sent.status_code == 202
        job = wait_for(client, keys.contributor, sent.json()["job"]["id"])
        assert (job["state"], job["error"]["type"], job["error"]["line"]) == ("failed", "/problems/unreadable-file", 3)
        address = job["import_href"]
        refused = client.get(address, headers=header(keys.contributor)).json()
        assert refused["state"] == "refused"
        assert "1,000,000 characters" in refused["problem"]["detail"]
        assert refused["counts"] is None
        assert (row_counts(engine)["import_record"], row_counts(engine)["import_file_part"]) == (0, 0)
        commit = client.post(f"{address}/commit", headers=header(keys.contributor))
        assert_problem(commit, 409, "state-conflict")
        assert client.delete(address, headers=header(keys.contributor, If_Match="*")).status_code == 204
        assert differences(engine) == []
