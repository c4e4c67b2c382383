"""A province's edge: the gateway that callers reach, and the agent that keeps in touch."""

from capability_sdk.kit.light import leave_out

# Its own command line: a terminal and lexers that no service needs.
leave_out("httpx._main")
