"""What callers say about answers: it stays in the province, only its counts go up."""

from typing import Annotated

from pydantic import Field

from capability_sdk.contracts.model import Identifier, Strict, UtcTime, Wire


class FeedbackItem(Strict):
    """The true value of one row of one answered request."""

    request_id: Identifier
    row: Annotated[int, Field(ge=0, le=4095)] = 0
    truth: Annotated[str, Field(max_length=200)] | int | float
    """The true value: for a classification, a label of the manifest."""


class FeedbackRequest(Strict):
    """Body of ``POST /v1/feedback`` at the gateway."""

    items: Annotated[list[FeedbackItem], Field(min_length=1, max_length=1000)]


class FeedbackRecord(Wire):
    """One item as the gateway spools it for the agent's join."""

    at: UtcTime
    application: Identifier
    request_id: Identifier
    row: int
    truth: str | int | float


class PredictionRecord(Wire):
    """One answered request as the serving runtime journals it for the agent's join.

    ``values`` holds the judged output, one value a row.
    """

    request_id: Identifier
    at: UtcTime
    capability: str
    version: str
    values: list[str | int | float]
