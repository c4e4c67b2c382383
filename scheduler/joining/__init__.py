"""Machines that joined the province: who they are, what they are given, what they report."""
