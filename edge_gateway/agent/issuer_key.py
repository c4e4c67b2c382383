"""The key of the province's delegated issuer: its own, apart from the edge's."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from capability_sdk.contracts.enrolment import IssuerKeyRequest
from edge_gateway.agent.center import Center
from edge_gateway.agent.enrolment import public_jwk
from edge_gateway.agent.errors import CenterAway, CenterRefused, NotEnrolled
from edge_gateway.agent.identity import ISSUER_KEY_FILE, read_key, write_key
from edge_gateway.agent.pauses import BackOff

_LOOK_SECONDS = 30.0
_AGAIN_SECONDS = 600.0

_log = logging.getLogger(__name__)


def read_or_create_issuer_key(province: Path) -> ec.EllipticCurvePrivateKey:
    """Return the issuer's key; a missing or damaged one is replaced, and certified anew."""
    try:
        return read_key(province, ISSUER_KEY_FILE)
    except NotEnrolled:
        key = ec.generate_private_key(ec.SECP256R1())
        write_key(province, key, ISSUER_KEY_FILE)
        return key


class IssuerRegistration:
    """Has the center certify the key, whenever the state in force does not."""

    def __init__(
        self,
        center: Center,
        key: ec.EllipticCurvePrivateKey,
        is_certified: Callable[[], bool],
        *,
        longest_delay: float,
    ) -> None:
        self._center = center
        self._body = IssuerKeyRequest(public_key=public_jwk(key)).model_dump()
        self._is_certified = is_certified
        self._back_off = BackOff(longest_delay)

    async def run(self) -> None:
        """Register for good: the center may have lost the key, or certify it later."""
        while True:
            pause = await self._look()
            await asyncio.sleep(pause)

    async def _look(self) -> float:
        """Register where that is needed; return the seconds until the next look."""
        if self._is_certified():
            return _LOOK_SECONDS
        path = f"/api/v1/edges/{self._center.edge}/issuer-key"
        try:
            await self._center.send("PUT", path, json=self._body)
        except CenterAway:
            return self._back_off.failed()
        except CenterRefused as error:
            _log.error("the center does not take the issuer's key: %s", error)
            return _AGAIN_SECONDS
        self._back_off.succeeded()
        return _AGAIN_SECONDS
