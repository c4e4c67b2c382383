"""Rows and queries of the access domain."""
