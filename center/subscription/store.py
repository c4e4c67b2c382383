"""Rows and queries of the subscription domain."""
