"""The signalling questions of RoB 2 with help in our own words: parallel trials, effect of assignment to intervention.

Sterne 2019, doi 10.1136/bmj.l4898; short guidance ("cribsheet") of 22 August 2019. The tool itself is the authority: a question is
answered with its full guidance at hand, for one result of one trial.
"""

from enum import StrEnum

from app.synthesis.grade.signalling import CONDITIONAL, Answer, Question


class Rob2Domain(StrEnum):
    RANDOMISATION = "randomisation-process"
    DEVIATIONS = "deviations-from-intended-interventions"
    MISSING_DATA = "missing-outcome-data"
    MEASUREMENT = "measurement-of-the-outcome"
    SELECTION = "selection-of-the-reported-result"


DOMAIN_NAMES = {
    Rob2Domain.RANDOMISATION: "Randomisation process",
    Rob2Domain.DEVIATIONS: "Deviations from the intended interventions (effect of assignment)",
    Rob2Domain.MISSING_DATA: "Missing outcome data",
    Rob2Domain.MEASUREMENT: "Measurement of the outcome",
    Rob2Domain.SELECTION: "Selection of the reported result",
}
CONDITIONAL_DECIDED = (Answer.NOT_APPLICABLE, Answer.YES, Answer.PROBABLY_YES, Answer.PROBABLY_NO, Answer.NO)
"""For question 3.2, which has no `no-information`: without evidence the answer is no."""


