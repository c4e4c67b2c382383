"""Rows and queries of the operations domain."""
