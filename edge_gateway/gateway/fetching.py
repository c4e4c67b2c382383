"""One exchange that somebody waits for; not for the hot path, which works with callbacks."""

import asyncio

from edge_gateway.gateway.upstream import Failure, Upstream, UpstreamAnswer, UpstreamFailed


async def fetch(
    upstream: Upstream, method: str, path: str, *, headers: bytes = b"", body: bytes = b""
) -> UpstreamAnswer:
    """Make one exchange and wait for it.

    Args:
        upstream: Where to.
        method: HTTP method.
        path: Request target.
        headers: Further header lines, each with its line end.
        body: Whole body.

    Raises:
        UpstreamFailed: There is no answer.
    """
    waiting: asyncio.Future[UpstreamAnswer | Failure] = asyncio.get_running_loop().create_future()

    def done(result: UpstreamAnswer | Failure) -> None:
        if not waiting.done():
            waiting.set_result(result)

    head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n"
    upstream.exchange(head.encode() + headers + b"\r\n" + body, done)
    result = await waiting
    if isinstance(result, Failure):
        raise UpstreamFailed(result)
    return result
