"""The document hub: what every capability is called with, made from its contract.

Nothing here is written by hand or kept: OpenAPI, code samples and change notices come from manifests,
which never change once a version is there.
"""
