"""What the ledger says of imports, gathered while its entries are read."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class ImportState:
    """One import: the pin of what it was when it came, what people last said of its records, and its commits."""

    pin: str
    decisions: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    """Record to decision, study, record of the same file, hash of the reason, who, when."""
    commits: dict[int, str] = field(default_factory=dict)
    """Ledger entry to the pin of what it made."""


class ImportsState:
    """Filled by `read`, entry by entry."""

    def __init__(self) -> None:
        self.imports: dict[str, ImportState] = {}

    def read(self, name: str, content: Mapping[str, Any]) -> None:
        action, details = content["action"], content["details"]
        if action == "import.created":
            self.imports[name] = ImportState(details["import_pin"])
        elif action == "import.decided":
            for record, *said in details["decisions"]:
                self.imports[name].decisions[record] = (*said, content["actor"]["id"], content["occurred_at"])
        elif action == "import.committed":
            self.imports[name].commits[content["sequence"]] = details["made_pin"]
        elif action == "import.deleted":
            del self.imports[name]


def reason_sha256(reason: str | None, salt: str | None) -> str | None:
    """The hash of a reason behind its salt, so that a short one cannot be found by trying."""
    return hashlib.sha256(f"{salt}\n{reason}".encode()).hexdigest() if reason is not None else None


def made_pin(salt: str, made: Iterable[tuple[int, str, str]]) -> str:
    """SHA-256 over the salt of the import and, for each record of which a draft was made, in their order, number, study and hash."""
    digest = hashlib.sha256(f"{salt}\n".encode())
    for number, study, sha256 in made:
        digest.update(f"{number} {study} {sha256}\n".encode())
    return digest.hexdigest()
