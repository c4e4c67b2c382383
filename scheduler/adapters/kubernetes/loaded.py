"""Which versions a pod has loaded: asked of the pod itself, over the way that calls take."""

import asyncio
import logging

import httpx

_log = logging.getLogger(__name__)
_SECONDS = 2.0
_AT_ONCE = 32

Asked = tuple[str, str, str]
"""A pod's process, capability and version."""


class LoadedVersions:
    """Remembers what pods have confirmed; belongs to one event loop."""

    def __init__(self) -> None:
        self._confirmed: set[Asked] = set()
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._http = httpx.AsyncClient(timeout=_SECONDS, trust_env=False)

    def has(self, asked: Asked) -> bool:
        """Tell whether a pod serves a version, as far as it has said so."""
        return asked in self._confirmed

    async def ask(self, wanted: dict[Asked, tuple[str, str]]) -> bool:
        """Ask pods for what they have not confirmed yet, and forget everybody else.

        Args:
            wanted: Address and credential of each that shall serve.

        Returns:
            Whether anything new was confirmed.
        """
        self._confirmed &= wanted.keys()
        missing = [asked for asked in wanted if asked not in self._confirmed]
        answers = await asyncio.gather(*(self._serves(item, *wanted[item]) for item in missing))
        news = {asked for asked, serves in zip(missing, answers, strict=True) if serves}
        self._confirmed |= news
        return bool(news)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def _serves(self, asked: Asked, address: str, credential: str) -> bool:
        _, capability, version = asked
        headers = {"authorization": f"Bearer {credential}"}
        url = f"{address}/v2/models/{capability}/versions/{version}/ready"
        async with self._turn:
            try:
                answer = await self._http.get(url, headers=headers)
            except httpx.HTTPError as error:
                _log.debug("%s does not answer: %s", address, type(error).__name__)
                return False
        return answer.is_success
