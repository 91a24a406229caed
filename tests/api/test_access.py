"""Every route × every kind of key. A route that is added without an entry here fails the walk."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from app.actions.api_keys import revoke_key
from app.database import make_engine, transaction
from app.main import create_app
from tests.api.acting import header
from tests.conftest import make_keys, settings_for
from tests.databases import ENGINES, Databases
from tests.factories import a_body
from tests.require import require

OPEN = "open"
"""Anybody; a key is not looked at, so that the answer is the same for all."""
READER = "reader"
"""Anybody; a key shows more, and one that is not valid is refused."""

ROUTES: dict[tuple[str, str], str] = {
    ("GET", "/v1/conditions"): OPEN,
    ("GET", "/v1/conditions/{slug}"): OPEN,
    ("GET", "/v1/conditions/{slug}/studies"): OPEN,
    ("GET", "/v1/conditions/{slug}/claims"): OPEN,
    ("GET", "/v1/conditions/{slug}/ratings/{intervention}"): OPEN,
    ("GET", "/v1/conditions/{slug}/ratings/{intervention}/history"): OPEN,
    ("GET", "/v1/evidence"): OPEN,
    ("GET", "/v1/evidence/{body_id}"): OPEN,
    ("GET", "/v1/evidence/{body_id}/forest.svg"): OPEN,
    ("GET", "/v1/evidence/{body_id}/forest.png"): OPEN,
    ("GET", "/v1/evidence/{body_id}/forest.json"): OPEN,
    ("GET", "/v1/evidence/{body_id}/funnel.svg"): OPEN,
    ("GET", "/v1/evidence/{body_id}/funnel.png"): OPEN,
    ("GET", "/v1/evidence/{body_id}/funnel.json"): OPEN,
    ("GET", "/v1/evidence/{body_id}/cumulative.svg"): OPEN,
    ("GET", "/v1/evidence/{body_id}/cumulative.png"): OPEN,
    ("GET", "/v1/evidence/{body_id}/cumulative.json"): OPEN,
    ("GET", "/v1/evidence/{body_id}/cumulative"): OPEN,
    ("GET", "/v1/evidence/{body_id}/risk-of-bias.svg"): OPEN,
    ("GET", "/v1/evidence/{body_id}/risk-of-bias.png"): OPEN,
    ("GET", "/v1/evidence/{body_id}/risk-of-bias.json"): OPEN,
    ("GET", "/v1/conditions/{slug}/ratings/{intervention}/badge.svg"): OPEN,
    ("GET", "/v1/conditions/{slug}/ratings/{intervention}/badge.png"): OPEN,
    ("GET", "/v1/conditions/{slug}/ratings/{intervention}/history/{sequence}"): OPEN,
    ("GET", "/v1/rating-inputs/{inputs_hash}"): OPEN,
    ("GET", "/v1/risk-of-bias"): OPEN,
    ("GET", "/v1/risk-of-bias/rob-2"): OPEN,
    ("GET", "/v1/risk-of-bias/robins-i"): OPEN,
    ("POST", "/v1/risk-of-bias/{tool}/judgement"): OPEN,
    ("GET", "/v1/evidence/{body_id}/appraisals"): OPEN,
    ("POST", "/v1/evidence/{body_id}/appraisals"): "curator",
    ("GET", "/v1/appraisals/{appraisal_id}"): OPEN,
    ("POST", "/v1/appraisals/{appraisal_id}/withdrawal"): "curator",
    ("GET", "/v1/evidence-map"): OPEN,
    ("GET", "/v1/evidence-map.svg"): OPEN,
    ("GET", "/v1/evidence-map.png"): OPEN,
    ("GET", "/v1/evidence-map.json"): OPEN,
    ("GET", "/v1/interventions"): OPEN,
    ("GET", "/v1/interventions/{slug}"): OPEN,
    ("GET", "/v1/interventions/{slug}/safety"): OPEN,
    ("GET", "/v1/interventions/{slug}/claims"): OPEN,
    ("GET", "/v1/interventions/{slug}/readings"): OPEN,
    ("GET", "/v1/interventions/{slug}/positions"): OPEN,
    ("GET", "/v1/claims"): OPEN,
    ("GET", "/v1/claims/{claim_id}"): OPEN,
    ("GET", "/v1/outcomes"): OPEN,
    ("GET", "/v1/outcomes/{slug}"): OPEN,
    ("GET", "/v1/instruments/{slug}"): OPEN,
    ("GET", "/v1/search"): OPEN,
    ("POST", "/v1/synthesis"): OPEN,
    ("GET", "/v1/changes"): OPEN,
    ("GET", "/v1/studies"): OPEN,
    ("GET", "/v1/studies/{study_id:study_reference}"): READER,
    ("GET", "/v1/studies/{study_id:uuid}/revisions"): READER,
    ("GET", "/v1/studies/{study_id:uuid}/revisions/{number}"): READER,
    ("GET", "/v1/studies/{study_id:uuid}/revisions/{number}/differences"): READER,
    ("GET", "/v1/studies/{study_id:uuid}/revisions/{number}/preview"): "contributor",
    ("POST", "/v1/studies/{study_id}/revisions/{number}/rebase"): "contributor",
    ("POST", "/v1/studies/{study_id}/withdraw"): "contributor",
    ("POST", "/v1/studies"): "contributor",
    ("POST", "/v1/studies/preview"): "contributor",
    ("GET", "/v1/lookup/{identifier:path}"): "contributor",
    ("POST", "/v1/lookups"): "contributor",
    ("POST", "/v1/imports"): "contributor",
    ("GET", "/v1/imports"): "contributor",
    ("GET", "/v1/imports/{import_id}"): "contributor",
    ("DELETE", "/v1/imports/{import_id}"): "contributor",
    ("GET", "/v1/imports/{import_id}/records"): "contributor",
    ("POST", "/v1/imports/{import_id}/decisions"): "contributor",
    ("POST", "/v1/imports/{import_id}/commit"): "contributor",
    ("POST", "/v1/imports/{import_id}/reading"): "contributor",
    ("GET", "/v1/jobs/{job_id}"): "contributor",
    ("GET", "/v1/conditions/{slug}/ratings/{intervention}/reviews"): OPEN,
    ("GET", "/v1/conditions/{slug}/ratings/{intervention}/reviews.csv"): OPEN,
    ("GET", "/v1/registrations"): OPEN,
    ("GET", "/v1/notices"): OPEN,
    ("GET", "/v1/notices/{notice_id}"): OPEN,
    ("POST", "/v1/notices/{notice_id}/closing"): "curator",
    ("PATCH", "/v1/studies/{study_id}"): "contributor",
    ("POST", "/v1/studies/{study_id}/submit"): "contributor",
    ("POST", "/v1/studies/{study_id}/reviews"): "curator",
    ("POST", "/v1/studies/{study_id}/retraction"): "curator",
    ("GET", "/v1/studies/{study_id:uuid}/thread"): READER,
    ("GET", "/v1/studies/{study_id:uuid}/comments"): "contributor",
    ("POST", "/v1/studies/{study_id}/comments"): "contributor",
    ("POST", "/v1/studies/{study_id}/comments/{comment_id}/withdrawal"): "contributor",
    ("GET", "/v1/studies/{study_id:uuid}/assignment"): "contributor",
    ("PUT", "/v1/studies/{study_id}/assignment"): "curator",
    ("DELETE", "/v1/studies/{study_id}/assignment"): "curator",
    ("GET", "/v1/review-queue"): "contributor",
    ("GET", "/v1/sign-offs"): READER,
    ("GET", "/v1/sign-offs/{sign_off_id}"): OPEN,
    ("POST", "/v1/sign-offs/{sign_off_id}/withdrawal"): "curator",
    ("GET", "/v1/conditions/{slug}/ratings/{intervention}/sign-offs"): READER,
    ("POST", "/v1/conditions/{slug}/ratings/{intervention}/sign-offs"): "curator",
    ("GET", "/v1/extractions"): "contributor",
    ("GET", "/v1/extractions/{extraction_id}"): READER,
    ("PATCH", "/v1/extractions/{extraction_id}"): "contributor",
    ("POST", "/v1/extractions/{extraction_id}/completion"): "contributor",
    ("POST", "/v1/extractions/{extraction_id}/withdrawal"): "contributor",
    ("GET", "/v1/double-extractions"): "contributor",
    ("GET", "/v1/double-extractions/{double_extraction_id}"): "contributor",
    ("POST", "/v1/double-extractions/{double_extraction_id}/closing"): "curator",
    ("POST", "/v1/studies/{study_id}/double-extractions"): "curator",
    ("POST", "/v1/studies/{study_id}/extractions"): "contributor",
    ("GET", "/v1/studies/{study_id:uuid}/extractions/comparison"): "contributor",
    ("POST", "/v1/studies/{study_id}/adjudications"): "contributor",
    ("GET", "/v1/studies/{study_id:uuid}/adjudications"): READER,
    ("GET", "/v1/studies/{study_id:uuid}/adjudications/{adjudication_id}"): READER,
    ("GET", "/v1/audit"): "curator",
    ("GET", "/v1/audit/{question}"): "curator",
    ("GET", "/v1/api-keys"): "admin",
    ("POST", "/v1/api-keys"): "admin",
    ("GET", "/v1/api-keys/me"): "contributor",
    ("GET", "/v1/api-keys/{prefix}"): "admin",
    ("PATCH", "/v1/api-keys/{prefix}"): "admin",
    ("POST", "/v1/api-keys/{prefix}/rotation"): "admin",
    ("POST", "/v1/api-keys/{prefix}/revocation"): "admin",
    ("GET", "/health/live"): OPEN,
    ("GET", "/health/ready"): OPEN,
    ("GET", "/metrics"): OPEN,
    ("GET", "/docs"): OPEN,
    ("GET", "/docs/{asset}"): OPEN,
    ("GET", "/openapi.json"): OPEN,
    ("GET", "/problems"): OPEN,
    ("GET", "/problems/{slug}"): OPEN,
}
BODIES: dict[str, dict[str, Any]] = {
    "/v1/studies": a_body(),
    "/v1/studies/preview": a_body(),
    "/v1/imports/{import_id}/decisions": {"decisions": [{"record": 1, "decision": "skip"}]},
    "/v1/studies/{study_id}": {},
    "/v1/studies/{study_id}/reviews": {"decision": "reject", "comment": "no"},
    "/v1/studies/{study_id}/retraction": {"reason": "no"},
    "/v1/studies/{study_id}/revisions/{number}/rebase": {},
    "/v1/studies/{study_id}/withdraw": {"reason": "no"},
    "/v1/studies/{study_id}/comments": {"text": "no"},
    "/v1/studies/{study_id}/assignment": {"curator": "me"},
    "/v1/sign-offs/{sign_off_id}/withdrawal": {"reason": "no"},
    "/v1/conditions/{slug}/ratings/{intervention}/sign-offs": {"comment": "no", "conflict_of_interest": "none"},
    "/v1/evidence/{body_id}/appraisals": {"domain": "indirectness", "levels": 1, "rationale": "no", "conflict_of_interest": "none"},
    "/v1/appraisals/{appraisal_id}/withdrawal": {"reason": "no"},
    "/v1/notices/{notice_id}/closing": {"status": "handled", "reason": "no"},
    "/v1/extractions/{extraction_id}": {},
    "/v1/extractions/{extraction_id}/withdrawal": {"reason": "no"},
    "/v1/double-extractions/{double_extraction_id}/closing": {"reason": "no"},
    "/v1/studies/{study_id}/double-extractions": {},
    "/v1/studies/{study_id}/extractions": {},
    "/v1/studies/{study_id}/adjudications": {},
    "/v1/risk-of-bias/{tool}/judgement": {"answers": {}},
    "/v1/api-keys": {"name": "Another", "role": "contributor"},
    "/v1/api-keys/{prefix}": {"role": "contributor"},
    "/v1/api-keys/{prefix}/rotation": {"grace_days": 1},
    "/v1/api-keys/{prefix}/revocation": {"reason": "no"},
}
NOBODYS_STUDY = "01890000-0000-7000-8000-000000000000"
ROLES = ("contributor", "curator", "admin")
HOLDERS = ("nobody", *ROLES, "revoked", "garbage")


class House:
    """A client and one key of each kind; what the walk creates stays in its own database."""

    def __init__(self, url: str, client: TestClient) -> None:
        engine = make_engine(url)
        keys = make_keys(engine)
        with transaction(engine) as session:
            revoke_key(session, "_".join(keys.second_curator.split("_")[:2]))
        engine.dispose()
        self.client = client
        self.keys: dict[str, str | None] = {
            "nobody": None,
            "contributor": keys.contributor,
            "curator": keys.curator,
            "admin": keys.admin,
            "revoked": keys.second_curator,
            "garbage": "el_00000000_garbage",
        }

    def ask(self, method: str, path: str, holder: str) -> tuple[int, str]:
        address = path.replace("{study_id}", NOBODYS_STUDY).replace("{study_id:uuid}", NOBODYS_STUDY)
        address = address.replace("{study_id:study_reference}", NOBODYS_STUDY).replace("{number}", "1").replace("{sequence}", "1")
        named = ("slug", "intervention", "body_id", "claim_id", "prefix", "asset", "appraisal_id", "inputs_hash", "import_id", "job_id")
        for name in (*named, "comment_id", "sign_off_id", "notice_id"):
            address = address.replace(f"{{{name}}}", "nothing")
        headers = header(self.keys[holder], If_Match='"r1"')
        response = self.client.request(method, address, json=BODIES.get(path), headers=headers)
        problem = response.headers["content-type"] == "application/problem+json"
        return response.status_code, response.json()["type"].removeprefix("/problems/") if problem else ""


@pytest.fixture(scope="module", params=ENGINES)
def house(request: pytest.FixtureRequest, databases: Databases) -> Iterator[House]:
    if request.param == "postgresql":
        require("postgresql")
    with databases.on(request.param).copy("small") as url, TestClient(create_app(settings_for(url))) as client:
        yield House(url, client)


def expected_refusal(path: str, needs: str, holder: str) -> tuple[int, str] | None:
    """How the route refuses this holder; None where it lets him in. A key that is not valid is refused on open routes too."""
    if holder in ("revoked", "garbage") and path.startswith("/v1"):
        return 401, "invalid-key"
    if needs == OPEN:
        return None
    if needs == READER:
        return None
    if holder == "nobody":
        return 401, "authentication-required"
    return None if ROLES.index(holder) >= ROLES.index(needs) else (403, "not-allowed")


class TestAccess:
    def test_every_route_has_its_entry(self, house: House) -> None:
        routes = {
            (method, context.path)
            for context in iter_route_contexts(house.client.app.app.routes)  # type: ignore[attr-defined]
            for method in (context.methods or {"GET"})
        }
        assert routes == ROUTES.keys()

    @pytest.mark.parametrize("holder", HOLDERS)
    def test_lets_in_and_keeps_out_as_the_table_says(self, house: House, holder: str) -> None:
        for (method, path), needs in ROUTES.items():
            status, problem = house.ask(method, path, holder)
            refusal = expected_refusal(path, needs, holder)
            if refusal is not None:
                assert (status, problem) == refusal, f"{method} {path} as {holder}"
            else:
                assert status not in (401, 403), f"{method} {path} as {holder}: {status} {problem}"
                assert status < 500, f"{method} {path} as {holder}: {status} {problem}"
