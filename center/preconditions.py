"""Changes that name the state they were made for: ``ETag`` and ``If-Match``."""

from typing import Annotated

from fastapi import Header

from capability_sdk.contracts.errors import ServiceError


class PreconditionFailed(ServiceError):
    """Somebody else changed the thing since the asker read it."""

    code = "precondition-failed"
    title = "Somebody else changed it in the meantime"
    status = 412


IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", max_length=200, description="`ETag` that the change was made for."),
]
"""Header of a change; without it the change is made whatever stands there."""


def etag(revision: int) -> str:
    """Return the strong ``ETag`` of a revision, ``"7"`` in quotes."""
    return f'"{revision}"'


def require_match(if_match: str | None, revision: int | None) -> None:
    """Refuse a change that was made for another state.

    Args:
        if_match: The request's ``If-Match``.
        revision: What stands now; None where there is nothing yet.

    Raises:
        PreconditionFailed: The header names another revision, or there is nothing to match.
    """
    if if_match is None:
        return
    wanted = {tag.strip() for tag in if_match.split(",")}
    if revision is None or not wanted & {"*", etag(revision)}:
        raise PreconditionFailed("It has changed since you read it: read it again, then decide.")
