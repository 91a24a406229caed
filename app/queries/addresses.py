"""The addresses of records, as every answer gives them in `href` and `links`."""


def condition_href(slug: str) -> str:
    return f"/v1/conditions/{slug}"


def rating_href(condition: str, intervention: str) -> str:
    return f"/v1/conditions/{condition}/ratings/{intervention}"


def intervention_href(slug: str) -> str:
    return f"/v1/interventions/{slug}"


def evidence_href(body: str) -> str:
    return f"/v1/evidence/{body}"


def study_href(study_id: str) -> str:
    return f"/v1/studies/{study_id}"


def claim_href(claim: str) -> str:
    return f"/v1/claims/{claim}"


def rating_input_href(inputs_hash: str) -> str:
    return f"/v1/rating-inputs/{inputs_hash}"


def appraisals_href(body: str) -> str:
    return f"{evidence_href(body)}/appraisals"


def appraisal_href(appraisal: str) -> str:
    return f"/v1/appraisals/{appraisal}"


def notice_href(notice: str) -> str:
    return f"/v1/notices/{notice}"


def extraction_href(extraction: str) -> str:
    return f"/v1/extractions/{extraction}"


def double_extraction_href(double_extraction: str) -> str:
    return f"/v1/double-extractions/{double_extraction}"


def adjudication_href(study_id: str, adjudication: str) -> str:
    return f"{study_href(study_id)}/adjudications/{adjudication}"


def revision_href(study_id: str, number: int) -> str:
    return f"{study_href(study_id)}/revisions/{number}"


def sign_off_href(sign_off: str) -> str:
    return f"/v1/sign-offs/{sign_off}"


def api_key_href(prefix: str) -> str:
    return f"/v1/api-keys/{prefix}"


def import_href(import_id: str) -> str:
    return f"/v1/imports/{import_id}"


def job_href(job: str) -> str:
    return f"/v1/jobs/{job}"
