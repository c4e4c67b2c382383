"""Fetches an example's data from its publisher, by address and digest.

    python -m examples.fetch alarm-rca --into DATA --accept-licence

writes ``DATA/alarm-rca``, which the example's ``train.py`` takes as ``--data``. Without
``--accept-licence`` it shows the licence and fetches nothing.
"""

import argparse
import hashlib
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

import httpx
from pydantic import BaseModel, ConfigDict, Field

from examples.preparing import prepare

MAX_BYTES = 64 << 20
_SOURCES = Path(__file__).with_name("sources.toml")


class Source(BaseModel):
    """A data set at its publisher."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    licence: str
    url: str = Field(description="Address of the folder, with the commit.")
    files: dict[str, str] = Field(description="Path below `url` to SHA-256.")


class NotFetched(Exception):
    """A file could not be had, or is not the one that was named."""


def read_sources(path: Path = _SOURCES) -> dict[str, Source]:
    """Read the data sets by name."""
    return {
        name: Source.model_validate(members)
        for name, members in tomllib.loads(path.read_text(encoding="utf-8")).items()
    }


def fetch(name: str, source: Source, into: Path) -> Path:
    """Download, verify and prepare a data set; the folder appears whole or not at all.

    Raises:
        NotFetched: A file is missing, too large, or has another digest.
    """
    folder = into / name
    if folder.exists():
        raise NotFetched(f"{folder} exists already; remove it to fetch it again.")
    into.mkdir(parents=True, exist_ok=True)
    with httpx.Client(follow_redirects=True, timeout=60.0) as http:
        files = {
            path: _download(http, f"{source.url.rstrip('/')}/{path}", digest)
            for path, digest in source.files.items()
        }
    scratch = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=into))
    try:
        prepare(name, files, scratch)
        scratch.replace(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def _download(http: httpx.Client, url: str, digest: str) -> bytes:
    content = bytearray()
    try:
        with http.stream("GET", url) as answer:
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > MAX_BYTES:
                    raise NotFetched(f"{url} is larger than {MAX_BYTES >> 20} MiB.")
    except httpx.HTTPError as error:
        raise NotFetched(f"{url} cannot be fetched: {error}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise NotFetched(f"{url} is another file than expected: SHA-256 {found}, not {digest}.")
    return bytes(content)


def _arguments(sources: Mapping[str, Source]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(sources), help="the data set")
    parser.add_argument("--into", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--accept-licence", action="store_true", help="you have read the licence")
    parser.add_argument("--mirror", help="fetch from this folder's address instead")
    return parser.parse_args()


def main() -> int:
    """Show the licence; fetch if it is accepted."""
    sources = read_sources()
    given = _arguments(sources)
    source = sources[given.name]
    print(f"{source.title}\n  from: {source.url}\n  licence: {source.licence}")
    if not given.accept_licence:
        print("Nothing was fetched. Add --accept-licence if you accept it.", file=sys.stderr)
        return 2
    if given.mirror:
        source = source.model_copy(update={"url": given.mirror})
    try:
        print(fetch(given.name, source, given.into))
    except NotFetched as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
