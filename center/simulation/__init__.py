"""Removes what was only simulated. Above every domain, since each may hold figures of a province."""
