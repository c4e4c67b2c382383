"""What whoever took the province's machine could sign with the issuer's own key."""

import json
import time
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from capability_sdk.contracts.tokens import TOKEN_TYPE, audience, delegated_issuer
from tests.campaigns.center_away.world import OTHER, PROVINCE, SERVED


def forge(folder: Path, client: str, changes: dict[str, Any]) -> str:
    """Sign a token with the issuer's key; without changes it is within the certificate."""
    key = load_pem_private_key((folder / "issuer-key.pem").read_bytes(), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    state = payload((folder / "state.jws").read_text())
    now = int(time.time())
    claims = {
        "iss": delegated_issuer(PROVINCE),
        "aud": audience(PROVINCE),
        "sub": client,
        "client_id": client,
        "scope": f"infer:{SERVED}",
        "jti": f"forged-{time.monotonic_ns()}",
        "iat": now,
        "exp": now + 600,
        **{name: value for name, value in changes.items() if name != "of"},
    }
    headers = {"typ": TOKEN_TYPE, "kid": state["issuer"]["key"]["kid"]}
    return jwt.encode(claims, key, algorithm="ES256", headers=headers)


def beyond(now: int) -> dict[str, dict[str, Any]]:
    """Claims that the certificate does not allow, by what they try; ``of`` is what is called."""
    return {
        "of a wider scope": {"scope": f"infer:{SERVED} infer:{OTHER}"},
        "of another scope": {"scope": f"infer:{OTHER}", "of": OTHER},
        "of a trial": {"scope": f"trial:{SERVED}"},
        "of a longer life": {"exp": now + 1000},
        "of another province": {"aud": audience("guizhou")},
        "in the center's name": {"iss": "urn:jiuzhou:center"},
        "from before the certificate": {"iat": now - 86_400, "exp": now - 86_400 + 600},
    }


def payload(token: str) -> dict[str, Any]:
    """Read the payload of a compact JWS, unverified."""
    text = token.split(".")[1]
    found: dict[str, Any] = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found
