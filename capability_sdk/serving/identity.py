"""What every answer says of itself: which code and weights computed it, and the request's id."""

import re
from uuid import uuid4

from capability_sdk.contracts.inference import (
    CODE_DIGEST_HEADER,
    VERSION_HEADER,
    WEIGHTS_DIGEST_HEADER,
)
from capability_sdk.serving.package import LoadedPackage

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}", re.ASCII)


def identity_of(package: LoadedPackage) -> tuple[tuple[str, str], ...]:
    """Return names and values of the headers that tell what computed an answer."""
    return (
        (VERSION_HEADER, package.manifest.version),
        (CODE_DIGEST_HEADER, package.code_digest),
        (WEIGHTS_DIGEST_HEADER, package.weights_digest),
    )


def request_id_of(given: str | None) -> str:
    """Return the gateway's id of the request; make one where there is none that is well-formed."""
    return given if given and _IDENTIFIER.fullmatch(given) else uuid4().hex
