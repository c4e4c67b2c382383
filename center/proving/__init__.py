"""Proves versions on the proving edge before anybody reviews them: as its calling system."""
