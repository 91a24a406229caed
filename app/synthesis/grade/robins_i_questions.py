"""The signalling questions of ROBINS-I with help in our own words: the tool of 2016, version for cohort-type studies.

Sterne 2016, doi 10.1136/bmj.i4919; template of 19 September 2016 and the detailed guidance of 12 October 2016. The tool itself is the
authority: a question is answered with its full guidance at hand, for one result of one study, against a target trial that is written down.
"""

from enum import StrEnum

from app.synthesis.grade.signalling import CONDITIONAL, Answer, Question


class RobinsIDomain(StrEnum):
    CONFOUNDING = "confounding"
    SELECTION = "selection-of-participants"
    CLASSIFICATION = "classification-of-interventions"
    DEVIATIONS = "deviations-from-intended-interventions"
    MISSING_DATA = "missing-data"
    MEASUREMENT = "measurement-of-outcomes"
    REPORTING = "selection-of-the-reported-result"


DOMAIN_NAMES = {
    RobinsIDomain.CONFOUNDING: "Confounding",
    RobinsIDomain.SELECTION: "Selection of participants into the study",
    RobinsIDomain.CLASSIFICATION: "Classification of interventions",
    RobinsIDomain.DEVIATIONS: "Deviations from the intended interventions",
    RobinsIDomain.MISSING_DATA: "Missing data",
    RobinsIDomain.MEASUREMENT: "Measurement of outcomes",
    RobinsIDomain.REPORTING: "Selection of the reported result",
}
DECIDED = (Answer.YES, Answer.PROBABLY_YES, Answer.PROBABLY_NO, Answer.NO)
"""For question 1.1, which has no `no-information`."""

OF_ASSIGNMENT = ("4.1", "4.2")
OF_ADHERING = ("4.3", "4.4", "4.5", "4.6")
"""The effect of being assigned to an intervention, or of starting it and adhering to it: questions of one of the two are answered."""

BASELINE_APPLIES = "1.2 is no or probably no, or 1.3 is no or probably no"
TIME_VARYING_APPLIES = "1.3 is yes or probably yes"
MISSING_APPLIES = "5.1 is no or probably no, or 5.2 or 5.3 is yes or probably yes"
FOR_ASSIGNMENT = "the effect of assignment is assessed"
FOR_ADHERING = "the effect of starting and adhering is assessed"

