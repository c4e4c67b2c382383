"""An agent as a real process."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.waiting import eventually

ROOT = Path(__file__).parents[2]


class AgentProcess:
    """``python -m edge_gateway.agent`` in a province's folder."""

    def __init__(self, province: Path, **settings: str) -> None:
        self.province = province
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.province / "logs" / "agent.log").read_text()

    def start(self) -> None:
        environment = {f"AGENT_{name.upper()}": text for name, text in self._settings.items()}
        with (self.province / "logs" / "agent.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "edge_gateway.agent", "--data", str(self.province)],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
                stdout=log,
                stderr=log,
            )
        eventually(self._is_live)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(60)

    def ask(self, method: str, path: str, *, token: str | None = None, **options: Any) -> Any:  # noqa: ANN401 - httpx's own options and answer
        secret = token or (self.province / "internal.token").read_text()
        with self._client() as http:
            return http.request(
                method, path, headers={"authorization": f"Bearer {secret}"}, **options
            )

    def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.ask("GET", "/v1/status").json()
        return answer

    def _client(self) -> httpx.Client:
        transport = httpx.HTTPTransport(uds=str(self.province / "agent.sock"))
        return httpx.Client(transport=transport, base_url="http://agent", timeout=20)

    def _is_live(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log
        # A stale socket file refuses; httpx would leave the refused socket open.
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.province / "agent.sock"))
            except OSError:
                return False
        with self._client() as http:
            return http.get("/health/live").is_success
