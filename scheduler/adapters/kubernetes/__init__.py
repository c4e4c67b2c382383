"""Runs instances as Deployments of a Kubernetes cluster (port `InstanceRunner`).

Imported with that runner alone: the client costs 54 MiB.
"""
