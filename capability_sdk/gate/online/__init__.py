"""Judges a capability from outside: as a calling system, through a gateway, with a token."""
