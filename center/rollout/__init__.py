"""Bringing a version to provinces step by step, between guard rails, with one act back."""
