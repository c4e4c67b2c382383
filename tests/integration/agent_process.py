"""An agent as a real process."""

import socket
from pathlib import Path
from typing import Any

import httpx

from tests.servers.process import Module


class AgentProcess(Module):
    """``python -m edge_gateway.agent`` in a province's folder."""

    def __init__(self, province: Path, **settings: str) -> None:
        self.province = province
        environment = {f"AGENT_{name.upper()}": text for name, text in settings.items()}
        super().__init__(
            "edge_gateway.agent",
            ["--data", str(province)],
            province / "logs" / "agent.log",
            environment,
        )

    def start(self) -> None:
        super().start()
        self.await_ready(self._is_live)

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
        return httpx.Client(transport=transport, base_url="http://agent", timeout=60)

    def _is_live(self) -> bool:
        # A stale socket file refuses; httpx would leave the refused socket open.
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.province / "agent.sock"))
            except OSError:
                return False
        with self._client() as http:
            return http.get("/health/live").is_success
