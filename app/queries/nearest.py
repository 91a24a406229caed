"""What somebody who mistyped a name most likely meant."""

import difflib
from collections.abc import Collection

MAX_COMPARED = 60  # characters; comparing is quadratic and names are short


def did_you_mean(name: str, known: Collection[str]) -> str:
    """The second half of an error sentence: the nearest known name, or all of them where none is near."""
    close = difflib.get_close_matches(name[:MAX_COMPARED], known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(known))}"


def as_sentence(text: str) -> str:
    return text if text.endswith("?") else f"{text}."
