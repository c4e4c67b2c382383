"""The REST face of an instance: its addresses, its limits, and its life."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping

from capability_sdk.contracts.errors import BodyTooLarge, ServiceError
from capability_sdk.serving.calls import Withdraw
from capability_sdk.serving.connection import Headers, Respond
from capability_sdk.serving.dataplane import DataPlane
from capability_sdk.serving.errors import EncodingNotSupported, MethodNotAllowed, NoSuchAddress
from capability_sdk.serving.inference import Inference
from capability_sdk.serving.load import LoadReport
from capability_sdk.serving.pages import Page, model_pages, model_paths, server_pages
from capability_sdk.serving.replies import TEXT, Reply, problem_reply
from capability_sdk.serving.repository import Served, ServedModel

_log = logging.getLogger(__name__)
FLUSH_SECONDS = 2.0
_PAGE_BODY = 1 << 16


class ServingApp:
    """Serves the models of a data plane over HTTP."""

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane
        load = LoadReport(plane.repository)
        self._server_pages = dict(server_pages(plane.require_ready, load.line))
        self._server_pages["/metrics"] = lambda: Reply(200, TEXT, plane.metrics.text())
        self._calls: Mapping[bytes, Inference] = {}
        self._pages: Mapping[bytes, Page] = {}
        self._stopping = asyncio.Event()
        plane.repository.on_change(self._route)

    def body_limit(self, method: bytes, path: bytes) -> int:
        """Return the bytes that a body may have: none but an infer call needs one."""
        inference = self._calls.get(path)
        return inference.limit if inference is not None and method == b"POST" else _PAGE_BODY

    def before_body(self, method: bytes, path: bytes, headers: Headers) -> Reply | None:
        """Refuse a call that says beforehand that its body cannot be taken."""
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            error = EncodingNotSupported("Send the body without a content encoding.")
            return self._refuse_early(error, path, headers)
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self.body_limit(method, path):
            return self.too_large(path, headers)
        return None

    def too_large(self, path: bytes, headers: Headers) -> Reply:
        """Refuse a body that is over the limit."""
        limit = self.body_limit(b"POST", path)
        error = BodyTooLarge(f"This address takes bodies of at most {limit} bytes.", limit=limit)
        return self._refuse_early(error, path, headers)

    def handle(
        self, method: bytes, path: bytes, headers: Headers, body: bytes, respond: Respond
    ) -> Withdraw | None:
        """Take a request; ``respond`` is called once, now or after its batch.

        Returns:
            What takes the request back, where it waits.
        """
        try:
            inference = self._calls.get(path)
            if inference is not None and method == b"POST":
                return inference.begin(headers, body, respond)
            respond(self._page(path, method))
        except ServiceError as error:
            respond(problem_reply(error))
        except Exception:  # noqa: BLE001 - the caller gets an answer, the log the reason
            _log.exception("unexpected failure")
            respond(problem_reply(ServiceError("An unexpected failure; it is in the log.")))
        return None

    def start(self) -> None:
        """Begin to be ready, and to write profile deltas from time to time."""
        self._flushing = asyncio.get_running_loop().create_task(self._keep_flushing())
        self._plane.is_ready = True

    async def stop(self) -> None:
        """Answer what waits, then write down what is left."""
        self._plane.is_ready = False
        self._stopping.set()
        await self._flushing
        await self._plane.repository.close()

    def _route(self, served: Served) -> None:
        """Take over what is in service: all addresses change at once, between two requests."""
        calls: dict[bytes, Inference] = {}
        pages: dict[str, Page] = dict(self._server_pages)
        for model in served.values():
            inference = Inference(self._plane, model)
            # The version that came last stands behind the addresses without an exact version.
            for path in model_paths(model.package.manifest):
                calls[f"{path}/infer".encode()] = inference
            versions = _versions(served, model)
            pages |= model_pages(model.package.manifest, versions, self._plane.require_ready)
        self._calls = calls
        self._pages = {path.encode(): page for path, page in pages.items()}

    def _refuse_early(self, error: ServiceError, path: bytes, headers: Headers) -> Reply:
        inference = self._calls.get(path)
        return inference.refuse_early(error, headers) if inference else problem_reply(error)

    def _page(self, path: bytes, method: bytes) -> Reply:
        is_infer = path in self._calls
        page = self._pages.get(path)
        if page is None and not is_infer:
            raise NoSuchAddress(
                f"There is no such address here; this instance serves {self._plane.described()}."
            )
        allowed = "POST" if is_infer else "GET"
        if page is None or method.decode() != allowed:
            raise MethodNotAllowed(
                f"This address is asked with {allowed}.", headers={"Allow": allowed}
            )
        return page()

    async def _keep_flushing(self) -> None:
        repository = self._plane.repository
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), FLUSH_SECONDS)
            repository.flush()
            await asyncio.to_thread(repository.sync)


def _versions(served: Served, model: ServedModel) -> list[str]:
    return [version for name, version in served if name == model.name]
