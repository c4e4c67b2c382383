"""The RFC 9457 problem document that every failing answer carries."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from capability_sdk.contracts.errors import ServiceError

PROBLEM_JSON = "application/problem+json"


class Problem(BaseModel):
    """An RFC 9457 problem; ``error`` makes it an Open Inference Protocol error as well."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["/problems/not-found"])
    title: str = Field(examples=["There is no such thing"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["digit-recognition 9.9.9 is not in the store."])
    error: str = Field(examples=["digit-recognition 9.9.9 is not in the store."])
    cure: str | None = Field(default=None, description="What the asker can do about it.")


def to_problem(error: ServiceError) -> dict[str, Any]:
    """Describe an expected failure as the members of a problem document."""
    detail = str(error)
    return {
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": detail,
        **({"cure": error.cure} if error.cure else {}),
        **error.members,
        # The only error member of the Open Inference Protocol: one body serves both.
        "error": detail,
    }
