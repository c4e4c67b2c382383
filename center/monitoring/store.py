"""Rows and queries of the monitoring domain."""
