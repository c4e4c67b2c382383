"""The admin socket of an instance: the protocol's model repository extension, and nothing else.

It is a Unix socket of its owner alone, apart from the socket that calls come in by; no gateway
knows it.
"""

import asyncio
import logging
import re
from typing import TypeVar

import orjson
from pydantic import ValidationError

from capability_sdk.contracts.errors import BodyTooLarge, InvalidInput, ServiceError
from capability_sdk.contracts.model import Wire
from capability_sdk.contracts.repository import IndexRequest, LoadRequest, UnloadRequest
from capability_sdk.serving.connection import Headers, Respond
from capability_sdk.serving.errors import MethodNotAllowed, NoSuchAddress
from capability_sdk.serving.replies import Reply, json_reply, problem_reply
from capability_sdk.serving.swapping import WeightSwaps

_log = logging.getLogger(__name__)
_MAX_BODY = 64 << 10
_INDEX = b"/v2/repository/index"
_ACT = re.compile(rb"/v2/repository/models/([a-z][a-z0-9-]{1,62})/(load|unload)")
_Body = TypeVar("_Body", bound=Wire)


class AdminApp:
    """Answers the model repository extension over HTTP."""

    def __init__(self, swaps: WeightSwaps) -> None:
        self._swaps = swaps
        self._acts: set[asyncio.Task[None]] = set()

    def body_limit(self, method: bytes, path: bytes) -> int:  # noqa: ARG002 - the port's signature
        """Return the bytes that a body may have."""
        return _MAX_BODY

    def before_body(self, method: bytes, path: bytes, headers: Headers) -> Reply | None:  # noqa: ARG002 - the signature of a face
        """Refuse nothing: what is too large is found while it is read."""
        return None

    def too_large(self, path: bytes, headers: Headers) -> Reply:  # noqa: ARG002 - see above
        """Refuse a body that is over the limit."""
        return problem_reply(BodyTooLarge(f"A body here has at most {_MAX_BODY} bytes."))

    def handle(
        self,
        method: bytes,
        path: bytes,
        headers: Headers,  # noqa: ARG002 - the port's signature
        body: bytes,
        respond: Respond,
    ) -> None:
        """Take a request; ``respond`` is called once, when the act is done."""
        act = asyncio.get_running_loop().create_task(self._answer(method, path, body, respond))
        self._acts.add(act)
        act.add_done_callback(self._acts.discard)

    async def close(self) -> None:
        """Break off what is being loaded."""
        for act in self._acts:
            act.cancel()
        await asyncio.gather(*self._acts, return_exceptions=True)

    async def _answer(self, method: bytes, path: bytes, body: bytes, respond: Respond) -> None:
        try:
            respond(await self._act(method, path, body))
        except ServiceError as error:
            respond(problem_reply(error))
        except Exception:  # noqa: BLE001 - the caller gets an answer, the log the reason
            _log.exception("unexpected failure")
            respond(problem_reply(ServiceError("An unexpected failure; it is in the log.")))

    async def _act(self, method: bytes, path: bytes, body: bytes) -> Reply:
        act = _ACT.fullmatch(path)
        if act is None and path != _INDEX:
            raise NoSuchAddress("The admin socket has the model repository extension alone.")
        if method != b"POST":
            raise MethodNotAllowed("This address is asked with POST.", headers={"Allow": "POST"})
        if act is None:
            asked = _read(IndexRequest, body or b"{}")
            found = self._swaps.index(only_ready=asked.ready)
            return json_reply([item.model_dump(mode="json") for item in found])
        name = act[1].decode()
        if act[2] == b"load":
            await self._swaps.load(name, _read(LoadRequest, body).parameters)
        else:
            await self._swaps.unload(name, _read(UnloadRequest, body).parameters.version)
        return Reply(200, b"content-type: application/json\r\n", b"{}")


def _read(kind: type[_Body], body: bytes) -> _Body:
    try:
        return kind.model_validate(orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The body is not JSON: {error}.") from None
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise InvalidInput(f"{'; '.join(problems)}.", fields=problems) from None
