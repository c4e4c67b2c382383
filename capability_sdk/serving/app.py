"""The runtime as a raw ASGI application: paths, bodies, and the life of an instance."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from capability_sdk.contracts.errors import BodyTooLarge, ServiceError
from capability_sdk.kit.clock import Clock, system_clock
from capability_sdk.serving.batching import Batch, Batcher
from capability_sdk.serving.errors import (
    EncodingNotSupported,
    InstanceNotReady,
    MethodNotAllowed,
    NoSuchAddress,
)
from capability_sdk.serving.inference import Inference
from capability_sdk.serving.journal import Journal
from capability_sdk.serving.limits import body_limit
from capability_sdk.serving.metrics import RuntimeMetrics
from capability_sdk.serving.package import LoadedPackage
from capability_sdk.serving.pages import model_paths, pages_of
from capability_sdk.serving.replies import TEXT, Reply, json_reply, problem_reply
from capability_sdk.spool import SpoolWriter

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_log = logging.getLogger(__name__)
FLUSH_SECONDS = 2.0
MAX_WAITING = 1024


class ServingApp:
    """Serves one capability version over HTTP."""

    def __init__(
        self,
        package: LoadedPackage,
        spool: SpoolWriter,
        *,
        max_waiting: int = MAX_WAITING,
        clock: Clock = system_clock,
    ) -> None:
        """Put the parts together.

        Args:
            package: What to serve.
            spool: The instance's journal; the application closes it when it ends.
            max_waiting: Calls that may wait for the model; more are answered 503.
            clock: Tells the time of predictions and profile windows.
        """
        manifest = package.manifest
        self._journal = Journal(spool, manifest, package.reference, clock)
        self._batcher = Batcher(
            package.engine,
            max_rows=manifest.max_batch_size,
            max_waiting=max_waiting,
            on_batch=self._computed,
        )
        self._metrics = RuntimeMetrics(lambda: self._batcher.waiting, lambda: self._journal.lost)
        self._inference = Inference(
            manifest, package.code_digest, package.weights_digest, self._batcher, self._metrics
        )
        self._limit = body_limit(manifest)
        self._infer_paths = frozenset(f"{path}/infer".encode() for path in model_paths(manifest))
        self._pages = {
            path.encode(): page for path, page in pages_of(manifest, self._readiness).items()
        }
        self._pages[b"/metrics"] = lambda: Reply(200, (TEXT,), self._metrics.text())
        self._served = f"{manifest.name} {manifest.version}"
        self._is_ready = False
        self._stopping = asyncio.Event()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or live through start and stop (ASGI)."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            reply = await self._answer(scope, receive)
            length = (b"content-length", str(len(reply.body)).encode())
            await send(
                {
                    "type": "http.response.start",
                    "status": reply.status,
                    "headers": [*reply.headers, length],
                }
            )
            await send({"type": "http.response.body", "body": reply.body})

    async def _answer(self, scope: Message, receive: Receive) -> Reply:
        path: bytes = scope["raw_path"]
        method: str = scope["method"]
        try:
            if path in self._infer_paths and method == "POST":
                return await self._infer(dict(scope["headers"]), receive)
            return self._page(path, method)
        except ServiceError as error:
            return problem_reply(error)
        except Exception:  # noqa: BLE001 - the caller gets an answer, the log the reason
            _log.exception("unexpected failure of %s", method)
            return problem_reply(ServiceError("An unexpected failure happened; it is in the log."))

    async def _infer(self, headers: Mapping[bytes, bytes], receive: Receive) -> Reply:
        try:
            if headers.get(b"content-encoding", b"identity").lower() != b"identity":
                raise EncodingNotSupported("Send the body without a content encoding.")
            body = await self._read(headers, receive)
        except ServiceError as error:
            return self._inference.refuse_early(error, headers)
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

        def respond(reply: Reply) -> None:
            if not answer.done():
                answer.set_result(reply)

        self._inference.begin(headers, body, respond)
        return await answer

    async def _read(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._limit:
            raise self._too_large()
        message = await receive()
        body: bytes = message.get("body", b"")
        if message.get("more_body"):
            chunks = [body]
            size = len(body)
            while message.get("more_body") and size <= self._limit:
                message = await receive()
                chunks.append(message.get("body", b""))
                size += len(chunks[-1])
            body = b"".join(chunks)
        if len(body) > self._limit:
            raise self._too_large()
        return body

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(
            f"{self._served} takes bodies of at most {self._limit} bytes.", limit=self._limit
        )

    def _page(self, path: bytes, method: str) -> Reply:
        is_infer = path in self._infer_paths
        page = self._pages.get(path)
        if page is None and not is_infer:
            raise NoSuchAddress(
                f"There is no such address here; this instance serves {self._served}."
            )
        allowed = "POST" if is_infer else "GET"
        if page is None or method != allowed:
            raise MethodNotAllowed(
                f"This address is asked with {allowed}.", headers={"Allow": allowed}
            )
        return page()

    def _readiness(self) -> Reply:
        if not self._is_ready:
            return problem_reply(InstanceNotReady("The instance is starting or stopping."))
        return json_reply({"ready": True})

    def _computed(self, batch: Batch) -> None:
        self._metrics.computed(sum(member.call.rows for member in batch.members))
        try:
            self._journal.record(batch)
        except Exception:  # noqa: BLE001 - no caller is to suffer from statistics
            self._journal.lost += len(batch.members)
            _log.exception("a batch could not be written down")

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        flushing = asyncio.create_task(self._keep_flushing(), name="flush the journal")
        self._is_ready = True
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._is_ready = False
        await self._batcher.close()
        self._stopping.set()
        await flushing
        self._journal.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _keep_flushing(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), FLUSH_SECONDS)
            self._journal.flush_profile()
            await asyncio.to_thread(self._journal.sync)
