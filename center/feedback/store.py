"""Rows and queries of the feedback domain."""
