"""Which endpoint answers a call; compiled where the gateway is."""

from edge_gateway.compiled import places

__path__[:0] = places(__name__)
