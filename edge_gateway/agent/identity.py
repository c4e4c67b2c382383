"""Who a province's folder belongs to: ``edge.json`` and the private key beside it."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from capability_sdk.kit.files import write_atomically
from edge_gateway.agent.errors import NotEnrolled
from edge_gateway.errors import StateRefused
from edge_gateway.state import SITE_FILE, EdgeSite, load_site

KEY_FILE = "edge-key.pem"
ISSUER_KEY_FILE = "issuer-key.pem"


def read_identity(province: Path) -> EdgeSite:
    """Read who a folder belongs to.

    Raises:
        NotEnrolled: The folder holds no readable identity.
    """
    try:
        return load_site(province)
    except StateRefused as error:
        raise NotEnrolled(
            f"{province}: {error} `jiuzhou edge enroll --center URL --code CODE --data {province}`"
            " does it."
        ) from error


def write_identity(province: Path, identity: EdgeSite) -> None:
    """Store who a folder belongs to; the rest of the folder counts only with it."""
    write_atomically(
        province / SITE_FILE, identity.model_dump_json(indent=2, by_alias=True).encode()
    )


def read_key(province: Path, name: str = KEY_FILE) -> ec.EllipticCurvePrivateKey:
    """Read a private key of the edge.

    Raises:
        NotEnrolled: It is missing or no P-256 key.
    """
    try:
        key = load_pem_private_key((province / name).read_bytes(), password=None)
    except (FileNotFoundError, ValueError):
        raise NotEnrolled(f"{province / name} is missing or damaged: enrol again.") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise NotEnrolled(f"{province / name} is no P-256 key: enrol again.")
    return key


def write_key(province: Path, key: ec.EllipticCurvePrivateKey, name: str = KEY_FILE) -> None:
    """Store a private key of the edge, readable by its owner alone."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_atomically(province / name, pem, mode=0o600)
