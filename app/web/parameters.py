"""Query parameters of the addresses that are not lists: an unknown or repeated one is refused by name, as on lists.

`@router.get(…, dependencies=[NO_PARAMETERS])`, or `dependencies=[only_parameters("published_until")]` beside a parameter that the
route declares itself.
"""

from collections import Counter
from typing import Annotated, Any

from fastapi import Depends, Path
from starlette.requests import Request

from app.errors import InvalidQuery, ParameterProblem
from app.queries.nearest import as_sentence, did_you_mean
from app.schemas.base import MAX_ORDINAL


class OnlyParameters:
    """The query may hold these parameters, each once, and no other."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def __call__(self, request: Request) -> None:
        given = Counter(name for name, _ in request.query_params.multi_items())
        problems = [self._unknown(name) for name in given if name not in self.names]
        repeated = "the parameter is given more than once."
        problems += [ParameterProblem(name, repeated) for name, times in given.items() if name in self.names and times > 1]
        if problems:
            raise InvalidQuery(f"{problems[0].parameter[:100]}: {problems[0].detail}", errors=problems)

    def _unknown(self, name: str) -> ParameterProblem:
        hint = did_you_mean(name, self.names) if self.names else "this address takes none"
        return ParameterProblem(name, as_sentence(f"there is no parameter {name[:100]!r}; {hint}"), list(self.names))


def only_parameters(*names: str) -> Any:
    """A dependency of a route: the parameters that its query may hold."""
    return Depends(OnlyParameters(names))


NO_PARAMETERS = only_parameters()
RevisionNumber = Annotated[int, Path(ge=1, le=MAX_ORDINAL)]
"""In an address."""
