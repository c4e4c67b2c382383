"""One capability version, served: its addresses, its limits, and the life of an instance."""

import asyncio
import contextlib
import logging

from capability_sdk.contracts.errors import BodyTooLarge, ServiceError
from capability_sdk.kit.clock import Clock, system_clock
from capability_sdk.serving.batching import Batch, Batcher
from capability_sdk.serving.connection import Headers, Respond
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

_log = logging.getLogger(__name__)
FLUSH_SECONDS = 2.0
MAX_WAITING = 1024
_PAGE_BODY = 1 << 16


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
        self._pages[b"/metrics"] = lambda: Reply(200, TEXT, self._metrics.text())
        self._served = f"{manifest.name} {manifest.version}"
        self._is_ready = False
        self._stopping = asyncio.Event()

    def body_limit(self, method: bytes, path: bytes) -> int:
        """Return the bytes that a body may have: none but an infer call needs one."""
        return self._limit if method == b"POST" and path in self._infer_paths else _PAGE_BODY

    def before_body(self, method: bytes, path: bytes, headers: Headers) -> Reply | None:
        """Refuse a call that says beforehand that its body cannot be taken."""
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            error = EncodingNotSupported("Send the body without a content encoding.")
            return self._inference.refuse_early(error, headers)
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self.body_limit(method, path):
            return self.too_large(headers)
        return None

    def too_large(self, headers: Headers) -> Reply:
        """Refuse a body that is over the limit."""
        error = BodyTooLarge(
            f"{self._served} takes bodies of at most {self._limit} bytes.", limit=self._limit
        )
        return self._inference.refuse_early(error, headers)

    def handle(
        self, method: bytes, path: bytes, headers: Headers, body: bytes, respond: Respond
    ) -> None:
        """Take a request; ``respond`` is called once, now or after its batch."""
        try:
            if path in self._infer_paths and method == b"POST":
                self._inference.begin(headers, body, respond)
            else:
                respond(self._page(path, method))
        except ServiceError as error:
            respond(problem_reply(error))
        except Exception:  # noqa: BLE001 - the caller gets an answer, the log the reason
            _log.exception("unexpected failure")
            respond(problem_reply(ServiceError("An unexpected failure; it is in the log.")))

    def start(self) -> None:
        """Begin to be ready, and to write profile deltas from time to time."""
        self._flushing = asyncio.get_running_loop().create_task(self._keep_flushing())
        self._is_ready = True

    async def stop(self) -> None:
        """Answer what waits, then write down what is left."""
        self._is_ready = False
        await self._batcher.close()
        self._stopping.set()
        await self._flushing
        self._journal.close()

    def _page(self, path: bytes, method: bytes) -> Reply:
        is_infer = path in self._infer_paths
        page = self._pages.get(path)
        if page is None and not is_infer:
            raise NoSuchAddress(
                f"There is no such address here; this instance serves {self._served}."
            )
        allowed = "POST" if is_infer else "GET"
        if page is None or method.decode() != allowed:
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

    async def _keep_flushing(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), FLUSH_SECONDS)
            self._journal.flush_profile()
            await asyncio.to_thread(self._journal.sync)
