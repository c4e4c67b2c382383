"""Rows and queries of the identity domain."""

from center.identity import audit

__all__ = ["audit"]
