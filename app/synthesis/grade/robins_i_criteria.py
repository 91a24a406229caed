"""What makes a domain of ROBINS-I low, moderate, serious or critical, in our own words: the tables of the tool of 2016.

Sterne 2016, doi 10.1136/bmj.i4919, and its detailed guidance. The tool has no algorithm for a domain: an assessor weighs the answers by
these criteria. They are served beside the questions, and are the reason given where the answers leave several judgements open.
"""

from collections.abc import Mapping

from app.synthesis.grade.robins_i_questions import RobinsIDomain
from app.vocabulary import RobinsILevel

LOW, MODERATE, SERIOUS, CRITICAL, UNKNOWN = RobinsILevel

CRITERIA: Mapping[RobinsIDomain, Mapping[RobinsILevel, str]] = {
    RobinsIDomain.CONFOUNDING: {
        LOW: "no confounding is to be expected",
        MODERATE: "all important confounders known were measured well enough and controlled for, and nothing serious should remain",
        SERIOUS: "an important confounder was not controlled for, or measured so poorly that serious confounding remains",
        CRITICAL: "confounding cannot be controlled at all, or negative controls strongly suggest that some remains unmeasured",
        UNKNOWN: "nothing tells whether there may be confounding",
    },
    RobinsIDomain.SELECTION: {
        LOW: "everybody eligible for the target trial was included, and followed from the start of treatment",
        MODERATE: "selection was corrected for, or concerns too few to matter, or the hazard ratio is surely constant over time",
        SERIOUS: "selection had to do with treatment and outcome, not very strongly, or much early follow-up is missing; uncorrected",
        CRITICAL: "selection had very strongly to do with treatment and outcome, or most early follow-up is missing; uncorrected",
        UNKNOWN: "nothing is said of who was selected, or of when follow-up began",
    },
    RobinsIDomain.CLASSIFICATION: {
        LOW: "the groups are well defined, by what was recorded when treatment began",
        MODERATE: "the groups are well defined, but some of it was settled afterwards",
        SERIOUS: "the groups are not well defined, or much of it was settled in a way that the outcome may have coloured",
        CRITICAL: "extremely many are in the wrong group, as by very strong recall bias; unusual",
        UNKNOWN: "the treatment is not defined, or the source of what is known of it not named",
    },
    RobinsIDomain.DEVIATIONS: {
        LOW: "deviations were those of ordinary practice, or unlikely to bear on the outcome; other treatments were balanced",
        MODERATE: "deviations had a slight effect at most, or a suitable analysis allowed for them",
        SERIOUS: "deviations were unequal and likely to affect the outcome, and no suitable analysis allowed for them",
        CRITICAL: "deviations were substantial, unequal and likely to affect the outcome, and no suitable analysis allowed for them",
        UNKNOWN: "nothing is said of whether there were deviations",
    },
    RobinsIDomain.MISSING_DATA: {
        LOW: "data are reasonably complete, or missing alike in the groups, or the analysis has probably removed the bias",
        MODERATE: "what is missing differs slightly between the groups, and the analysis has probably not removed the bias",
        SERIOUS: "what is missing differs substantially, and was not dealt with suitably, or could not be",
        CRITICAL: "what is missing differs critically, and was not, or could not be, dealt with; unusual",
        UNKNOWN: "nothing is said of missing data, or of whether there could be any",
    },
    RobinsIDomain.MEASUREMENT: {
        LOW: "methods were comparable, the outcome is objective or its assessors did not know, and errors had nothing to do with treatment",
        MODERATE: "methods were comparable; knowing the treatment, and errors, can have mattered only minimally",
        SERIOUS: "methods were not comparable, or a subjective outcome was assessed by people who knew, or errors had to do with treatment",
        CRITICAL: "methods differed so much that the groups cannot reasonably be compared",
        UNKNOWN: "nothing is said of how the outcome was assessed",
    },
    RobinsIDomain.REPORTING: {
        LOW: "a protocol or plan clearly shows that all that was intended is reported",
        MODERATE: "outcomes and analyses agree with a plan or are clearly defined and consistent, with no sign of picking",
        SERIOUS: "definitions differ between places, or results were likely picked from several analyses or subgroups",
        CRITICAL: "picking is evident or strongly suspected, and what is not reported is likely to be substantially different",
        UNKNOWN: "too little is reported to judge, as in an abstract alone",
    },
}


def criteria_in_words(domain: RobinsIDomain, levels: tuple[RobinsILevel, ...]) -> str:
    """What decides between these judgements of a domain: `serious if …; critical if …`."""
    return "; ".join(f"{level.value.replace('-', ' ')} if {CRITERIA[domain][level]}" for level in levels)
