"""The protocol's addresses that say what is served."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from capability_sdk import __version__
from capability_sdk.contracts.inference import ModelMetadata, TensorMetadata
from capability_sdk.contracts.manifest import Engine, Manifest, TensorSpec
from capability_sdk.contracts.model import major
from capability_sdk.serving.replies import Reply, json_reply

Page = Callable[[], Reply]

_PLATFORMS = {engine: engine.value for engine in Engine} | {Engine.ONNX: "onnxruntime_onnx"}


def metadata_of(manifest: Manifest, versions: Sequence[str]) -> ModelMetadata:
    """Describe the model; -1 stands for the batch dimension."""
    return ModelMetadata(
        name=manifest.name,
        versions=list(versions),
        platform=_PLATFORMS[manifest.engine],
        inputs=[_tensor(spec) for spec in manifest.inputs],
        outputs=[_tensor(spec) for spec in manifest.outputs],
    )


def model_paths(manifest: Manifest) -> list[str]:
    """List the addresses of the model: without a version, with the exact and the major one."""
    root = f"/v2/models/{manifest.name}"
    versions = (manifest.version, major(manifest.version))
    return [root, *(f"{root}/versions/{version}" for version in versions)]


def server_metadata() -> dict[str, Any]:
    """Describe the server: name, version, extensions of the protocol."""
    return {"name": "jiuzhou", "version": __version__, "extensions": ["binary_tensor_data"]}


def server_pages(
    require_ready: Callable[[], None], load: Callable[[], bytes]
) -> Mapping[str, Page]:
    """Build the pages about the server by path; each is asked for with GET.

    Args:
        require_ready: Raises while no calls are expected.
        load: Tells the instance's load, a header line of the answer that it is ready.
    """
    server = json_reply(server_metadata())
    live = json_reply({"live": True})
    # The specification's text has "live" here as well.
    is_ready = _when_ready(require_ready, {"live": True, "ready": True})

    def ready() -> Reply:
        reply = is_ready()
        return Reply(reply.status, reply.head + load(), reply.body)

    return {
        "/v2": lambda: server,
        "/v2/": lambda: server,
        "/v2/health/live": lambda: live,
        "/v2/health/ready": ready,
        "/health/live": lambda: live,
        "/health/ready": ready,
    }


def model_pages(
    manifest: Manifest, versions: Sequence[str], require_ready: Callable[[], None]
) -> Mapping[str, Page]:
    """Build the pages about a model by path; each is asked for with GET.

    Args:
        manifest: Of the version that answers.
        versions: All versions of the model that are in service.
        require_ready: Raises while no calls are expected.
    """
    metadata = json_reply(metadata_of(manifest, versions).model_dump(mode="json"))
    ready = _when_ready(require_ready, {"name": manifest.name, "ready": True})
    pages: dict[str, Page] = {}
    for path in model_paths(manifest):
        pages[path] = lambda: metadata
        pages[f"{path}/ready"] = ready
    return pages


def _when_ready(require_ready: Callable[[], None], content: object) -> Page:
    reply = json_reply(content)

    def page() -> Reply:
        require_ready()
        return reply

    return page


def _tensor(spec: TensorSpec) -> TensorMetadata:
    return TensorMetadata(name=spec.name, datatype=spec.datatype, shape=[-1, *spec.shape])
