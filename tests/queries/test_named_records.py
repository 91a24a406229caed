import pytest
from fastapi.testclient import TestClient

from tests.api.acting import assert_problem


class TestUnknownRecords:
    @pytest.mark.parametrize(
        ("address", "parameter", "value", "nearest"),
        [
            ("/v1/studies", "condition", "migrain", "migraine"),
            ("/v1/studies", "condition__not", "migrain", "migraine"),
            ("/v1/studies", "outcome", "pain-intensty", "pain-intensity"),
            ("/v1/evidence", "intervention", "craniosacral", "craniosacral-therapy"),
            ("/v1/claims", "condition", "neckpain", "neck-pain"),
            ("/v1/conditions", "intervention", "craniosacral", "craniosacral-therapy"),
            ("/v1/evidence-map", "intervention", "craniosacral", "craniosacral-therapy"),
        ],
    )
    def test_a_mistyped_slug_is_refused_with_the_nearest(
        self, seeded_client: TestClient, address: str, parameter: str, value: str, nearest: str
    ) -> None:
        answer = seeded_client.get(address, params={parameter: value})
        (fault,) = assert_problem(answer, 400, "invalid-query")["errors"]
        assert fault["parameter"] == parameter
        assert nearest in fault["allowed"]

    def test_several_that_exist_pass(self, seeded_client: TestClient) -> None:
        assert seeded_client.get("/v1/studies", params={"condition": "migraine,neck-pain"}).status_code == 200
