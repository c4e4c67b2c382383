"""The gateway; its hot modules in compiled form, where that was made from these sources."""

from edge_gateway.compiled import places

__path__[:0] = places(__name__)
