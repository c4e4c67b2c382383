"""Tells people's pages what has changed, so that they ask for it again: server-sent events."""
