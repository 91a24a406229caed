"""What the ledger says of comments, assignments and sign-offs, gathered while its entries are read in their order."""

from collections.abc import Callable, Mapping
from typing import Any

Members = dict[str, Any]


class WorkflowState:
    """Filled by `read`, entry by entry: identifier to the members that a row should have."""

    def __init__(self) -> None:
        self.comments: dict[str, Members] = {}
        """With `comment_sha256`, the pin of the members that never change."""
        self.assignments: dict[str, Members] = {}
        self.sign_offs: dict[str, Members] = {}
        self.standing: dict[str, bool] = {}
        """Sign-off to whether the newest entry about it says that it holds."""

    def read(self, content: Mapping[str, Any]) -> bool:
        """One entry whose action is in `READERS`; False where it speaks of what no entry made."""
        return READERS[content["action"]](self, content["subject"].partition(":")[2], content)

    def _comment_made(self, comment: str, content: Mapping[str, Any]) -> bool:
        pin = content["details"]["comment_sha256"]
        self.comments[comment] = {"comment_sha256": pin, "withdrawn_at": None, "withdrawn_by": None}
        return True

    def _comment_withdrawn(self, comment: str, content: Mapping[str, Any]) -> bool:
        return _change(self.comments, comment, withdrawn_at=content["occurred_at"], withdrawn_by=content["actor"]["id"])

    def _assignment_made(self, assignment: str, content: Mapping[str, Any]) -> bool:
        details, actor, moment = content["details"], content["actor"]["id"], content["occurred_at"]
        self.assignments[assignment] = {
            "id": assignment,
            "study_id": details["study"],
            "revision": details["revision"],
            "curator": details["curator"],
            "made_by": actor,
            "made_at": moment,
            "ended_at": None,
            "ended_by": None,
            "ended_how": None,
        }
        return True

    def _assignment_ended(self, assignment: str, content: Mapping[str, Any]) -> bool:
        how, actor, moment = content["details"]["how"], content["actor"]["id"], content["occurred_at"]
        return _change(self.assignments, assignment, ended_at=moment, ended_by=actor, ended_how=how)

    def _sign_off_made(self, sign_off: str, content: Mapping[str, Any]) -> bool:
        actor, moment = content["actor"]["id"], content["occurred_at"]
        not_ended = dict.fromkeys(("withdrawn_at", "withdrawn_by", "withdrawal_reason"))
        self.sign_offs[sign_off] = {"id": sign_off, **content["details"], "signer": actor, "signed_at": moment, **not_ended}
        self.standing[sign_off] = True
        return True

    def _sign_off_withdrawn(self, sign_off: str, content: Mapping[str, Any]) -> bool:
        actor, moment, reason = content["actor"]["id"], content["occurred_at"], content["details"]["reason"]
        return _change(self.sign_offs, sign_off, withdrawn_at=moment, withdrawn_by=actor, withdrawal_reason=reason)

    def _requires_review(self, sign_off: str, _content: Mapping[str, Any]) -> bool:
        return _change(self.standing, sign_off, False)

    def _stands_again(self, sign_off: str, _content: Mapping[str, Any]) -> bool:
        return _change(self.standing, sign_off, True)


def _change(found: dict[str, Any], name: str, value: bool | None = None, **members: Any) -> bool:
    """False where no entry made what is to be changed."""
    if name not in found:
        return False
    found[name] = found[name] | members if value is None else value
    return True


READERS: dict[str, Callable[[WorkflowState, str, Mapping[str, Any]], bool]] = {
    "comment.made": WorkflowState._comment_made,
    "comment.withdrawn": WorkflowState._comment_withdrawn,
    "assignment.made": WorkflowState._assignment_made,
    "assignment.ended": WorkflowState._assignment_ended,
    "sign-off.made": WorkflowState._sign_off_made,
    "sign-off.withdrawn": WorkflowState._sign_off_withdrawn,
    "sign-off.requires-review": WorkflowState._requires_review,
    "sign-off.stands-again": WorkflowState._stands_again,
}
