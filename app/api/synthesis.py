"""A synthesis of studies that somebody brings along: effects, pool, heterogeneity, certainty; nothing is kept."""

from dataclasses import fields
from typing import Any

from fastapi import APIRouter, Request, Response

from app.schemas.meta import DISCLAIMER
from app.schemas.synthesis import GivenArm, GivenModel, GivenStudyShape, SynthesisAnswer, SynthesisRequest
from app.synthesis.body import ArmInput, DirectnessInput
from app.synthesis.given_answer import synthesis_to_json
from app.synthesis.given_body import GivenQuestion
from app.synthesis.given_studies import GivenStudy
from app.synthesis.given_synthesis import GivenSynthesis, synthesise
from app.synthesis.pooled_batch import COMMON_EFFECT
from app.synthesis.pooling_model import PoolingModel
from app.web.conditional import NO_STORE, reply
from app.web.json_body import StrictRoute
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1", tags=["synthesis"], route_class=StrictRoute)
OTHER_NAMES = {"FE": COMMON_EFFECT}
EXAMPLE: dict[str, Any] = {
    "measure": "SMD",
    "better": "lower",
    "mid": 0.2,
    "model": {"tau2": "REML", "ci": "hartung-knapp", "guard": True},
    "studies": [
        {"label": "A 2016", "treatment": {"n": 27, "mean": 31.2, "sd": 20.1}, "control": {"n": 27, "mean": 52.0, "sd": 21.5}},
        {"label": "B 2018", "treatment": {"n": 40, "mean": 40.5, "sd": 18.0}, "control": {"n": 38, "mean": 47.1, "sd": 19.2}},
        {"label": "C 2021", "effect": -0.4, "variance": 0.05, "n": 82, "risk_of_bias": "low"},
    ],
}


@router.post(
    "/synthesis",
    response_model=SynthesisAnswer,
    dependencies=[NO_PARAMETERS],
    openapi_extra={"requestBody": {"content": {"application/json": {"example": EXAMPLE}}}},
)
def synthesise_studies(request: Request, asked: SynthesisRequest) -> Response:
    """Pool and rate the studies in the body by the rules of every rating here; nothing is kept."""
    synthesis = synthesise(_asked(asked))
    return reply(request, synthesis_to_json(synthesis) | {"disclaimer": DISCLAIMER}, cache_control=NO_STORE)


def _asked(asked: SynthesisRequest) -> GivenSynthesis:
    question = GivenQuestion(
        measure=asked.measure,
        better=asked.better,
        mid=asked.mid,
        intervention_name=asked.intervention,
        outcome_name=asked.outcome,
        comparator=asked.comparator,
        design_level=asked.design,
    )
    studies = tuple(_study(study, place) for place, study in enumerate(asked.studies, start=1))
    return GivenSynthesis(studies, question, _model(asked.model), asked.model.smd_variance)


def _model(given: GivenModel) -> PoolingModel:
    return PoolingModel(OTHER_NAMES.get(given.tau2, given.tau2), ci=given.ci, guard=given.guard, prediction=given.prediction)


def _study(given: GivenStudyShape, place: int) -> GivenStudy:
    members = {name: getattr(given, name) for name in ("year", "effect", "variance", "se", "ci_low", "ci_high", "p", "n", "risk_of_bias")}
    return GivenStudy(
        label=given.label or f"Study {place}",
        treatment=_arm(given.treatment),
        control=_arm(given.control),
        directness=DirectnessInput(**{name: getattr(given.directness, name) for name in type(given.directness).model_fields}),
        **members,
    )


def _arm(given: GivenArm | None) -> ArmInput:
    return ArmInput() if given is None else ArmInput(**{field.name: getattr(given, field.name) for field in fields(ArmInput)})
