"""A program with the command line of an instance, whose conduct the package's folder decides.

``conduct`` in the package: ``serve``, ``refuse`` (exit 3), ``slow`` (ready when ``go`` appears),
``deaf`` (answers until ``deaf`` appears, then takes connections and never answers). Of a package that
is loaded over the admin socket it decides likewise how the load ends; what was asked stands in
``admin.log`` beside the socket.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

LOAD = b'endpoint-load-metrics: JSON {"named_metrics": {"queue": 3, "in_flight": 5, "p99_ms": 7.5}}\r\n'


def main() -> int:
    parser = argparse.ArgumentParser()
    names = ("socket", "admin", "package", "journal", "instance", "code-digest", "weights-digest")
    for name in names:
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--threads", type=int, default=1)
    arguments, _ = parser.parse_known_args()
    package = Path(arguments.package)
    conduct = (package / "conduct").read_text().strip()
    if conduct == "refuse":
        sys.stderr.write("a canary that must not travel\n")
        return 3
    Path(arguments.socket).unlink(missing_ok=True)
    Path(arguments.admin).unlink(missing_ok=True)
    asyncio.run(_serve(Path(arguments.socket), Path(arguments.admin), package, conduct))
    return 0


async def _serve(path: Path, admin: Path, package: Path, conduct: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if conduct == "deaf" and (package / "deaf").exists():
            await stop.wait()
        ready = conduct != "slow" or (package / "go").exists()
        status = b"200 OK" if ready else b"503 Service Unavailable"
        writer.write(b"HTTP/1.1 " + status + b"\r\n" + LOAD)
        writer.write(b"content-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].split()[0])
        parameters = json.loads(await reader.readexactly(length))["parameters"]
        kind = head.split()[1].rpartition("/")[2]
        with (admin.parent / "admin.log").open("a") as log:
            log.write(f"{kind} {parameters['version']}\n")
        is_taken = kind != "load" or await asyncio.to_thread(_load, Path(parameters["folder"]))
        status = b"200 OK" if is_taken else b"500 Internal Server Error"
        writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    os.umask(0o177)
    await asyncio.start_unix_server(act, admin)
    await asyncio.start_unix_server(answer, path)
    await stop.wait()


def _load(package: Path) -> bool:
    """Take as long as the package's conduct wants; tell whether it is taken."""
    conduct = (package / "conduct").read_text().strip()
    while conduct == "slow" and not (package / "go").exists():
        time.sleep(0.05)
    return conduct != "refuse"


if __name__ == "__main__":
    sys.exit(main())
