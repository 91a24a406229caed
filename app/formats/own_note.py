"""What a format has no field for, in a note that only this service reads: `Evidence Ledger: {"country": "Norway"}`.

Written for the formats of others so that a file which left here comes back whole. A member is written only where the
publication types do not say it already; what the note says is validated like everything else.
"""

from collections.abc import Collection, Iterable
from typing import Any

from pydantic_core import to_json

from app.formats.drafts import Draft
from app.formats.json_records import json_object
from app.formats.publication_types import meaning_of
from app.schemas.bibliography import Bibliography

NAME = "Evidence Ledger: "
LISTS = frozenset({"author_orcids", "urls"})


def own_note(study: Bibliography, members: Collection[str], *, types: Iterable[str] | None = None) -> str | None:
    """The note about these members; None where there is nothing to say. `types` are those that the format will give back, if not all."""
    meaning = meaning_of(study.publication_types if types is None else types)
    implied = {"kind": meaning.kind, "design": meaning.design, "publication_status": meaning.status}
    known = study.model_dump(mode="json", include=set(members))
    said = {name: value for name, value in known.items() if value not in (None, []) and value != implied.get(name)}
    return NAME + to_json(said).decode() if said else None


def read_own_note(draft: Draft, text: str | None, members: Collection[str]) -> bool:
    """Whether the text is such a note; what it says of these members stands before what the types would say."""
    if not text or not text.startswith(NAME):
        return False
    try:
        said: dict[str, Any] = json_object(text.removeprefix(NAME))
    except (ValueError, RecursionError):
        draft.notice("the note of this service cannot be read: it was changed")
        return True
    for name in members:
        value = said.get(name)
        if isinstance(value, list if name in LISTS else str) and value:
            draft.found.setdefault(name, value)
    return True
