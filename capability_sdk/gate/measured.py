"""What the process that measures an engine says to the one that judges."""

from typing import Annotated

from pydantic import Field

from capability_sdk.contracts.model import Wire
from capability_sdk.contracts.passport import BatchPoint


class Measured(Wire):
    """The engine of a package on one number of threads.

    Attributes:
        load_seconds: Wall time of loading the model.
        memory_bytes: Resident memory that came with it.
        batches: By rows, ascending.
    """

    load_seconds: Annotated[float, Field(ge=0)]
    memory_bytes: Annotated[int, Field(ge=0)]
    batches: Annotated[list[BatchPoint], Field(min_length=1)]
