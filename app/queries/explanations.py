"""One body of evidence in full: as it is stored, or on other terms, with its explanation and its diagnostics computed on reading.

They are computed from the accepted studies as of the day and under the method of the stored rating, which gives the stored body
again. Where it does not, because a reference record was edited and nothing has been rated anew since, they are not computed: they
would explain another body.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.errors import InvalidQuery, NotFound, ParameterProblem
from app.queries.appraisals import load_appraisals
from app.queries.evidence import Json, body_answer, stored_body
from app.queries.what_if import NOTHING_ASKED, Asked, load_pair, records_behind, what_was_asked
from app.synthesis.diagnostics import diagnose, not_computed
from app.synthesis.explanation import explain_in_context
from app.synthesis.grade.appraisal import Appraisal
from app.synthesis.grade.publication_bias import PairContext
from app.synthesis.rated_body import RatedBody, body_to_json
from app.synthesis.rating import rate_one_body
from app.synthesis.what_if import NOTHING_TO_JUDGE, OnOtherTerms, UnfitMid, rate_what_if

BEARING = ("certainty", "finding", "k", "n", "measure", "levels_total")
"""Members in which a body computed again has to be the stored one, or its explanation explains another."""
OUTDATED = "The accepted studies and reference records no longer give the stored body: it waits to be rated anew."
NOTHING_LEFT = "On these terms no study with a usable result is left in {}: there is no such body. `what_if` says what is left out."


def get_explained_evidence(session: Session, body: str, asked: Asked = NOTHING_ASKED) -> Json:
    """A body with everything that can be said of it, in twelve queries; on other terms where something is asked, in eleven.

    Curators appraised the stored body: on other terms their appraisals do not count.
    """
    stored = stored_body(session, body)
    pair = load_pair(session, stored.condition, stored.intervention, stored.as_of)
    computed_from = records_behind(pair, stored.explanation["outcome"])
    if not asked.nothing:
        found = rate_what_if(pair, asked.as_what_if(stored.method), body)
        return _on_other_terms(session, stored, asked, found, computed_from)
    content, method = stored.explanation, stored.method
    answer = body_answer(session, stored, content, method=method, as_of=stored.as_of, computed_from=computed_from)
    again = rate_one_body(pair, body, method)
    if again is None or not _is_as_stored(again[0], content):
        return {**answer, "explanation": not_computed(OUTDATED), "diagnostics": not_computed(OUTDATED), "what_if": None}
    appraisals = load_appraisals(session, [body]).get(body, [])
    return {**answer, **_explained(*again, method, appraisals), "what_if": None}


def _is_as_stored(rated: RatedBody, stored: Json) -> bool:
    computed = body_to_json(rated)
    return all(computed[name] == stored[name] for name in BEARING)


def _explained(rated: RatedBody, context: PairContext, method: str, appraisals: Sequence[Appraisal] = ()) -> Json:
    return {
        "explanation": explain_in_context(rated.body, context, method, appraisals),
        "diagnostics": diagnose(rated.body, rated.thresholds),
    }


def _on_other_terms(session: Session, stored: Any, asked: Asked, found: OnOtherTerms | UnfitMid, computed_from: list[str]) -> Json:
    if isinstance(found, UnfitMid):
        raise InvalidQuery(f"mid: {found.reason}", errors=[ParameterProblem("mid", found.reason)])
    rated = found.find_body(stored.id)
    what_if = _what_if(asked, stored, found, rated)
    if rated is None:
        raise NotFound(NOTHING_LEFT.format(stored.id), what_if=what_if)
    rating, content = found.rating, body_to_json(rated)
    answer = body_answer(session, stored, content, method=rating.method, as_of=rating.as_of, computed_from=computed_from)
    return {**answer, **_explained(rated, found.context, rating.method), "what_if": what_if}


def _what_if(asked: Asked, stored: Any, found: OnOtherTerms, rated: RatedBody | None) -> Json:
    """What was asked, what it leaves out of this body, and the body as it is stored."""
    body = stored.explanation
    years = [(row["study"], row["year"]) for row in body["studies"]]
    nothing_pooled = rated is not None and rated.body.pooled is None
    return {
        **what_was_asked(asked, years, found.left_out_of(stored.id)),
        "mid": asked.mid,
        "notes": [NOTHING_TO_JUDGE] if asked.mid is not None and nothing_pooled else [],
        "stored": {
            **{name: body[name] for name in ("certainty", "finding", "effect", "k", "n", "sentence")},
            "method": stored.method,
            "as_of": stored.as_of,
        },
    }
