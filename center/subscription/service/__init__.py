"""What people, and time, do with the right to call."""
