"""Makes packages and archives, good ones and such as nobody should make."""

import gzip
import io
import json
import tarfile
from pathlib import Path

import onnx
from onnx import TensorProto, helper

MANIFEST = """\
name = "twice"
version = "1.0.0"
domain = "network"
owner = "tests"
algorithm_family = "linear"
[titles]
zh = "两倍"
en = "Twice"
[summary]
zh = "两倍"
en = "Doubles two numbers."
[[inputs]]
name = "x"
datatype = "FP32"
shape = [2]
[[outputs]]
name = "y"
datatype = "FP32"
shape = [2]
"""
SAMPLE = {
    "request": {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1.0, 2.0]}]},
    "expected": {"y": [[2.0, 4.0]]},
}


def model(*, name: str = "x", external: str | None = None) -> onnx.ModelProto:
    """Return a model that doubles its input; with ``external`` its weight lies in that file."""
    weight = helper.make_tensor("two", TensorProto.FLOAT, [1], [2.0])
    if external is not None:
        weight.ClearField("float_data")
        weight.data_location = TensorProto.EXTERNAL
        weight.external_data.add(key="location", value=external)
    graph = helper.make_graph(
        [helper.make_node("Mul", [name, "two"], ["y"])],
        "twice",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])],
        [weight],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, ir_version=8, opset_imports=opset)


def files(**changes: bytes | None) -> dict[str, bytes]:
    """Return a good package's files; a change of None leaves a file out."""
    good: dict[str, bytes | None] = {
        "capability.toml": MANIFEST.encode(),
        "README.md": b"# Twice\n",
        "model/model.onnx": model().SerializeToString(),
        "samples/one.json": json.dumps(SAMPLE).encode(),
    }
    good |= changes
    return {path: content for path, content in good.items() if content is not None}


def project(folder: Path, **changes: bytes | None) -> Path:
    """Write a package's files to a folder."""
    for path, content in files(**changes).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder


def entry(path: str, content: bytes = b"", **members: object) -> bytes:
    """Return one USTAR entry, members such as ``type`` or ``mode`` as given."""
    info = tarfile.TarInfo(path)
    info.size = len(content)
    for member, value in members.items():
        setattr(info, member, value)
    return info.tobuf(tarfile.USTAR_FORMAT) + padded(content)


def padded(content: bytes) -> bytes:
    """Fill up to whole blocks."""
    return content + bytes(-len(content) % 512)


def tar(*extra: bytes, content: dict[str, bytes] | None = None) -> bytes:
    """Return a tar of the files, then ``extra`` raw entries, then the end."""
    base = files() if content is None else content
    return b"".join(entry(p, c) for p, c in base.items()) + b"".join(extra) + bytes(1024)


def packed(*extra: bytes, content: dict[str, bytes] | None = None) -> bytes:
    """Return a gzipped tar of the files and ``extra`` raw entries."""
    return gzip.compress(tar(*extra, content=content), mtime=0)


def pax(*records: tuple[str, str], kind: bytes = tarfile.XHDTYPE) -> bytes:
    """Return a PAX header entry with records."""
    body = b""
    for key, value in records:
        rest = f" {key}={value}\n".encode()
        length = len(rest) + len(str(len(rest) + 2))
        body += str(length).encode() + rest
    return entry("pax", body, type=kind)


def zeros_gzip(size: int) -> bytes:
    """Return ``size`` zeros, gzipped, without holding them."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as file:
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
    return out.getvalue()
