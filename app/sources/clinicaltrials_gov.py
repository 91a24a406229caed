"""ClinicalTrials.gov, by its API version 2: `studies/{nct}` (https://clinicaltrials.gov/data-api/api, "Study Data Structure").

| member | from protocolSection |
|---|---|
| registration | identificationModule.nctId |
| title | identificationModule.officialTitle, or briefTitle |
| authors | sponsorCollaboratorsModule.leadSponsor.name |
| year | statusModule.studyFirstSubmitDate: when it was registered |
| completed_on | statusModule.completionDateStruct, if its type is ACTUAL |
| country | contactsLocationsModule.locations[].country, if it is one |
| kind, design, publication_status | registration, registered-trial, registered |
| trial | status, design, enrolment, conditions, interventions, sponsor and references, in the registry's own words |

Its guard is known to answer some networks and programs with 403, whatever they ask; that is told as the service being unavailable.
An enrolment is who was enrolled or is planned, not who was randomised: it stays in `trial`.
"""

from typing import Any

from app.errors import SourceReplyInvalid
from app.identifiers import normalise_pmid, normalise_registry_number
from app.schemas.base import FIRST_YEAR, LAST_PLANNED_YEAR, MAX_COUNT
from app.schemas.lookup import RegisteredTrial, SourceName, SourceRecord, TrialPublication
from app.sources.client import Reply, SourceClient
from app.sources.partial_date import written, year_of
from app.sources.reading import at, objects_at, paragraphs, read_json, text_at, texts_at
from app.sources.record import make_record, shortened
from app.vocabulary import Design, PublicationStatus, StudyKind

MAX_LINE = 1000


def fetch(client: SourceClient, nct: str) -> SourceRecord:
    """The record of a registration (`NCT` and eight digits)."""
    reply = client.get(client.services.clinicaltrials_gov, f"/studies/{nct}", {"format": "json"}, _read)
    found = text_at(reply.content, "protocolSection", "identificationModule", "nctId")
    aliases = texts_at(reply.content, "protocolSection", "identificationModule", "nctIdAliases")
    if found != nct and nct not in aliases:
        raise SourceReplyInvalid(f"ClinicalTrials.gov sent the trial {shortened(found)} when asked for {nct}.")
    return _record(reply, reply.content)


def _read(body: bytes) -> dict[str, Any]:
    content = read_json(body)
    number = text_at(content, "protocolSection", "identificationModule", "nctId")
    if number is None:
        raise ValueError("it has no protocolSection.identificationModule.nctId")
    normalise_registry_number(number)
    return content


def _record(reply: Reply[dict[str, Any]], study: dict[str, Any]) -> SourceRecord:
    protocol = at(study, "protocolSection")
    trial = _trial(study)
    sponsor = [trial.sponsor] if trial.sponsor else []
    countries = {text_at(place, "country") for place in objects_at(protocol, "contactsLocationsModule", "locations")}
    return make_record(
        SourceName.CLINICALTRIALS_GOV,
        reply,
        {
            "title": trial.title,
            "authors": sponsor,
            "year": year_of(text_at(protocol, "statusModule", "studyFirstSubmitDate")),
            "registration": trial.registration,
            "completed_on": trial.completed_on if trial.completion_is_actual else None,
            "country": countries.pop() if len(countries) == 1 else None,
            "kind": StudyKind.REGISTRATION,
            "design": Design.REGISTERED_TRIAL,
            "publication_status": PublicationStatus.REGISTERED,
            "abstract": paragraphs(at(protocol, "descriptionModule", "briefSummary")),
            "keywords": texts_at(protocol, "conditionsModule", "keywords"),
            "urls": [f"https://clinicaltrials.gov/study/{trial.registration}"],
        },
        trial=trial,
    )


def _trial(study: dict[str, Any]) -> RegisteredTrial:
    protocol = at(study, "protocolSection")
    identification, status, design = (at(protocol, module) for module in ("identificationModule", "statusModule", "designModule"))
    started, completed = at(status, "startDateStruct"), at(status, "completionDateStruct")
    enrolment = at(design, "enrollmentInfo", "count")
    return RegisteredTrial(
        registration=text_at(identification, "nctId") or "",
        title=_line(text_at(identification, "officialTitle") or text_at(identification, "briefTitle")),
        status=_line(text_at(status, "overallStatus")),
        study_type=_line(text_at(design, "studyType")),
        allocation=_line(text_at(design, "designInfo", "allocation")),
        model=_line(text_at(design, "designInfo", "interventionModel")),
        masking=_line(text_at(design, "designInfo", "maskingInfo", "masking")),
        enrolment=enrolment if type(enrolment) is int and 0 <= enrolment <= MAX_COUNT else None,
        enrolment_is_actual=_is_actual(at(design, "enrollmentInfo")),
        started_on=_date(started),
        completed_on=_date(completed),
        completion_is_actual=_is_actual(completed),
        conditions=_lines(texts_at(protocol, "conditionsModule", "conditions")),
        interventions=_interventions(protocol),
        sponsor=_line(text_at(protocol, "sponsorCollaboratorsModule", "leadSponsor", "name")),
        has_results=at(study, "hasResults") if isinstance(at(study, "hasResults"), bool) else None,
        publications=_publications(protocol),
    )


def _line(text: str | None) -> str | None:
    return text if text and len(text) <= MAX_LINE else None


def _lines(texts: list[str]) -> list[str]:
    return [text for text in texts if len(text) <= MAX_LINE]


def _is_actual(struct: object) -> bool | None:
    """Of an enrolment or a date: ACTUAL, or ESTIMATED (ANTICIPATED in old records)."""
    kind = text_at(struct, "type")
    return kind == "ACTUAL" if kind in {"ACTUAL", "ESTIMATED", "ANTICIPATED"} else None


def _date(struct: object) -> str | None:
    """`2019-03` or `2019-03-14`; anything else is unknown."""
    text = text_at(struct, "date") or ""
    parts = text.split("-")
    well_formed = [len(part) for part in parts] in ([4, 2], [4, 2, 2]) and all(part.isdigit() for part in parts)
    known = well_formed and FIRST_YEAR <= int(parts[0]) <= LAST_PLANNED_YEAR and text == written(*map(int, parts))
    return text if known else None


def _interventions(protocol: object) -> list[str]:
    """`BEHAVIORAL: Craniosacral therapy`; one without a name says nothing."""
    found = objects_at(protocol, "armsInterventionsModule", "interventions")
    named = [(text_at(entry, "type"), name) for entry in found if (name := text_at(entry, "name"))]
    return _lines([f"{kind}: {name}" if kind else name for kind, name in named])


def _publications(protocol: object) -> list[TrialPublication]:
    found = objects_at(protocol, "referencesModule", "references")
    return [
        TrialPublication(pmid=_pmid(text_at(entry, "pmid")), kind=_line(text_at(entry, "type")), citation=_line(text_at(entry, "citation")))
        for entry in found
    ]


def _pmid(text: str | None) -> str | None:
    try:
        return normalise_pmid(text) if text else None
    except ValueError:
        return None
