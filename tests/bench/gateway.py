"""CPU of the gateway per request, by wrk against a constant upstream of its own.

``python -m tests.bench.gateway [--seconds 10] [--connections 64] [--strict]`` prints one JSON line.
It reports CPU microseconds of the gateway's process per answered request; compare it only with a
peer measured in the same run on the same machine.
"""

import argparse
import asyncio
import json
import multiprocessing
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import uvloop

from tests.gateway_province import INFER, PROVINCE, Province, running_gateway

_BODY = (
    b'{"inputs":[{"name":"x","shape":[1,20],"datatype":"FP32","data":[' + b"0.5," * 19 + b"0.5]}]}"
)
_ANSWER_BODY = b'{"model_name":"m","model_version":"1","outputs":[{"name":"y","shape":[1],"datatype":"INT64","data":[1]}]}'
_ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-capability-version: 1.0.0\r\n"
    b"content-length: %d\r\n\r\n%b" % (len(_ANSWER_BODY), _ANSWER_BODY)
)
_SCRIPT = """
wrk.method = "POST"
wrk.body = {body}
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {token}"
"""


class _Upstream(asyncio.Protocol):
    """Answers each request, which is known to come whole, with the same bytes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"}"):
            self._transport.write(_ANSWER)  # type: ignore[attr-defined]  # uvloop's transports have it


def _serve(path: str) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_unix_server(_Upstream, path)
        await server.serve_forever()

    uvloop.run(run())


def measure(folder: Path, seconds: int, connections: int, options: list[str]) -> dict[str, object]:
    """Run wrk for some seconds; return the figures."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("wrk is not installed")
    socket = str(folder / "upstream.sock")
    upstream = multiprocessing.Process(target=_serve, args=(socket,), daemon=True)
    upstream.start()
    province = Province(folder / PROVINCE)
    province.subscribe(daily_quota=2**50, rate_per_second=1e9, concurrency=100_000)
    province.place({"1.0.0": f"unix:{socket}"})
    province.publish()
    script = folder / "call.lua"
    script.write_text(_SCRIPT.format(body=json.dumps(_BODY.decode()), token=province.token()))
    with running_gateway(province, *options) as gateway:
        assert gateway.process is not None
        process = psutil.Process(gateway.process.pid)
        command = [wrk, "-t1", f"-c{connections}", "-s", str(script), gateway.url + INFER]
        subprocess.run([*command, "-d2s"], check=True, capture_output=True)
        before = process.cpu_times()
        out = subprocess.run(
            [*command, f"-d{seconds}s"], check=True, capture_output=True, text=True
        ).stdout
        after = process.cpu_times()
        memory = process.memory_info().rss
    upstream.terminate()
    upstream.join()
    found = re.search(r"(\d+) requests in", out)
    assert found is not None
    requests = int(found[1])
    cpu = after.user + after.system - before.user - before.system
    return {
        "requests": requests,
        "cpu_microseconds_per_request": round(cpu / requests * 1e6, 1),
        "failed": "Non-2xx" in out,
        "rss_mib": memory >> 20,
    }


def main() -> None:
    """Read the arguments and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--strict", action="store_true")
    arguments = parser.parse_args()
    options = ["--strict"] if arguments.strict else []
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), arguments.seconds, arguments.connections, options)
    sys.stdout.write(f"{json.dumps(figures)}\n")


if __name__ == "__main__":
    main()
