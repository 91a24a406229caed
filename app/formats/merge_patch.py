"""JSON merge patch (RFC 7396): null removes a member, an object merges, anything else replaces."""

from collections.abc import Mapping
from typing import Any

MEDIA_TYPE = "application/merge-patch+json"


def apply_merge_patch(target: Any, patch: Any) -> Any:
    """The target with the patch applied, by the algorithm of RFC 7396, section 2; neither argument is changed."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = apply_merge_patch(merged.get(name), value)
    return merged
