"""What executes a model: one module an engine, behind one protocol."""

from capability_sdk.serving.engines.loading import load_engine
from capability_sdk.serving.engines.ports import Engine, LoadEngine

__all__ = ["Engine", "LoadEngine", "load_engine"]
