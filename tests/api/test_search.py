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
        assert answer.count == len(answer.items)
        assert not answer.count_is_capped

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

    def test_the_limit_holds_and_the_count_tells_the_rest(self, seeded_client: TestClient) -> None:
        answer = ask(seeded_client, q="pain", limit="2")
        assert len(answer.items) == 2
        assert answer.count > 50

    @pytest.mark.parametrize("question", ["!?", "the", "zzzyyyxxx"])
    def test_nothing_found_is_an_answer(self, seeded_client: TestClient, question: str) -> None:
        answer = ask(seeded_client, q=question)
        assert (answer.items, answer.count) == ([], 0)

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
            ("q=a&cursor=x", "cursor"),
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
