"""How effects are pooled: the choices, and the one the method makes."""

import math
from dataclasses import dataclass
from typing import Literal

from app.synthesis.body import NotPooled
from app.synthesis.heterogeneity import TAU2_ESTIMATORS, unknown_estimator
from app.synthesis.pooled_batch import COMMON_EFFECT, HARTUNG_KNAPP, HARTUNG_KNAPP_UNGUARDED, WALD

MIN_STUDIES_FOR_PREDICTION = 3  # method, section 2; Higgins, Thompson and Spiegelhalter 2009, doi 10.1111/j.1467-985X.2008.00552.x
MIN_STUDIES_FOR_HARTUNG_KNAPP = 3  # method, section 2: with two studies t has one degree of freedom

IntervalChoice = Literal["hartung-knapp", "z", "by-number-of-studies"]
Prediction = Literal["t", "riley"]


@dataclass(frozen=True, slots=True)
class PoolingModel:
    """The choices of `pooling.pool`; `ci="by-number-of-studies"`: Hartung-Knapp for three studies and more, Wald for two.

    `tau2_method` is a key of `TAU2_ESTIMATORS`, or `EE` for the common-effect model, whose interval is Wald's whatever `ci` says.
    """

    tau2_method: str = "REML"
    ci: IntervalChoice = "hartung-knapp"
    guard: bool = True
    prediction: Prediction = "t"
    tau2_interval: bool = True

    @property
    def refusal(self) -> NotPooled | None:
        """Why nothing can be pooled like this, if so."""
        known = self.tau2_method == COMMON_EFFECT or self.tau2_method in TAU2_ESTIMATORS
        return None if known else unknown_estimator(self.tau2_method)

    @property
    def min_studies_for_t(self) -> float:
        """From how many studies on the interval is Hartung and Knapp's; infinity: never."""
        if self.ci == "z" or self.tau2_method == COMMON_EFFECT:
            return math.inf
        return 2 if self.ci == "hartung-knapp" else MIN_STUDIES_FOR_HARTUNG_KNAPP

    def ci_method(self, k: int) -> str:
        """Return the name of the interval of two studies or more, as in `PooledEffect`."""
        if k < self.min_studies_for_t:
            return WALD
        return HARTUNG_KNAPP if self.guard else HARTUNG_KNAPP_UNGUARDED

    def prediction_df(self, k: int) -> int | None:
        """Return the degrees of freedom of the prediction interval; None where there is none."""
        if k < MIN_STUDIES_FOR_PREDICTION or self.tau2_method == COMMON_EFFECT:
            return None
        return k - 1 if self.prediction == "t" else k - 2


BY_METHOD = PoolingModel(ci="by-number-of-studies")
"""Method, section 2: REML; three studies and more Hartung-Knapp guarded, two Wald, one the study's own."""

COMMON = PoolingModel(COMMON_EFFECT, ci="z")
