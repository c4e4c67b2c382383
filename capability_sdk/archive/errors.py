"""What can go wrong with a document archive."""

from capability_sdk.contracts.errors import NotFound


class DocumentNotFound(NotFound):
    """The archive has no such document, or it has expired."""

    code = "document-not-found"
    title = "The archive has no such document"
