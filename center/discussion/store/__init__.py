"""Every query about what people say."""

from center.discussion.store.comments import CommentStore
from center.discussion.store.marks import FavouriteStore, RatingStore
from center.discussion.store.notes import NoteStore

__all__ = ["CommentStore", "FavouriteStore", "NoteStore", "RatingStore"]
