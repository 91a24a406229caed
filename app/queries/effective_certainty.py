"""The certainty of a rating as it counts with the appraisals of its bodies, beside the stored one."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.queries.addresses import appraisals_href
from app.queries.appraisals import load_appraisals_of_pair
from app.queries.pair_inputs import load_pair_inputs
from app.queries.rating_inputs import load_inputs
from app.synthesis.appraised_rating import appraise_rating
from app.synthesis.body import PairInput
from app.synthesis.inputs_reading import read_pair
from app.synthesis.rating import rate_pair

Json = dict[str, Any]


def load_effective_certainty(session: Session, content: Mapping[str, Any]) -> Json:
    """Of a stored rating, given as its content. One query where nobody appraised a body of it, some more where somebody did."""
    appraisals = load_appraisals_of_pair(session, content["condition"], content["intervention"])
    if not appraisals:
        return {"effective_certainty": content["certainty"], "appraised_bodies": []}
    appraised = appraise_rating(rate_pair(_load_pair(session, content), content["method"]), appraisals)
    return {
        "effective_certainty": appraised.certainty.value,
        "appraised_bodies": [
            {
                "body": body,
                "computed": beside.computed.certainty.value,
                "effective": beside.certainty.value,
                "domains": [row.computed.domain.value for row in beside.domains if row.appraisal is not None],
                "href": appraisals_href(body),
            }
            for body, beside in sorted(appraised.bodies.items())
        ],
    }


def _load_pair(session: Session, content: Mapping[str, Any]) -> PairInput:
    """What the stored rating rests on: its kept inputs; for a rating from before these were kept, the accepted studies as of its day."""
    kept = load_inputs(session, [content["inputs_hash"]]).get(content["inputs_hash"])
    if kept is not None:
        return read_pair(kept)
    pair = (content["condition"], content["intervention"])
    return load_pair_inputs(session, [pair], as_of=date.fromisoformat(content["as_of"]))[0]
