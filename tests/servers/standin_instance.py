"""A program with the command line of an instance, whose conduct the package's folder decides.

``conduct`` in the package: ``serve``, ``refuse`` (exit 3), ``slow`` (ready when ``go`` appears),
``deaf`` (answers until ``deaf`` appears, then takes connections and never answers).
"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser()
    for name in ("socket", "package", "journal", "instance", "code-digest", "weights-digest"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    package = Path(arguments.package)
    conduct = (package / "conduct").read_text().strip()
    if conduct == "refuse":
        sys.stderr.write("a canary that must not travel\n")
        return 3
    Path(arguments.socket).unlink(missing_ok=True)
    asyncio.run(_serve(Path(arguments.socket), package, conduct))
    return 0


async def _serve(path: Path, package: Path, conduct: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if conduct == "deaf" and (package / "deaf").exists():
            await stop.wait()
        ready = conduct != "slow" or (package / "go").exists()
        status = b"200 OK" if ready else b"503 Service Unavailable"
        writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    os.umask(0o177)
    await asyncio.start_unix_server(answer, path)
    await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
