"""Traces of infer calls by OpenTelemetry; loaded where a setting asks for it alone.

A span says which capability version answered, how and how long, and under which request id; it says
nothing of inputs and outputs. A caller's ``traceparent`` makes it part of the caller's trace.
"""

from collections.abc import Mapping

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from capability_sdk import __version__
from capability_sdk.serving.repository import ServedModel

_SERVER_FAULT = 500
_SEND_SECONDS = 3.0
"""Also what a collector that does not answer may hold up the end of an instance."""


class CallSpan:
    """The span of one call."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def end(self, status: int) -> None:
        """End it with the status of the answer; one of our own failures is an error of the span."""
        self._span.set_attribute("http.response.status_code", status)
        if status >= _SERVER_FAULT:
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


class Tracing:
    """Makes the spans of an instance, and sends them in the background."""

    def __init__(self, endpoint: str, instance: str, ratio: float) -> None:
        """Prepare; nothing is sent before the first span ends.

        Args:
            endpoint: URL of the collector's traces, for OTLP over HTTP.
            instance: Name of this instance.
            ratio: Share of calls without a ``traceparent`` that are traced.
        """
        resource = Resource(
            {
                "service.name": "jiuzhou-serving",
                "service.version": __version__,
                "service.instance.id": instance,
            }
        )
        sampler = ParentBased(TraceIdRatioBased(ratio))
        self._provider = TracerProvider(sampler, resource, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint, timeout=_SEND_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("capability_sdk.serving", __version__)
        self._propagator = TraceContextTextMapPropagator()

    def begin(self, model: ServedModel, request_id: str, carrier: Mapping[str, str]) -> CallSpan:
        """Begin the span of a call.

        Args:
            model: What answers.
            request_id: The gateway's id of the call.
            carrier: ``traceparent`` and ``tracestate``, where the caller sent them.
        """
        span = self._tracer.start_span(
            f"infer {model.name}",
            context=self._propagator.extract(dict(carrier)),
            kind=SpanKind.SERVER,
            attributes={
                "jiuzhou.capability": model.name,
                "jiuzhou.version": model.version,
                "jiuzhou.weights_digest": model.package.weights_digest,
                "jiuzhou.request_id": request_id,
            },
        )
        return CallSpan(span)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()