_RANDOMISATION = (
    Question(
        "1.1",
        Rob2Domain.RANDOMISATION,
        "Was the order of allocation random?",
        "Yes for a computer, a table of random numbers, tossed coins, shuffled cards or drawn lots; minimisation counts as random. No "
        "for alternation, dates, record numbers or somebody's choice. If the report says no more than 'randomised': no information.",
    ),
    Question(
        "1.2",
        Rob2Domain.RANDOMISATION,
        "Was the next allocation hidden until the person was enrolled and assigned?",
        "Yes if an outside office, pharmacy or computer gave the allocation, or if numbered, sealed, opaque envelopes or identical "
        "containers were used as they should be. No if whoever enrolled could know or guess what came next.",
    ),
    Question(
        "1.3",
        Rob2Domain.RANDOMISATION,
        "Do differences between the groups at the start point to a problem with randomisation?",
        "Differences that chance explains are no problem. Yes for group sizes far from plan, far more differences than chance gives, a "
        "large gap in an important prognostic factor, or groups too alike to be true. No information without useful baseline figures.",
    ),
)
_DEVIATIONS = (
    Question(
        "2.1",
        Rob2Domain.DEVIATIONS,
        "Did participants know during the trial which treatment they had?",
        "A convincing sham or placebo prevents it. Yes if side effects gave it away.",
    ),
    Question(
        "2.2",
        Rob2Domain.DEVIATIONS,
        "Did those who cared for them or gave the treatment know?",
        "For manual treatment whoever gives it nearly always knows. If allocation was not hidden, they probably knew.",
    ),
    Question(
        "2.3",
        Rob2Domain.DEVIATIONS,
        "Were there departures from the treatment as planned that arose because of the trial?",
        "Only departures that would not happen outside a trial, such as disappointed controls seeking the treatment elsewhere. Stopping "
        "or changing treatment as anyone might in practice, or as the protocol allows, does not count. Often there is no information.",
        CONDITIONAL,
        "2.1 or 2.2 is yes, probably yes or no information",
    ),
    Question(
        "2.4",
        Rob2Domain.DEVIATIONS,
        "Were those departures likely to affect the outcome?",
        "Only departures that can change this outcome can bias its result.",
        CONDITIONAL,
        "2.3 is yes or probably yes",
    ),
    Question(
        "2.5",
        Rob2Domain.DEVIATIONS,
        "Were those departures alike in both groups?",
        "Departures that are alike on both sides bias the comparison less.",
        CONDITIONAL,
        "2.4 is yes, probably yes or no information",
    ),
    Question(
        "2.6",
        Rob2Domain.DEVIATIONS,
        "Was the effect of assignment analysed properly?",
        "Yes for intention to treat, also when only people without an outcome are left out. No for per-protocol or as-treated analyses, "
        "and when eligible people are excluded after randomisation.",
    ),
    Question(
        "2.7",
        Rob2Domain.DEVIATIONS,
        "Could analysing people outside the group they were assigned to have changed the result much?",
        "Weigh how many were moved or excluded, how rare the outcome is, and whether the reason has to do with prognosis. No fixed share "
        "decides.",
        CONDITIONAL,
        "2.6 is no, probably no or no information",
    ),
)
_MISSING_DATA = (
    Question(
        "3.1",
        Rob2Domain.MISSING_DATA,
        "Is the outcome there for all, or nearly all, who were randomised?",
        "Nearly all means that the missing could not change the result; for a continuous outcome 95 % is often enough, for events compare "
        "the missing with the events. Imputed values are missing ones.",
    ),
    Question(
        "3.2",
        Rob2Domain.MISSING_DATA,
        "Is there evidence that the missing data did not bias the result?",
        "For example an analysis that corrects for it, or sensitivity analyses under several plausible assumptions. Carrying the last "
        "value forward, or imputing from treatment group alone, is no such evidence.",
        CONDITIONAL_DECIDED,
        "3.1 is no, probably no or no information",
    ),
    Question(
        "3.3",
        Rob2Domain.MISSING_DATA,
        "Could it depend on the true outcome whether it is missing?",
        "No if everybody's reason has nothing to do with how they fared, such as a broken machine. Yes if worse or better people may have "
        "stayed away.",
        CONDITIONAL,
        "3.2 is no or probably no",
    ),
    Question(
        "3.4",
        Rob2Domain.MISSING_DATA,
        "Is it likely that it depended on the true outcome?",
        "Signs are different shares or different reasons in the two groups, reasons that tell of the outcome, or circumstances in which it "
        "is to be expected.",
        CONDITIONAL,
        "3.3 is yes, probably yes or no information",
    ),
)
_MEASUREMENT = (
    Question(
        "4.1",
        Rob2Domain.MEASUREMENT,
        "Was the outcome measured in an unsuitable way?",
        "Usually not. Yes if the instrument cannot register the effects to be expected, or was shown to measure something else.",
    ),
    Question(
        "4.2",
        Rob2Domain.MEASUREMENT,
        "Could measurement have differed between the groups?",
        "Same method, same threshold, same times make them alike. Extra visits in one group can bring more events to light.",
    ),
    Question(
        "4.3",
        Rob2Domain.MEASUREMENT,
        "Did those who assessed the outcome know who had which treatment?",
        "For what participants report themselves, the participants are the assessors.",
        CONDITIONAL,
        "neither 4.1 nor 4.2 is yes or probably yes",
    ),
    Question(
        "4.4",
        Rob2Domain.MEASUREMENT,
        "Could that knowledge have influenced the assessment?",
        "It can where the assessment needs judgement, and in what people report, such as pain; hardly in death from any cause.",
        CONDITIONAL,
        "4.3 is yes, probably yes or no information",
    ),
    Question(
        "4.5",
        Rob2Domain.MEASUREMENT,
        "Is it likely that it did?",
        "More likely where people believe strongly in the treatment, or where the person who treated also assessed.",
        CONDITIONAL,
        "4.4 is yes, probably yes or no information",
    ),
)
_SELECTION = (
    Question(
        "5.1",
        Rob2Domain.SELECTION,
        "Was the result analysed by a plan fixed before unblinded outcomes were there?",
        "Compare protocol, registration or analysis plan, and their dates, with the report. Changes made before the data were seen, or for "
        "reasons foreign to the results, do not matter.",
    ),
    Question(
        "5.2",
        Rob2Domain.SELECTION,
        "Was the result likely picked, for what it shows, from several measurements of the outcome?",
        "Several scales, definitions or times that would have been eligible, and only some reported without a reason. No if all that was "
        "planned is there or only one measurement was possible. No information if the intentions are not known and several were possible.",
    ),
    Question(
        "5.3",
        Rob2Domain.SELECTION,
        "Was the result likely picked, for what it shows, from several analyses of the data?",
        "Several models, adjustments, cut points, change or final values, ways with missing data; judged as 5.2.",
    ),
)
QUESTIONS = (*_RANDOMISATION, *_DEVIATIONS, *_MISSING_DATA, *_MEASUREMENT, *_SELECTION)
QUESTION_OF_NUMBER = {question.number: question for question in QUESTIONS}
