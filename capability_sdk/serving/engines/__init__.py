"""What executes a model: one module an engine, behind one protocol."""

from capability_sdk.serving.engines.loading import leave_out_training_libraries, load_engine
from capability_sdk.serving.engines.ports import Engine, LoadEngine

__all__ = ["Engine", "LoadEngine", "leave_out_training_libraries", "load_engine"]
