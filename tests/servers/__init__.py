"""Real servers for tests: each is started on loopback with its own data folder."""
