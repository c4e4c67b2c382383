"""Rows and queries of the capability domain."""
