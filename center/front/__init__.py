"""The console's built files, served by the center itself: no other server, no other origin."""
