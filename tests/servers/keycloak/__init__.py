"""A real Keycloak: installed once into a cache, started and filled by tests."""
