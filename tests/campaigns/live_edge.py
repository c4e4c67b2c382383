"""An enrolled province's own processes: agent, gateway, and an instance that echoes."""

import contextlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from capability_sdk.contracts.nodes import Endpoint, EndpointList
from capability_sdk.spool import Record, SpoolDamaged, SpoolReader
from edge_gateway.agent.identity import read_identity
from tests.gateway_province import CAPABILITY, INFER, Peers, bearer
from tests.integration.agent_process import AgentProcess
from tests.servers.process import Module, accepts


class GatewayProcess(Module):
    """``python -m edge_gateway.gateway`` in a province's folder."""

    def __init__(self, province: Path, *options: str) -> None:
        self.province = province
        self.port = read_identity(province).gateway_port
        self.url = f"http://127.0.0.1:{self.port}"
        arguments = ["--data", str(province), "--port", str(self.port), *options]
        super().__init__("edge_gateway.gateway", arguments, province / "logs" / "gateway.log")

    def start(self) -> None:
        super().start()
        self.await_ready(lambda: accepts(self.port))


@dataclass
class LiveEdge:
    """A province that runs; ``answered`` holds the request id of each call that was answered."""

    folder: Path
    agent: AgentProcess
    gateway: GatewayProcess
    http: httpx.Client
    answered: list[str] = field(default_factory=list)
    refused: list[httpx.Response] = field(default_factory=list)

    def call(self, token: str) -> httpx.Response:
        """Make one call and note how it ended."""
        answer = self.http.post(INFER, json={"inputs": []}, headers=bearer(token))
        if answer.status_code == httpx.codes.OK:
            self.answered.append(answer.headers["x-request-id"])
        else:
            self.refused.append(answer)
        return answer

    def ask_token(self, client_id: str, secret: str) -> httpx.Response:
        form = {"grant_type": "client_credentials", "scope": f"infer:{CAPABILITY}"}
        return self.http.post("/oauth2/token", data=form, auth=(client_id, secret))

    def spooled(self, kind: str = "usage-0") -> dict[tuple[int, int], bytes]:
        """Read a spool: payloads by epoch and number, damaged records left out."""
        return {
            (record.epoch, record.seq): record.payload
            for record in _all_records(SpoolReader(self.folder / "spool" / kind))
        }


def _all_records(reader: SpoolReader) -> Iterator[Record]:
    for epoch in reader.epochs():
        after = 0
        while True:
            try:
                records = reader.read(epoch, after, 10_000)
            except SpoolDamaged as damage:
                after = damage.last
                continue
            if not records:
                break
            yield from records
            after = records[-1].seq


@contextlib.contextmanager
def running_edge(folder: Path, peers: Path, *options: str, **settings: str) -> Iterator[LiveEdge]:
    """Run an enrolled province for the length of a ``with`` block."""
    with ExitStack() as stack:
        instance = Peers(peers, stack).instance()
        found = Endpoint(
            instance="i-1.0.0", capability=CAPABILITY, version="1.0.0", address=instance
        )
        text = EndpointList(revision=1, endpoints=[found]).model_dump_json(by_alias=True)
        (folder / "endpoints.json").write_text(text)
        agent = AgentProcess(folder, **settings)
        gateway = GatewayProcess(folder, *options)
        stack.callback(agent.stop)
        stack.callback(gateway.stop)
        agent.start()
        gateway.start()
        http = stack.enter_context(httpx.Client(base_url=gateway.url, timeout=60))
        yield LiveEdge(folder, agent, gateway, http)
