"""Writes through a running service, as clients do them."""

from tests.conftest import Keys
from tests.factories import a_body
from tests.replicas.cluster import Service

NECK = "/v1/conditions/neck-pain"


def add_draft(service: Service, keys: Keys, title: str) -> tuple[str, int]:
    """The id of a new draft, and the revision of the ledger that its author was told."""
    answer = service.post("/v1/studies", keys.contributor, a_body(title=title))
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], int(answer.headers["Evidence-Revision"])


def add_study(service: Service, keys: Keys, title: str) -> tuple[str, int]:
    """The same of a study that everybody may read."""
    study, _ = add_draft(service, keys, title)
    assert service.post(f"/v1/studies/{study}/submit", keys.contributor, None).status_code == 200
    answer = service.post(f"/v1/studies/{study}/reviews", keys.curator, {"decision": "accept", "conflict_of_interest": "none"})
    assert answer.status_code == 201, answer.text
    return study, int(answer.headers["Evidence-Revision"])
