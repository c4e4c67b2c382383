"""Verifies an unpacked package and ends: ``python -m capability_sdk.packaging.verify``.

A process of its own, because what it imports costs memory that no long-lived process should carry.
Prints one line of JSON; exit code 0 means verified, 1 refused, 2 wrong usage.
"""

import argparse
import json
import sys
from pathlib import Path

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.packages import PackageDigests
from capability_sdk.packaging.digests import digests_of
from capability_sdk.packaging.errors import SignatureInvalid
from capability_sdk.packaging.signing import verify


def verify_package(folder: Path, public_key: str, expected: PackageDigests) -> None:
    """Show that a package is what its author signed and its release names.

    Raises:
        SignatureInvalid: It is not.
        SigningUnavailable: The signing extra is not installed.
    """
    try:
        found = digests_of(folder)
    except OSError as error:
        raise SignatureInvalid(f"An entry of the package is no readable file: {error}") from error
    for kind in PackageDigests.model_fields:
        actual, wanted = getattr(found, kind), getattr(expected, kind)
        if actual != wanted:
            raise SignatureInvalid(f"The {kind} digest is {actual}, expected {wanted}.")
    verify(folder, public_key)


def main() -> int:
    """Verify as the arguments say; print the result."""
    parser = argparse.ArgumentParser(prog="capability_sdk.packaging.verify", description=__doc__)
    parser.add_argument("--package", type=Path, required=True, help="folder of the package")
    parser.add_argument("--public-key", type=Path, required=True, help="author's key, PEM")
    for kind in PackageDigests.model_fields:
        parser.add_argument(f"--{kind}-digest", required=True, help=f"expected {kind} digest")
    given = parser.parse_args()
    try:
        verify_package(
            given.package,
            given.public_key.read_text(encoding="ascii"),
            PackageDigests(
                package=given.package_digest, code=given.code_digest, weights=given.weights_digest
            ),
        )
    except ServiceError as error:
        _say({"verified": False, "code": error.code, "detail": str(error)})
        return 1
    except (OSError, ValueError) as error:
        _say({"verified": False, "code": "invalid-input", "detail": str(error)})
        return 1
    _say({"verified": True})
    return 0


def _say(result: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    sys.exit(main())
