"""Author's signatures in the OpenSSF model-signing format, with own P-256 keys, offline.

The library is imported where it is used: it costs some 55 MiB, which only short-lived processes
should pay. What it accepts is narrowed here: a signature may leave out nothing but itself.
"""

import base64
import contextlib
import hashlib
import importlib
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capability_sdk.contracts.errors import InvalidInput
from capability_sdk.contracts.packages import SIGNATURE_FILE
from capability_sdk.packaging.digests import file_digest, files_of
from capability_sdk.packaging.errors import SignatureInvalid, SigningUnavailable
from capability_sdk.packaging.layout import MIB

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

_PREDICATE = "https://model_signing/signature/v1.0"


def generate_key(path: Path) -> None:
    """Write a new P-256 private key (PKCS #8, PEM) with mode 0600.

    Raises:
        FileExistsError: There is a key already; it is left alone.
        SigningUnavailable: The signing extra is not installed.
    """
    ec = _load("cryptography.hazmat.primitives.asymmetric.ec")
    serialization = _load("cryptography.hazmat.primitives.serialization")
    pem: bytes = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)


def public_key_pem(key: Path) -> str:
    """Return the public half of a private key, PEM.

    Raises:
        InvalidInput: The file is no P-256 private key.
        SigningUnavailable: The signing extra is not installed.
    """
    serialization = _load("cryptography.hazmat.primitives.serialization")
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise InvalidInput(f"{key.name} is no unencrypted private key in PEM.") from error
    return _as_pem(private.public_key())


def canonical_public_key(pem: str) -> str:
    """Return a P-256 public key in the one spelling that keys are compared by.

    Raises:
        InvalidInput: The text is no P-256 public key.
        SigningUnavailable: The signing extra is not installed.
    """
    serialization = _load("cryptography.hazmat.primitives.serialization")
    try:
        return _as_pem(serialization.load_pem_public_key(pem.encode("ascii")))
    except (ValueError, TypeError) as error:
        raise InvalidInput("This is no public key in PEM.") from error


def sign(folder: Path, key: Path) -> Path:
    """Sign every file of a folder; write the detached signature into it.

    Args:
        folder: The package's files and nothing else.
        key: P-256 private key, PEM.

    Returns:
        The signature's path.

    Raises:
        SigningUnavailable: The signing extra is not installed.
        InvalidInput: The key cannot sign.
    """
    public_key_pem(key)
    signing = _load("model_signing.signing")
    signature = folder / SIGNATURE_FILE
    signature.unlink(missing_ok=True)
    config = signing.Config().set_hashing_config(_hashing())
    with contextlib.redirect_stdout(sys.stderr):
        config.use_elliptic_key_signer(private_key=key).sign(folder, signature)
    return signature


def verify(folder: Path, public_key: str) -> None:
    """Show that a folder holds exactly the files that the key's owner signed.

    Args:
        folder: An unpacked package.
        public_key: P-256 public key, PEM.

    Raises:
        SignatureInvalid: A file is changed, missing or too many, or another key signed.
        SigningUnavailable: The signing extra is not installed.
    """
    signature = folder / SIGNATURE_FILE
    if signature.is_symlink() or not signature.is_file():
        raise SignatureInvalid(f"The package is not signed: it has no {SIGNATURE_FILE}.")
    if signature.stat().st_size > MIB:
        raise SignatureInvalid("The signature is larger than any real one.")
    _verify_by_library(folder, signature, canonical_public_key(public_key))
    _verify_completeness(folder, signature)


def find_signer(folder: Path, public_keys: Sequence[str]) -> str:
    """Verify a package against whichever of some keys signed it.

    Args:
        folder: An unpacked package.
        public_keys: P-256 public keys, PEM.

    Returns:
        The key that signed, in its canonical spelling.

    Raises:
        SignatureInvalid: None of the keys signed what the folder holds.
        SigningUnavailable: The signing extra is not installed.
    """
    signature = folder / SIGNATURE_FILE
    if not signature.is_file():
        raise SignatureInvalid(f"The package is not signed: it has no {SIGNATURE_FILE}.")
    hint = _key_hint(signature)
    for pem in map(canonical_public_key, public_keys):
        if hashlib.sha256(pem.encode("ascii")).hexdigest() == hint:
            verify(folder, pem)
            return pem
    raise SignatureInvalid("The package is signed with a key that is not known here.")


def _key_hint(signature: Path) -> object:
    try:
        bundle = json.loads(signature.read_bytes())
        return bundle["verificationMaterial"]["publicKey"]["hint"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise SignatureInvalid("The signature cannot be read.") from error


def _verify_by_library(folder: Path, signature: Path, public_key: str) -> None:
    verifying = _load("model_signing.verifying")
    with tempfile.NamedTemporaryFile("w", suffix=".pem", encoding="ascii") as pem:
        pem.write(public_key)
        pem.flush()
        config = verifying.Config().set_hashing_config(_hashing())
        config = config.use_elliptic_key_verifier(public_key=pem.name)
        try:
            with contextlib.redirect_stdout(sys.stderr):
                config.verify(folder, signature)
        except Exception as error:
            # The library raises whatever its parsers raise; each of it means "not verified".
            reason = str(error) or type(error).__name__
            raise SignatureInvalid(f"The signature does not hold: {reason[:500]}") from error


def _verify_completeness(folder: Path, signature: Path) -> None:
    statement = _statement(signature)
    predicate = statement.get("predicate", {})
    serialization = predicate.get("serialization", {})
    if statement.get("predicateType") != _PREDICATE or serialization.get("method") != "files":
        raise SignatureInvalid("The signature is not over whole files.")
    # The library leaves out what the signature itself asks it to leave out.
    if set(serialization.get("ignore_paths", [])) - {SIGNATURE_FILE}:
        raise SignatureInvalid("The signature leaves files of the package out.")
    signed = {item["name"]: item["digest"] for item in predicate["resources"]}
    present = {
        name: file_digest(path) for name, path in files_of(folder).items() if name != SIGNATURE_FILE
    }
    if signed != present:
        different = sorted(set(signed.items()) ^ set(present.items()))
        raise SignatureInvalid(f"{different[0][0]} is not what was signed.")


def _statement(signature: Path) -> dict[str, Any]:
    envelope = json.loads(signature.read_text(encoding="utf-8"))["dsseEnvelope"]
    statement: dict[str, Any] = json.loads(base64.b64decode(envelope["payload"], validate=True))
    return statement


def _hashing() -> Any:  # noqa: ANN401 - the library ships no types
    config = _load("model_signing.hashing").Config()
    # By default it would leave out .git and the like: files that nobody signed.
    return config.set_ignored_paths(paths=[SIGNATURE_FILE], ignore_git_paths=False)


def _as_pem(key: "EllipticCurvePublicKey") -> str:
    ec = _load("cryptography.hazmat.primitives.asymmetric.ec")
    serialization = _load("cryptography.hazmat.primitives.serialization")
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise InvalidInput("The key is not on the curve P-256.")
    pem: bytes = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode("ascii")


def _load(module: str) -> Any:  # noqa: ANN401 - a module that may be absent
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise SigningUnavailable(
            "Signing needs the extra: pip install 'jiuzhou[signing]'."
        ) from error
