"""Typed clients of the center and of a province's gateway."""

from capability_sdk.client.center import CenterClient
from capability_sdk.client.gateway import GatewayClient
from capability_sdk.client.problems import ApiProblem, Unreachable

__all__ = ["ApiProblem", "CenterClient", "GatewayClient", "Unreachable"]
