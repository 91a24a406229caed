from io import BytesIO
from pathlib import Path

from app.formats.ledger_json import read_ledger_json, write_ledger_json
from app.formats.sniff import FileFormat
from app.schemas.study import StudyDocument
from tests.formats.bibliographies import SAMPLES, read

SEEDS = Path(__file__).resolve().parents[2] / "seed_data" / "studies"


class TestRead:
    def test_documents_and_the_problems_of_one_that_does_not_fit(self) -> None:
        records = list(read_ledger_json(BytesIO((SAMPLES / "studies.json").read_bytes())))
        assert [record.document.title for record in records if record.document] == ["A trial invented for this file", "A thesis"]
        assert [problem.field for problem in records[2].problems] == ["/design", "/year"]
        assert {problem.severity for problem in records[2].problems} == {"error"}

    def test_what_is_not_json_is_said_so(self) -> None:
        (record,) = read_ledger_json(BytesIO(b'[{"title": }]'))
        assert "not valid JSON" in record.problems[0].detail

    def test_a_document_that_is_cut_off_is_reported(self) -> None:
        (record,) = read_ledger_json(BytesIO(b'[{"title": "On'))
        assert "cut off" in record.problems[0].detail

    def test_a_name_that_comes_twice_is_refused_as_by_the_api(self) -> None:
        (record,) = read_ledger_json(BytesIO(b'[{"title": "One", "results": [], "year": 2015, "year": 2016}]'))
        assert (record.document, record.problems[0].detail) == (None, "the member 'year' comes twice in one object")

    def test_an_unknown_member_is_told_with_the_nearest(self) -> None:
        content = b'[{"title": "One", "n_randomized": 3, "adverse_events": {"seriuos": 1}, "zzzzzz": 1}]'
        (record,) = read_ledger_json(BytesIO(content))
        assert {problem.field: problem.detail for problem in record.problems} == {
            "/n_randomized": "there is no member 'n_randomized'; did you mean 'n_randomised'?",
            "/adverse_events/seriuos": "there is no member 'seriuos'; did you mean 'serious'?",
            "/zzzzzz": "there is no member 'zzzzzz'",
        }

    def test_an_answer_of_this_service_stands_for_its_document(self) -> None:
        answer = b'{"meta": {"revision": 1}, "document": {"title": "One", "year": 2015}}'
        for content in (answer, b"[" + answer + b"]", b'{"items": [' + answer + b"]}"):
            (record,) = read(FileFormat.LEDGER_JSON, content)
            assert record.document == StudyDocument(title="One", year=2015)


class TestRoundTrip:
    def test_of_every_study_of_the_seed_data_is_equal(self) -> None:
        documents = [StudyDocument.model_validate_json(file.read_bytes()) for file in sorted(SEEDS.glob("*.json"))]
        text = "".join(write_ledger_json(documents))
        assert [record.document for record in read_ledger_json(BytesIO(text.encode()))] == documents
        assert "".join(write_ledger_json([])) == "[]\n"
