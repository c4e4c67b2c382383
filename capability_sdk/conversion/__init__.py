"""From a model of any framework to a capability package: ``package(model, training=…, folder=…)``."""

from capability_sdk.conversion.assembly import Packaged, package
from capability_sdk.conversion.errors import ConversionFailed
from capability_sdk.conversion.words import About, Execution, Hints, Layout

__all__ = [
    "About",
    "ConversionFailed",
    "Execution",
    "Hints",
    "Layout",
    "Packaged",
    "package",
]
