"""How a folder becomes a province: a key is made here, and a single-use code registers it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from capability_sdk.contracts.enrolment import EdgeIdentity, EnrolmentRequest
from capability_sdk.kit.files import read_or_create_secret
from capability_sdk.kit.local_credential import INTERNAL_TOKEN_FILE
from edge_gateway.agent.errors import CenterRefused, EnrolmentFailed, NotEnrolled
from edge_gateway.agent.identity import (
    ISSUER_KEY_FILE,
    read_identity,
    write_identity,
    write_key,
)
from edge_gateway.agent.refusals import check
from edge_gateway.state import FLOOR_FILE, SITE_FILE, STATE_FILE, EdgeSite

_TIMEOUT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a person gives to enrol a folder; the code is a credential."""

    center_url: str
    code: str
    province: Path
    gateway_port: int
    scheduler_port: int
    gateway_url: str = ""
    """Where callers reach the gateway; the loopback address of its port if empty."""


def enrol(enrolment: Enrolment) -> EdgeSite:
    """Register a new key with the center and store what it answers.

    Enrolling a folder again keeps its spool and starts a new epoch.

    Raises:
        EnrolmentFailed: The code is not accepted, the center is away, or the folder belongs to
            another province; the message says what to do.
    """
    enrolment.province.mkdir(parents=True, exist_ok=True, mode=0o700)
    before = _identity_before(enrolment.province)
    key = ec.generate_private_key(ec.SECP256R1())
    answer = _register(enrolment, key)
    if before is not None and before.province != answer.province:
        raise EnrolmentFailed(
            f"{enrolment.province} belongs to the province {before.province}, and the code is for"
            f" {answer.province}. The code is used up: make a new one and use an empty folder."
        )
    identity = EdgeSite(
        **answer.model_dump(by_alias=True),
        center_url=enrolment.center_url,
        gateway_port=enrolment.gateway_port,
        scheduler_port=enrolment.scheduler_port,
    )
    for folder in ("packages", "spool", "instances", "logs"):
        (enrolment.province / folder).mkdir(exist_ok=True, mode=0o700)
    read_or_create_secret(enrolment.province / INTERNAL_TOKEN_FILE)
    # The state of an earlier epoch is not valid in this one.
    for file in (STATE_FILE, FLOOR_FILE):
        (enrolment.province / file).unlink(missing_ok=True)
    # Whoever enrols again may have lost control of what was there: the issuer begins anew too.
    (enrolment.province / ISSUER_KEY_FILE).unlink(missing_ok=True)
    write_key(enrolment.province, key)
    write_identity(enrolment.province, identity)
    return identity


def public_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    """Return the public half of a key as a JWK."""
    jwk: dict[str, Any] = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    return jwk


def _identity_before(province: Path) -> EdgeSite | None:
    if not (province / SITE_FILE).exists():
        return None
    try:
        return read_identity(province)
    except NotEnrolled as error:
        raise EnrolmentFailed(
            f"{province / SITE_FILE} cannot be read; whose folder it is, is unknown. Move the"
            " folder away or restore the file."
        ) from error


def _register(enrolment: Enrolment, key: ec.EllipticCurvePrivateKey) -> EdgeIdentity:
    gateway_url = enrolment.gateway_url or f"http://127.0.0.1:{enrolment.gateway_port}"
    try:
        request = EnrolmentRequest(
            code=enrolment.code, public_key=public_jwk(key), gateway_url=gateway_url
        )
    except ValidationError:
        raise EnrolmentFailed(
            "The code is not one: it has 16 to 100 characters. An admin of the"
            " center makes one, valid for 15 minutes."
        ) from None
    url = f"{enrolment.center_url.rstrip('/')}/api/v1/edges"
    try:
        with httpx.Client(timeout=_TIMEOUT_SECONDS, trust_env=False) as http:
            response = http.post(url, json=request.model_dump(mode="json"))
        check(response)
        return EdgeIdentity.model_validate_json(response.content)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise EnrolmentFailed(
            f"No center answers at {enrolment.center_url} ({type(error).__name__}). Check the"
            " address; the code is not used up."
        ) from error
    except CenterRefused as error:
        raise EnrolmentFailed(_advice(error)) from error
    except ValidationError:
        raise EnrolmentFailed(f"{enrolment.center_url} answers, but not as a center.") from None


def _advice(error: CenterRefused) -> str:
    if error.center_code == "code-refused" or error.center_status in (401, 403, 410):
        return (
            f"The code is not accepted: {error} It works once, for 15 minutes; ask an admin of the"
            " center for a new one."
        )
    return f"The center refuses: {error} [{error.center_status} {error.center_code}]"
