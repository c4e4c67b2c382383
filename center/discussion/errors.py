"""Expected failures of what people say about capabilities."""

from capability_sdk.contracts.errors import Conflict, NotFound, NotPermitted


class CommentNotFound(NotFound):
    """No such comment, or it stands under a capability that the asker may not see."""

    code = "comment-not-found"
    title = "There is no such comment"


class NotYourComment(NotPermitted):
    """Only its author changes a comment; an admin may hide it."""

    code = "not-your-comment"
    title = "This comment is somebody else's"
    cure = "Ask its author, or an admin of the center."


class RepliesEndHere(Conflict):
    """Threads are one level deep."""

    code = "replies-end-here"
    title = "A reply takes no replies of its own"


class NotYourNote(NotPermitted):
    """Notes of this kind are written by other roles."""

    code = "not-your-note"
    title = "Another role writes this note"
    cure = "Ask its author, or an admin of the center."
