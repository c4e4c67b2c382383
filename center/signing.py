"""What other domains need of the center's signing keys, which `center.access.keys` holds."""

from typing import Annotated, Any, Literal, Protocol

from fastapi import Depends, Request

SigningPurpose = Literal["state", "release"]


class Signer(Protocol):
    """Signs what edges verify with the keys that they pinned at their enrolment."""

    def sign_jws(self, payload: bytes, typ: str, key: SigningPurpose) -> str:
        """Sign bytes as a compact JWS (ES256).

        Args:
            payload: The bytes, such as a contract's JSON.
            typ: Media type of the header, such as `capability_sdk.contracts.packages.STATE_TYPE`.
            key: Which of the center's keys signs.
        """
        ...

    def public_keys(self, key: SigningPurpose) -> list[dict[str, Any]]:
        """Return the JWKs that verify, newest first."""
        ...


def _signer(request: Request) -> Signer:
    signer: Signer = request.app.state.signer
    return signer


SignerDep = Annotated[Signer, Depends(_signer)]
"""The center's state and release keys."""
