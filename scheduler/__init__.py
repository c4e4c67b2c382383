"""A province's scheduler: where instances run, and which of them answers."""

from capability_sdk.kit.light import leave_out

# Its own command line: a terminal and lexers that no service needs.
leave_out("httpx._main")
