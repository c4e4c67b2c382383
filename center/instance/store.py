"""Rows and queries of the instance domain."""
