"""Seals private keys for the database under a master key that stands outside of it."""

import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from capability_sdk.kit.files import read_or_create_secret
from center.access.errors import MasterKeyMismatch

_NONCE_BYTES = 12


class Vault:
    """Makes, seals and opens EC P-256 private keys.

    The sealed keys are in the database, so that several centers share them, a rotation is one
    transaction, and a backup is whole. The master key is a file of mode 0600 beside it, so that
    a copy of the database alone signs nothing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        master = read_or_create_secret(folder / "master.key")
        derive = HKDF(SHA256(), 32, salt=None, info=b"jiuzhou signing keys")
        self._cipher = AESGCM(derive.derive(master.encode("ascii")))

    def make(self) -> EllipticCurvePrivateKey:
        """Return a new private key."""
        return generate_private_key(SECP256R1())

    def seal(self, key: EllipticCurvePrivateKey, kid: str) -> bytes:
        """Return what the database may hold of a private key."""
        plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, kid.encode())

    def open(self, sealed: bytes, kid: str) -> EllipticCurvePrivateKey:
        """Return a private key.

        Raises:
            MasterKeyMismatch: It was sealed with another master key, or was changed.
        """
        nonce, content = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            key = load_der_private_key(self._cipher.decrypt(nonce, content, kid.encode()), None)
        except InvalidTag as error:
            raise MasterKeyMismatch(
                "The signing keys in the database do not open with keys/master.key of the data "
                "folder: restore the file that belongs to this database."
            ) from error
        if not isinstance(key, EllipticCurvePrivateKey):
            raise MasterKeyMismatch("A sealed key is of another kind.")
        return key

    def seal_text(self, text: str, name: str) -> bytes:
        """Return what the database may hold of a secret that has to be read again, by its name."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), f"text {name}".encode())

    def open_text(self, sealed: bytes, name: str) -> str:
        """Return a sealed secret.

        Raises:
            MasterKeyMismatch: It was sealed with another master key, or under another name.
        """
        nonce, content = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, content, f"text {name}".encode()).decode()
        except InvalidTag as error:
            raise MasterKeyMismatch(
                "A sealed secret in the database does not open with keys/master.key of the data "
                "folder: restore the file that belongs to this database."
            ) from error
