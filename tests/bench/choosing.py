"""A gateway with another rule for its endpoints, to compare ours with. Nothing ships this switch.

``python -m tests.bench.choosing round-robin|least-connections --data FOLDER --port PORT``.
"""

import sys

import uvloop
from pydantic_settings import CliApp

from capability_sdk.kit import logs
from edge_gateway.gateway.dispatch.pool import Choose, Pool
from edge_gateway.gateway.dispatch.target import Target
from edge_gateway.gateway.server import GatewayServer
from edge_gateway.gateway.settings import GatewaySettings
from edge_gateway.state import load_site


class RoundRobin:
    """All endpoints in turn."""

    def __init__(self) -> None:
        self._turns: dict[str, int] = {}

    def __call__(self, pool: Pool, chance: float) -> Target:  # noqa: ARG002 - it leaves nothing to chance
        turn = self._turns.get(pool.capability, 0)
        self._turns[pool.capability] = turn + 1
        return pool.targets[turn % len(pool.targets)]


class LeastConnections:
    """The endpoint with the fewest calls in flight; equals in turn."""

    def __init__(self) -> None:
        self._turns = RoundRobin()

    def __call__(self, pool: Pool, chance: float) -> Target:
        first = pool.targets.index(self._turns(pool, chance))
        in_turn = pool.targets[first:] + pool.targets[:first]
        return min(in_turn, key=lambda target: target.upstream.in_flight)


CHOICES: dict[str, type[RoundRobin] | type[LeastConnections]] = {
    "round-robin": RoundRobin,
    "least-connections": LeastConnections,
}


async def _serve(choose: Choose, arguments: list[str]) -> None:
    settings = CliApp.run(GatewaySettings, cli_args=arguments)
    server = GatewayServer(settings, load_site(settings.data))
    server.app._inference.choose = choose  # noqa: SLF001 - a switch that the product must not have
    await server.run()


if __name__ == "__main__":
    logs.configure()
    uvloop.run(_serve(CHOICES[sys.argv[1]](), sys.argv[2:]))