_CONFOUNDING = (
    Question(
        "1.1",
        RobinsIDomain.CONFOUNDING,
        "Could confounding have distorted the effect in this study?",
        "Nearly always yes: something that predicts the outcome also predicts who had which treatment. No only where the choice of "
        "treatment can have had nothing to do with the outcome, as with a harm nobody foresaw.",
        DECIDED,
    ),
    Question(
        "1.2",
        RobinsIDomain.CONFOUNDING,
        "Did the analysis split each person's follow-up by the treatment received at the time?",
        "Where people move between treatments and their time is counted to the one they are on, confounding can change as time goes by.",
        CONDITIONAL,
        "1.1 is yes or probably yes",
    ),
    Question(
        "1.3",
        RobinsIDomain.CONFOUNDING,
        "Did stopping or changing treatment probably have to do with things that predict the outcome?",
        "If not, only differences at the start need control.",
        CONDITIONAL,
        "1.2 is yes or probably yes",
    ),
    Question(
        "1.4",
        RobinsIDomain.CONFOUNDING,
        "Did a suitable analysis control for every important confounding domain?",
        "Compare with the confounders listed beforehand for the question. Stratification, regression, matching, standardisation and "
        "weighting are suitable; each rests on nothing important having been left out.",
        CONDITIONAL,
        BASELINE_APPLIES,
    ),
    Question(
        "1.5",
        RobinsIDomain.CONFOUNDING,
        "Were the confounders that were controlled for measured validly and reliably?",
        "A confounder measured badly is controlled badly. What people report of themselves is often weaker than a laboratory value.",
        CONDITIONAL,
        "1.4 is yes or probably yes",
    ),
    Question(
        "1.6",
        RobinsIDomain.CONFOUNDING,
        "Did the authors control for something that came after the start of treatment and may be its effect?",
        "Adjusting for a step on the way takes part of the effect away; adjusting for a common effect of treatment and outcome makes bias.",
        CONDITIONAL,
        BASELINE_APPLIES,
    ),
    Question(
        "1.7",
        RobinsIDomain.CONFOUNDING,
        "Did a suitable analysis control for every important confounding domain, those that change with time too?",
        "Methods by inverse probability weighting can. An ordinary regression with confounders updated over time may not.",
        CONDITIONAL,
        TIME_VARYING_APPLIES,
    ),
    Question(
        "1.8",
        RobinsIDomain.CONFOUNDING,
        "Were those confounders measured validly and reliably?",
        "Judged as 1.5, for what changes with time too.",
        CONDITIONAL,
        "1.7 is yes or probably yes",
    ),
)
_SELECTION = (
    Question(
        "2.1",
        RobinsIDomain.SELECTION,
        "Did it depend on anything observed after the start of treatment who came into the study or its analysis?",
        "Choosing people by what was known before the start is no matter of this domain: it may confound, and is judged there.",
    ),
    Question(
        "2.2",
        RobinsIDomain.SELECTION,
        "Was what decided on selection probably associated with the treatment?",
        "Selection biases only if it has to do with both the treatment, or a cause of it, and the outcome, or a cause of it.",
        CONDITIONAL,
        "2.1 is yes or probably yes",
    ),
    Question(
        "2.3",
        RobinsIDomain.SELECTION,
        "Was what decided on selection probably influenced by the outcome, or by a cause of it?",
        "The second half of the condition in 2.2.",
        CONDITIONAL,
        "2.2 is yes or probably yes",
    ),
    Question(
        "2.4",
        RobinsIDomain.SELECTION,
        "Were most people followed from the very start of their treatment?",
        "If people who had been on treatment for some time are included, those to whom the outcome came early are missing.",
    ),
    Question(
        "2.5",
        RobinsIDomain.SELECTION,
        "Were methods used that probably correct for this selection?",
        "Weighting for selection, or modelling those who are missing. Such methods are rare, so the answer is usually no.",
        CONDITIONAL,
        "2.2 and 2.3 are yes or probably yes, or 2.4 is no or probably no",
    ),
)
_CLASSIFICATION = (
    Question(
        "3.1",
        RobinsIDomain.CLASSIFICATION,
        "Was it clearly defined who belongs to which treatment group?",
        "The definition should be explicit: which treatment, by whom, how much, how often and when.",
    ),
    Question(
        "3.2",
        RobinsIDomain.CLASSIFICATION,
        "Was what defines the groups recorded when treatment began?",
        "What is written down at the time cannot be coloured by what happened later.",
    ),
    Question(
        "3.3",
        RobinsIDomain.CLASSIFICATION,
        "Could knowing the outcome, or the risk of it, have affected who was put into which group?",
        "Look at how the study itself took the data, not only at when they were recorded.",
    ),
)
_DEVIATIONS = (
    Question(
        "4.1",
        RobinsIDomain.DEVIATIONS,
        "Were there deviations from the treatment beyond what ordinary practice brings?",
        "Stopping for side effects, as anyone might, is part of practice. Seeking the other treatment out of disappointment over a study's "
        "assignment is not; in routine care it is hardly to be expected.",
        asked_if=FOR_ASSIGNMENT,
    ),
    Question(
        "4.2",
        RobinsIDomain.DEVIATIONS,
        "Were those deviations unequal between the groups, and likely to have affected the outcome?",
        "Both are needed for bias.",
        CONDITIONAL,
        f"{FOR_ASSIGNMENT}, and 4.1 is yes or probably yes",
    ),
    Question(
        "4.3",
        RobinsIDomain.DEVIATIONS,
        "Were other treatments that matter spread alike over the groups?",
        "Other treatments matter if they affect the outcome; think of those named in the protocol and of any others.",
        asked_if=FOR_ADHERING,
    ),
    Question(
        "4.4",
        RobinsIDomain.DEVIATIONS,
        "Was the treatment carried out as it should be for most people?",
        "For example by those who deliver it, in the technique and the number of sessions intended.",
        asked_if=FOR_ADHERING,
    ),
    Question(
        "4.5",
        RobinsIDomain.DEVIATIONS,
        "Did people keep to the treatment they had?",
        "No if so many stopped, changed over or took it incompletely that it is a worry. Yes for a treatment given once. Switches that the "
        "analysis counts to the new treatment belong to confounding over time.",
        asked_if=FOR_ADHERING,
    ),
    Question(
        "4.6",
        RobinsIDomain.DEVIATIONS,
        "Was the effect of starting and adhering estimated by a suitable analysis?",
        "Weighting or an instrumental variable may be suitable, if the report says enough of the deviations. Nothing corrects for another "
        "treatment that everybody in one group had.",
        CONDITIONAL,
        f"{FOR_ADHERING}, and 4.3, 4.4 or 4.5 is no or probably no",
    ),
)
_MISSING_DATA = (
    Question(
        "5.1",
        RobinsIDomain.MISSING_DATA,
        "Is the outcome there for all, or nearly all?",
        "Nearly all is enough to trust the result; 95 %, sometimes 90 %, where events are not rare.",
    ),
    Question(
        "5.2",
        RobinsIDomain.MISSING_DATA,
        "Were people left out because it was not known which treatment they had?",
        "This needs a clear idea of who was meant to be in the study.",
    ),
    Question(
        "5.3",
        RobinsIDomain.MISSING_DATA,
        "Were people left out because other variables that the analysis needs were missing?",
        "Above all the confounders that were controlled for.",
    ),
    Question(
        "5.4",
        RobinsIDomain.MISSING_DATA,
        "Are shares and reasons of what is missing alike in the groups?",
        "Differences as chance brings them count as alike.",
        CONDITIONAL,
        MISSING_APPLIES,
    ),
    Question(
        "5.5",
        RobinsIDomain.MISSING_DATA,
        "Is there evidence that the result holds in spite of what is missing?",
        "From how the analysis dealt with it and from sensitivity analyses under plausible assumptions. Multiple imputation alone is no "
        "guarantee; compare it with the complete cases.",
        CONDITIONAL,
        MISSING_APPLIES,
    ),
)
_MEASUREMENT = (
    Question(
        "6.1",
        RobinsIDomain.MEASUREMENT,
        "Could knowing the treatment have influenced the measured outcome?",
        "Hardly death from any cause, or a value read off a machine; well what people report, or an assessor has to judge.",
    ),
    Question(
        "6.2",
        RobinsIDomain.MEASUREMENT,
        "Did those who assessed the outcome know who had which treatment?",
        "For what people report of themselves, they are the assessors; in an observational study they usually know.",
    ),
    Question(
        "6.3",
        RobinsIDomain.MEASUREMENT,
        "Was the outcome assessed by comparable methods in the groups?",
        "The same way of finding it, the same thresholds, times, definitions and measurements.",
    ),
    Question(
        "6.4",
        RobinsIDomain.MEASUREMENT,
        "Did systematic errors of measurement have to do with the treatment?",
        "Mostly because assessors knew, or methods differed; sometimes in spite of care on both.",
    ),
)
_REPORTING = (
    Question(
        "7.1",
        RobinsIDomain.REPORTING,
        "Was the result probably picked, for what it shows, from several measurements of the outcome?",
        "Several measurements were made, and one or some are reported.",
    ),
    Question(
        "7.2",
        RobinsIDomain.REPORTING,
        "Was the result probably picked, for what it shows, from several analyses?",
        "Such as with and without adjustment, other sets of confounders, change or final values, cut points, ways with missing data.",
    ),
    Question(
        "7.3",
        RobinsIDomain.REPORTING,
        "Was the result probably picked, for what it shows, from several subgroups?",
        "Large cohorts give many, and parts of a cohort can be left out.",
    ),
)
QUESTIONS = (*_CONFOUNDING, *_SELECTION, *_CLASSIFICATION, *_DEVIATIONS, *_MISSING_DATA, *_MEASUREMENT, *_REPORTING)
QUESTION_OF_NUMBER = {question.number: question for question in QUESTIONS}
