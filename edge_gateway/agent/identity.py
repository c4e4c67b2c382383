"""Who a province's folder belongs to: ``edge.json`` and the private key beside it."""

from pathlib import Path
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import Field, ValidationError

from capability_sdk.contracts.enrolment import EdgeIdentity
from capability_sdk.kit.files import write_atomically
from edge_gateway.agent.errors import NotEnrolled

IDENTITY_FILE = "edge.json"
KEY_FILE = "edge-key.pem"

Port = Annotated[int, Field(ge=1, le=65535)]


class ProvinceIdentity(EdgeIdentity):
    """What enrolment stored: the center's answer, where the center is, and the local ports."""

    center_url: str
    gateway_port: Port
    scheduler_port: Port


def read_identity(province: Path) -> ProvinceIdentity:
    """Read who a folder belongs to.

    Raises:
        NotEnrolled: The folder holds no readable identity.
    """
    try:
        content = (province / IDENTITY_FILE).read_bytes()
    except FileNotFoundError:
        raise NotEnrolled(
            f"{province} is not enrolled: run `jiuzhou edge enroll --center URL --code CODE"
            f" --data {province}` first."
        ) from None
    try:
        return ProvinceIdentity.model_validate_json(content)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"])) or "the whole file"
        raise NotEnrolled(
            f"{province / IDENTITY_FILE} is damaged ({where}): enrol again."
        ) from None


def write_identity(province: Path, identity: ProvinceIdentity) -> None:
    """Store who a folder belongs to; the rest of the folder counts only with it."""
    write_atomically(
        province / IDENTITY_FILE, identity.model_dump_json(indent=2, by_alias=True).encode()
    )


def read_key(province: Path) -> ec.EllipticCurvePrivateKey:
    """Read the edge's private key.

    Raises:
        NotEnrolled: It is missing or no P-256 key.
    """
    try:
        key = load_pem_private_key((province / KEY_FILE).read_bytes(), password=None)
    except (FileNotFoundError, ValueError):
        raise NotEnrolled(f"{province / KEY_FILE} is missing or damaged: enrol again.") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise NotEnrolled(f"{province / KEY_FILE} is no P-256 key: enrol again.")
    return key


def write_key(province: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Store the edge's private key, readable by its owner alone."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_atomically(province / KEY_FILE, pem, mode=0o600)
