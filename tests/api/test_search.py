import pytest
from fastapi.testclient import TestClient

from app.schemas.search import SearchAnswer, SearchKind


def ask(client: TestClient, **params: str) -> SearchAnswer:
    response = client.get("/v1/search", params=params)
    assert response.status_code == 200, response.text
    return SearchAnswer.model_validate_json(response.content)


class TestSearchEverything:
    def test_a_synonym_finds_the_condition_first(self, seeded_client: TestClient) -> None:
        answer = ask(seeded_client, q="IBS")
        assert (answer.items[0].kind, answer.items[0].id) == ("condition", "irritable-bowel-syndrome")
        assert "study" in {hit.kind for hit in answer.items}

    def test_marks_stand_on_the_words_that_were_found(self, seeded_client: TestClient) -> None:
        snippets = [hit.snippet for hit in ask(seeded_client, q="migraine sham", kind="study").items if hit.snippet is not None]
        assert snippets
        for snippet in snippets:
            assert {snippet.text[start:end].lower()[:4] for start, end in snippet.marked} <= {"migr", "sham"}

    @pytest.mark.parametrize("kind", list(SearchKind))
    def test_every_hit_has_an_address_that_answers(self, seeded_client: TestClient, kind: SearchKind) -> None:
        answer = ask(seeded_client, q="pain" if kind != "reading" else "babies", kind=kind, limit="3")
        if kind == "intervention":
            answer = ask(seeded_client, q="craniosacral", kind=kind)
        assert answer.items
        for hit in answer.items:
            assert hit.kind == kind
            record = seeded_client.get(hit.href).json()
            [found] = record.get("items", [record])
            assert hit.id in {found.get("id"), found.get("slug")}

    def test_several_kinds_can_be_chosen(self, seeded_client: TestClient) -> None:
        kinds = {hit.kind for hit in ask(seeded_client, q="migraine", kind="condition,claim").items}
        assert kinds == {"condition", "claim"}

    def test_the_limit_holds_and_the_total_tells_the_rest(self, seeded_client: TestClient) -> None:
        answer = ask(seeded_client, q="pain", limit="2", count="true")
        assert len(answer.items) == 2
        assert answer.page.total is not None
        assert answer.page.total > 50
        assert ask(seeded_client, q="pain", limit="2").page.total is None

    def test_the_pages_give_every_hit_once(self, seeded_client: TestClient) -> None:
        address: str | None = "/v1/search?q=pain&kind=study,claim&limit=20&count=true"
        found: list[tuple[str, str]] = []
        totals = set()
        while address is not None:
            response = seeded_client.get(address)
            page = SearchAnswer.model_validate_json(response.content)
            found.extend((hit.kind, hit.id) for hit in page.items)
            totals.add(page.page.total)
            assert (page.page.next is None) == ("next" not in response.links)
            address = response.links["next"]["url"] if page.page.next is not None else None
        assert totals == {len(found)} == {len(set(found))}
        assert len(found) > 2 * 20

    @pytest.mark.parametrize("change", [{"q": "migraine"}, {"kind": "study"}])
    def test_a_cursor_belongs_to_its_question(self, seeded_client: TestClient, change: dict[str, str]) -> None:
        following = ask(seeded_client, q="pain", limit="2").page.next
        assert following is not None
        response = seeded_client.get("/v1/search", params={"q": "pain", "cursor": following} | change)
        assert (response.status_code, response.json()["type"]) == (400, "/problems/invalid-cursor")

    def test_a_damaged_cursor_is_refused(self, seeded_client: TestClient) -> None:
        response = seeded_client.get("/v1/search?q=a&cursor=x")
        assert (response.status_code, response.json()["type"]) == (400, "/problems/invalid-cursor")

    @pytest.mark.parametrize("query", ["q=", "q=%20%20"])
    def test_an_empty_question_is_told_what_is_missing(self, seeded_client: TestClient, query: str) -> None:
        detail = seeded_client.get(f"/v1/search?{query}").json()["detail"]
        assert detail == "q: There is nothing to look for: give one word or more."

    @pytest.mark.parametrize("question", ["!?", "the", "zzzyyyxxx"])
    def test_nothing_found_is_an_answer(self, seeded_client: TestClient, question: str) -> None:
        answer = ask(seeded_client, q=question, count="true")
        assert (answer.items, answer.page.total, answer.page.next) == ([], 0, None)

    @pytest.mark.parametrize(
        ("query", "parameter"),
        [
            ("", "q"),
            ("q=", "q"),
            ("q=%20%20", "q"),
            ("q=" + "a" * 201, "q"),
            ("q=a&kind=book", "kind"),
            ("q=a&kind=", "kind"),
            ("q=a&limit=0", "limit"),
            ("q=a&limit=x", "limit"),
            ("q=a&cursor=", "cursor"),
            ("q=a&count=1", "count"),
            ("q=a&sort=title", "sort"),
            ("q=a&q=b", "q"),
        ],
    )
    def test_a_wrong_question_is_a_400_that_names_it(self, seeded_client: TestClient, query: str, parameter: str) -> None:
        response = seeded_client.get(f"/v1/search?{query}")
        assert response.status_code == 400
        assert [error["parameter"] for error in response.json()["errors"]] == [parameter]

    def test_head_and_not_modified(self, seeded_client: TestClient) -> None:
        tag = seeded_client.get("/v1/search?q=colic").headers["etag"]
        assert seeded_client.head("/v1/search?q=colic").headers["etag"] == tag
        assert seeded_client.get("/v1/search?q=colic", headers={"If-None-Match": tag}).status_code == 304
