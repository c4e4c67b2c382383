"""Glue that every service shares; import its modules one by one, they have different costs."""
