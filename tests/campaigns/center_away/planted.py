"""Bugs that a colleague might write, and that the campaign must find."""

from tests.campaigns.harness import PlantedBug

PLANTED = (
    PlantedBug(
        "autonomy-always-yes",
        "edge_gateway/agent/autonomy.py",
        "autonomous=not any(reason.blocks for reason in reasons),",
        "autonomous=True,",
    ),
    PlantedBug(
        "gateway-drops-the-centers-keys",
        "edge_gateway/gateway/tokens.py",
        '            self._check_delegated(own, aud, scope, claims["iat"], expires_at)\n',
        '            self._check_delegated(own, aud, scope, claims["iat"], expires_at)\n'
        "            self._keys = {own.kid: own.key}\n",
    ),
    PlantedBug(
        "scope-of-the-certificate-not-checked",
        "edge_gateway/gateway/tokens.py",
        " or not own.covers(names)",
        "",
    ),
    PlantedBug(
        "issuer-serves-suspended-applications",
        "edge_gateway/agent/issuer.py",
        " or not found.active",
        "",
    ),
    PlantedBug(
        "endpoints-on-disk-not-read",
        "edge_gateway/gateway/server.py",
        "        self._watch.load()\n",
        "",
        shows_by_waiting=True,
    ),
    PlantedBug(
        "agent-waits-for-the-center",
        "edge_gateway/agent/app.py",
        '        running = asyncio.create_task(agent.run(), name="agent")\n',
        "        await agent._sync._poll()\n"
        '        running = asyncio.create_task(agent.run(), name="agent")\n',
        shows_by_waiting=True,
    ),
)
