"""Failures of the Nacos engine, for the adapter alone: users of the port see them as its health."""


class NacosUnavailable(Exception):
    """The server cannot be used now; the message says why and quotes nothing that it or we sent."""
