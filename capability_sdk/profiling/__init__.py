"""Anchored profiles at inference time; whylogs is the wire format and stands in `carrier` alone."""
