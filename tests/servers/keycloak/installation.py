"""Keycloak's distribution, fetched once into a cache outside of the work tree.

``python -m tests.servers.keycloak.installation`` (``make keycloak``) fetches it with Maven. The folder's
name holds the recipe's digest, so that a changed recipe makes a new one.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.servers.process import refuse_or_skip

_RECIPE: Final = Path(__file__).parent / "pom.xml"
_CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "jiuzhou"


def distribution() -> Path:
    """Return the folder of the distribution; skip the test where there is none, fail it in CI."""
    found = sorted(_folder().glob("keycloak-*/bin/kc.sh"))
    if shutil.which("java") is None or not (_folder() / ".built").exists() or not found:
        refuse_or_skip("keycloak", "make keycloak")
    return found[0].parents[1]


def build() -> None:
    """Fetch and unpack the distribution, where that was not done yet."""
    folder = _folder()
    if (folder / ".built").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # Maven notes what it unpacked beside the recipe, which is then no part of the work tree.
    recipe = Path(shutil.copy(_RECIPE, folder))
    maven = ["mvn", "--batch-mode", "--quiet", "--no-transfer-progress", "--file", str(recipe)]
    subprocess.run(
        [*maven, f"-DoutputDirectory={folder}", "dependency:unpack-dependencies"], check=True
    )
    # Built once for a database in memory: a start then takes 8 s instead of 20, and writes nothing here.
    program = next(folder.glob("keycloak-*/bin/kc.sh"))
    subprocess.run(["sh", str(program), "build", "--db=dev-mem"], check=True)
    (folder / ".built").touch()


def _folder() -> Path:
    digest = hashlib.sha256(_RECIPE.read_bytes()).hexdigest()
    return _CACHE / f"keycloak-{digest[:16]}"


if __name__ == "__main__":
    if shutil.which("mvn") is None:
        sys.exit("jiuzhou: Keycloak cannot be fetched: it takes a JDK 17 and Maven.")
    build()
