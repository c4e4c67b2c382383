"""The measured passport of a capability version: what one instance of it costs."""

from typing import Annotated

from pydantic import Field

from capability_sdk.contracts.model import Wire

NODE_SCORE = 1000.0
"""Score of a node on which CPU times are compared: a faster one has a higher score."""

Measured = Annotated[float, Field(ge=0)]


class BatchPoint(Wire):
    """One batch size on one number of threads, measured at the engine."""

    rows: Annotated[int, Field(ge=1)]
    threads: Annotated[int, Field(ge=1)]
    latency_p50_ms: Measured
    latency_p99_ms: Measured
    rows_per_second: Measured
    cpu_microseconds_per_row: Measured


class RequestPoint(Wire):
    """One kind of request, JSON over a Unix socket, measured on a whole instance under load."""

    rows: Annotated[int, Field(ge=1)]
    connections: Annotated[int, Field(ge=1)]
    latency_p50_ms: Measured
    latency_p99_ms: Measured
    requests_per_second: Measured
    cpu_microseconds_per_request: Measured


class Passport(Wire):
    """Measured by the publish gate in its sandbox; zero means not measured.

    CPU times are those of the node that measured; `on_node` turns them into those of another.
    """

    node_score: Measured = 0.0
    """What the measuring node reached in the benchmark of `capability_sdk.gate.node_score`."""
    start_seconds: Measured = 0.0
    """From the start of the instance's process to its first right answer."""
    load_seconds: Measured = 0.0
    """Loading the model, within that."""
    memory_bytes: Annotated[int, Field(ge=0)] = 0
    """Resident memory that the model adds to an idle runtime."""
    resident_bytes: Annotated[int, Field(ge=0)] = 0
    """Resident memory of a whole warm instance, workers of its engine included."""
    peak_bytes: Annotated[int, Field(ge=0)] = 0
    """The most that it ever held."""
    cpu_microseconds_per_row: Measured = 0.0
    """At the engine, a single row on one thread."""
    cpu_microseconds_per_row_by_batch: dict[str, float] = {}
    """The same by rows of a batch."""
    threads: Annotated[int, Field(ge=1)] = 1
    """Of the two members before."""
    batches: list[BatchPoint] = []
    best_batch: Annotated[int, Field(ge=1)] | None = None
    """Rows of the smallest batch whose throughput comes within a tenth of the best."""
    requests: list[RequestPoint] = []

    def on_node(self, score: float) -> float:
        """Return by what the CPU times here are to be multiplied on a node of another score."""
        return self.node_score / score if self.node_score and score else 1.0
