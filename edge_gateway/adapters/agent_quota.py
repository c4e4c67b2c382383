"""Quotas counted by the province's agent, over its Unix socket."""

import json
from typing import Protocol

from edge_gateway.errors import LedgerUnavailable, QuotaExceeded
from edge_gateway.gateway.upstream import UpstreamAnswer, UpstreamFailed

_OK = 200


class AgentLink(Protocol):
    """A way to the agent."""

    async def post(self, path: str, body: bytes, content_type: str) -> UpstreamAnswer:
        """Send a request with the province's internal credential."""
        ...


class AgentQuotaLedger:
    """Asks the agent, which keeps the counts over restarts."""

    def __init__(self, agent: AgentLink) -> None:
        self._agent = agent

    async def lease(self, subscription: str, window: int, limit: int, want: int) -> int:
        """Grant calls; see `edge_gateway.ports.QuotaLedger`."""
        asked = {"subscription": subscription, "window": window, "limit": limit, "want": want}
        try:
            body = json.dumps(asked).encode()
            answer = await self._agent.post("/v1/quota-leases", body, "application/json")
            if answer.head.status != _OK:
                raise LedgerUnavailable(
                    f"The agent answered {answer.head.status} to a quota lease."
                )
            granted = int(json.loads(answer.body)["granted"])
        except UpstreamFailed as error:
            raise LedgerUnavailable("The agent does not answer.") from error
        except (ValueError, KeyError, TypeError) as error:
            raise LedgerUnavailable("The agent's answer to a lease is not understood.") from error
        if granted <= 0:
            raise QuotaExceeded(f"All {limit} calls of the day are used up.", limit=limit)
        return min(granted, want)
