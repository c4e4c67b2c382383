"""A gate report as one page for people."""
