"""A province's edge: the gateway that callers reach, and the agent that keeps in touch."""
