"""A fleet to look at: simulated provinces at a running center, through the real protocol."""
