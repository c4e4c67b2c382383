"""Use cases of the identity domain, one module a subject."""
