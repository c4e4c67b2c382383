"""Nacos 3.1's libraries and our launcher, built once into a cache outside of the work tree.

``python -m deploy.nacos.installation`` (``make nacos``) builds what is missing, with Maven and a JDK 17. The
folder's name holds the recipe's digest, so that a changed recipe makes a new one.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

_RECIPE: Final = Path(__file__).parent
_SOURCES: Final = ("pom.xml", "StartNacos.java")
_CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "jiuzhou"
PROGRAMS: Final = ("java", "javac", "mvn")
MAIN_CLASS: Final = "StartNacos"


class NacosMissing(Exception):
    """No Nacos server is installed; the message says how to get one."""


def find_class_path() -> str:
    """Return the class path of the built server.

    Raises:
        NacosMissing: It was not built yet, or there is no Java to run it.
    """
    folder = _folder()
    if shutil.which("java") is None or not _is_built(folder):
        raise NacosMissing("No Nacos server is installed; `make nacos` builds it (JDK 17, Maven).")
    return _class_path(folder)


def build() -> None:
    """Fetch the libraries and compile the launcher, where that was not done yet.

    Raises:
        NacosMissing: A program that it takes is not installed.
    """
    folder = _folder()
    if _is_built(folder):
        return
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        raise NacosMissing(
            f"Nacos cannot be built: {', '.join(missing)} not found; it takes a JDK 17 and Maven."
        )
    shutil.rmtree(folder, ignore_errors=True)
    maven = ["mvn", "--batch-mode", "--quiet", "--no-transfer-progress"]
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime"]
    where = ["--file", str(_RECIPE / "pom.xml"), f"-DoutputDirectory={folder / 'lib'}"]
    _run([*maven, *where, *goal])
    classes = ["-d", str(folder / "classes")]
    _run(["javac", "-cp", f"{folder / 'lib'}/*", *classes, str(_RECIPE / "StartNacos.java")])
    (folder / ".built").touch()


def _folder() -> Path:
    digest = hashlib.sha256()
    for name in _SOURCES:
        digest.update((_RECIPE / name).read_bytes())
    return _CACHE / f"nacos-{digest.hexdigest()[:16]}"


def _is_built(folder: Path) -> bool:
    return (folder / ".built").exists()


def _class_path(folder: Path) -> str:
    # Two libraries hold the same package: with Ant Financial's hessian first the server does not
    # start, and without it no push reaches a client. So Caucho's goes first, and nothing is `lib/*`.
    libraries = sorted((folder / "lib").glob("*.jar"), key=lambda jar: (not _is_caucho(jar), jar))
    return os.pathsep.join(map(str, [folder / "classes", *libraries]))


def _is_caucho(library: Path) -> bool:
    return library.name.startswith("hessian-4.")


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True)  # noqa: S603 - a fixed command on our own recipe


if __name__ == "__main__":
    try:
        build()
    except NacosMissing as error:
        sys.exit(f"jiuzhou: {error}")
