"""The Python module of the protocol's messages, generated from our .proto file: ``make proto``.

``python -m tests.messages`` writes it; the gates check that it is what the .proto file gives.
"""

import tempfile
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

_ROOT = Path(__file__).parents[1]
_PROTO = Path("capability_sdk/serving/grpc/open_inference.proto")
_SHARED_POOL = "_descriptor_pool.Default()"
_OWN_POOL = "_descriptor_pool.DescriptorPool()"


def generated() -> Mapping[Path, str]:
    """Generate the module and its types, by their paths in the project."""
    with tempfile.TemporaryDirectory() as folder:
        protos = str(files("grpc_tools") / "_proto")
        into = [f"--python_out={folder}", f"--pyi_out={folder}"]
        code = protoc.main(["protoc", f"-I{_ROOT}", f"-I{protos}", *into, str(_ROOT / _PROTO)])
        if code:
            raise SystemExit(f"{_PROTO} cannot be generated from")
        names = [
            _PROTO.with_name("open_inference_pb2.py"),
            _PROTO.with_name("open_inference_pb2.pyi"),
        ]
        texts = {name: (Path(folder) / name).read_text() for name in names}
    # The names of the messages are those of every other implementation, tritonclient's for one: in the
    # pool that a process shares, whichever module comes second could not be loaded.
    texts[names[0]] = texts[names[0]].replace(_SHARED_POOL, _OWN_POOL)
    return texts


def outdated() -> Iterator[str]:
    """Name the generated files that are not what the .proto file gives."""
    for path, text in generated().items():
        if not (_ROOT / path).exists() or (_ROOT / path).read_text() != text:
            yield f"{path} is not what {_PROTO.name} gives: make proto"


if __name__ == "__main__":
    for path, text in generated().items():
        (_ROOT / path).write_text(text)
