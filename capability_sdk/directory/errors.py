"""Failures of a service directory."""

from capability_sdk.contracts.errors import InvalidInput


class EntryRefused(InvalidInput):
    """The directory takes no such entry: a name or its metadata breaks the directory's rules."""

    code = "directory-entry-refused"
    title = "The directory does not take this entry"


class NodeRejected(InvalidInput):
    """A node's metadata is missing, damaged or absurd; it is not scheduled on."""

    code = "node-rejected"
    title = "The node's metadata is not acceptable"
