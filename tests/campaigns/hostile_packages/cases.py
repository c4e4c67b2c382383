"""The corpus at upload: what each case sends, and for which reason it has to be refused."""

import gzip
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from tests.unit.capability_sdk.packaging import forge
from tests.unit.capability_sdk.packaging.corpus import CORPUS

ANY = ""

_REASONS = {
    "P01-symlink": "is a symbolic link",
    "P01-symlink-then-write": "is a symbolic link",
    "P01-hardlink": "is a hard link",
    "P01-fifo": "is a pipe",
    "P01-character-device": "is a device",
    "P01-block-device": "is a device",
    "P01-sparse": "is a sparse file",
    "P01-setuid": "is setuid",
    "P01-dot-dot": "points out of the package",
    "P01-absolute": "points out of the package",
    "P04-pickle-as-onnx": "is a pickle",
    "P04-pickle-as-json": "is a pickle",
    "P04-pickle-as-text": "is a pickle",
    "P04-numpy-as-text": "is a numpy file",
}


_SLOW_TO_MAKE = frozenset({"P03-zeros", "P03-tar-bomb"})
"""The bombs here are the same, made without compressing a gigabyte."""


@dataclass(frozen=True)
class Case:
    """One upload.

    Attributes:
        name: Id of the catalogue and what it is.
        make: Makes the archive.
        reason: Pattern of one of the breaks that are named.
    """

    name: str
    make: Callable[[], bytes]
    reason: str = ANY

    def explains(self, details: list[str]) -> bool:
        """Tell whether the case was refused for its own reason."""
        return any(re.search(self.reason, detail) for detail in details)


@dataclass(frozen=True)
class Traps:
    """What a payload would touch if anything executed it.

    Attributes:
        file: Is created.
        port: Is connected to.
    """

    file: str
    port: int

    @property
    def shell(self) -> str:
        """Command that springs both traps."""
        return f"touch {self.file}; exec 3<>/dev/tcp/127.0.0.1/{self.port}"

    @property
    def python(self) -> str:
        """Python source that springs both traps."""
        connect = f"__import__('socket').create_connection(('127.0.0.1', {self.port}))"
        return f"open({self.file!r}, 'w').close(); {connect}"


def cases(traps: Traps) -> list[Case]:
    """Return every case but those of `gadgets`."""
    known = [
        Case(name, make, _REASONS.get(name, ANY))
        for name, make in CORPUS.items()
        if name not in _SLOW_TO_MAKE
    ]
    return [*known, *_paths(), *_zips(), *_bombs(), *_hooks(traps)]


def _with(path: str, content: bytes) -> Callable[[], bytes]:
    return partial(_packed_with, path, content)


def _packed_with(path: str, content: bytes) -> bytes:
    replaced = {**forge.files(), path: content}
    return forge.packed(content=replaced)


def _paths() -> Iterator[Case]:
    """Yield paths that the standard library or a kernel would resolve to somewhere else."""
    longest = "samples/" + "/".join(["a" * 90] * 1) + ".json"
    turns = {
        "dot-dot-in-the-middle": "model/../../../evil.json",
        "many-dot-dots": "../" * 9 + "evil.json",
        "absolute-with-slashes": "//etc/evil.json",
        "drive": "C:\\evil.json",
        "nul-in-name": "samples/a\0.json",
        "newline-in-name": "samples/a\n.json",
        "dot": ".",
        "slash": "/",
        "trailing-slash": "samples/x.json/",
        "percent": "samples/%2e%2e/x.json",
        "reserved": "samples/con.json:stream",
    }
    for name, path in turns.items():
        if name != "nul-in-name":  # a tar name ends there: it would be another, good name
            yield Case(
                f"P01-{name}",
                partial(_packed_with, path, b"{}"),
                "package may hold|points out|too long",
            )
    # PATH_MAX: the name and its prefix fill a USTAR header; realpath of old libraries gave up.
    yield Case(
        "P01-path-max", _with("code/" + "d" * 140 + "/" + "f" * 90 + ".py", b"1"), "too long"
    )
    yield Case("P01-long-link", partial(_linked, longest), "symbolic link")


def _linked(path: str) -> bytes:
    return forge.packed(forge.entry(path, type=b"2", linkname="/" + "x" * 99))


def _zips() -> Iterator[Case]:
    """Yield zip archives with each confusion of the catalogue: none is read, zip is not accepted."""
    for name, spoil in _CONFUSIONS.items():
        yield Case(f"P02-zip-{name}", partial(_confused, spoil), "no gzip file but a zip archive")
    yield Case("P02-zip-prefixed", lambda: b"#!/bin/sh\n" + _zip(), "no gzip file")
    yield Case("P02-zip-in-gzip", lambda: gzip.compress(_zip()), "no USTAR header")
    yield Case("P02-zip-as-sample", _with("samples/x.json", _zip()), "archive inside")


def _zip(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for path, content in {**forge.files(), **members}.items():
            file.writestr(path, content)
    return out.getvalue()


def _confused(spoil: Callable[[bytes], bytes]) -> bytes:
    return spoil(_zip())


def _twice(content: bytes) -> bytes:
    return content.replace(b"README.md", b"readme.md", 1)


def _swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda content: content.replace(old, new, 1)


_CENTRAL, _LOCAL, _END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"
_CONFUSIONS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda content: content,
    "zip64-end": lambda content: content[:-22] + b"PK\x06\x06" + bytes(52) + content[-22:],
    "zip64-locator": lambda content: content[:-22] + b"PK\x06\x07" + bytes(16) + content[-22:],
    "two-ends": lambda content: content + content[-22:],
    "no-end": lambda content: content[:-22],
    "end-comment-holds-end": lambda content: content[:-2] + b"\x16\0" + content[-22:],
    "suffix": lambda content: content + b"trailing",
    "central-renamed": _twice,
    "no-central": lambda content: content[: content.find(_CENTRAL)] + content[-22:],
    "data-descriptor": _swap(_LOCAL + b"\x14\0\0\0", _LOCAL + b"\x14\0\x08\0"),
    "encrypted-flag": _swap(_LOCAL + b"\x14\0\0\0", _LOCAL + b"\x14\0\x01\0"),
    "utf8-flag": _swap(_LOCAL + b"\x14\0\0\0", _LOCAL + b"\x14\0\0\x08"),
    "masked-headers": _swap(_LOCAL + b"\x14\0\0\0", _LOCAL + b"\x14\0\0\x20"),
    "unknown-method": _swap(
        _CENTRAL + b"\x14\x03\x14\0\0\0\0\0", _CENTRAL + b"\x14\x03\x14\0\0\0\x63\0"
    ),
    "second-zip": lambda content: content + content,
    "dot-dot": lambda _: _zip(**{"../evil.json": b"{}"}),
    "absolute": lambda _: _zip(**{"/etc/evil.json": b"{}"}),
    "case-collision": lambda _: _zip(**{"Readme.md": b"x"}),
    "unicode-name": lambda _: _zip(**{"samples/\u202egnp.json": b"{}"}),
    "backslash": lambda _: _zip(**{"samples\\..\\evil.json": b"{}"}),
    "bomb": lambda _: _deflated(bytes(20 << 20)),
    "cut": lambda content: content[: len(content) // 2],
    "extra-field": _swap(b"\x0f\0\0\0capability.toml", b"\x0f\0\x04\0capability.toml"),
    "name-length": _swap(b"\x0f\0\0\0capability.toml", b"\xff\0\0\0capability.toml"),
    "spanned": lambda content: b"PK\x07\x08" + content,
    "empty": lambda _: _END + bytes(18),
    "disk-number": lambda content: content[:-18] + b"\x01\0" + content[-16:],
    "entry-count": lambda content: content[:-14] + b"\xff\xff" + content[-12:],
    "central-offset": lambda content: content[:-6] + b"\xff\xff\xff\x7f" + content[-2:],
    "unicode-path-field": _swap(b"README.md", b"README.md\x75\x70\x05\0\x01"),
    "local-size": lambda content: content[:18] + b"\xff\xff\xff\x7f" + content[22:],
    "local-crc": lambda content: content[:14] + b"\0\0\0\0" + content[18:],
    "nested": lambda _: _zip(**{"inner.zip": _zip()}),
    "symlink": lambda content: content.replace(b"\x80\x01", b"\xff\xa1", 1),
    "signature-in-name": lambda _: _zip(**{"PK\x05\x06": b"x"}),
}


def _deflated(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("model/model.onnx", content)
    return out.getvalue()


def _bombs() -> Iterator[Case]:
    """Yield archives that are small to send and large to read."""
    zeros = partial(_repeated, bytes(1 << 20), 1 << 10)
    yield Case("P03-gigabyte-of-zeros", zeros, "unpacks to more than")
    yield Case("P03-million-entries", partial(_repeated, forge.entry("README.md") * 1000, 1000))
    yield Case("P03-million-breaks", partial(_repeated, forge.entry("../x") * 1000, 1000))
    yield Case("P03-nested-ten-levels", _with("samples/x.json", _nested(10)), "archive inside")
    yield Case("P03-overlapping", _overlapping)
    yield Case("P03-lying-small", lambda: forge.packed(_sized("samples/l.json", b"[1]" * 999, 3)))
    yield Case(
        "P03-lying-huge",
        lambda: forge.packed(_sized("model/w.txt", b"tree\n", 7 << 30)),
        "ends inside of a file",
    )
    yield Case(
        "P03-one-big-file",
        partial(_repeated, b"ab" * (1 << 19), 300, forge.entry("model/w.txt", size=250 << 20)),
        "unpacks to more than",
    )


def _repeated(chunk: bytes, times: int, before: bytes = b"") -> bytes:
    """Gzip a chunk many times without compressing it again: a full flush makes it repeatable."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = compressor.compress(before) + compressor.flush(zlib.Z_FULL_FLUSH)
    one = compressor.compress(chunk) + compressor.flush(zlib.Z_FULL_FLUSH)
    end = compressor.flush(zlib.Z_FINISH)
    head = b"\x1f\x8b\x08" + bytes(7)
    return head + start + one * times + end + struct.pack("<II", 0, len(chunk) * times & 0xFFFFFFFF)


def _nested(levels: int) -> bytes:
    content = b"{}"
    for _ in range(levels):
        content = gzip.compress(content)
    return content


def _sized(path: str, content: bytes, size: int) -> bytes:
    return forge.entry(path, b"", size=size) + forge.padded(content)


def _overlapping() -> bytes:
    """Each entry claims to hold all the entries behind it."""
    inner = [forge.entry(f"samples/o{n}.json", b"{}") for n in range(20)]
    return forge.packed(
        *(_sized(f"samples/x{n}.json", b"", len(inner) * 512) for n in range(20)), *inner
    )


_GADGETS = (
    "os.system", "posix.system", "nt.system", "subprocess.call", "subprocess.run",
    "subprocess.Popen", "subprocess.check_output", "subprocess.check_call", "subprocess.getoutput",
    "os.popen", "os.execv", "os.execl", "os.spawnlp", "os.posix_spawn", "os.remove", "os.rename",
    "pty.spawn", "commands.getoutput", "builtins.eval", "builtins.exec", "__builtin__.eval",
    "builtins.__import__", "builtins.compile", "builtins.open", "builtins.getattr", "runpy.run_path",
    "runpy._run_code", "importlib.import_module", "code.InteractiveInterpreter", "timeit.timeit",
    "pdb.run", "cProfile.run", "bdb.Bdb.run", "ctypes.CDLL", "shutil.rmtree", "socket.create_connection",
    "webbrowser.open", "pip.main", "numpy.testing._private.utils.runstring",
)  # fmt: skip


def gadgets(traps: Traps) -> Iterator[Case]:
    """Yield 39 gadgets, each in the nine carriers in which models travel."""
    for gadget in _GADGETS:
        call = _call(gadget, traps)
        binary = b"\x80\x02" + call
        carriers: dict[str, tuple[str, bytes, str]] = {
            "onnx": ("model/model.onnx", binary, "is a pickle"),
            "json": ("samples/x.json", b"\x80\x04" + call, "is a pickle"),
            "old-json": ("samples/x.json", call, "is no json"),
            "old-onnx": ("model/model.onnx", call, "is no onnx"),
            "joblib": ("model/model.joblib", binary, "package may hold"),
            "joblib-as-ubj": ("model/model.ubj", zlib.compress(binary), "is no ubjson"),
            "numpy-objects": ("model/w.safetensors", _numpy(binary), "is a numpy file"),
            "torch": ("model/w.safetensors", _torch(binary), "archive inside"),
            "keras-lambda": ("model/model.ubj", b"\x89HDF\r\n\x1a\n" + call, "is an HDF5 file"),
        }
        for carrier, (path, content, reason) in carriers.items():
            yield Case(f"P04-{gadget}-{carrier}", _with(path, content), reason)


def _call(gadget: str, traps: Traps) -> bytes:
    module, _, name = gadget.rpartition(".")
    argument = (
        traps.python if name in {"eval", "exec", "run", "timeit", "runstring"} else traps.shell
    )
    return f"c{module}\n{name}\n(V{argument}\ntR.".encode()


def _numpy(payload: bytes) -> bytes:
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + payload


def _torch(payload: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("archive/data.pkl", payload)
    return out.getvalue()


def _hooks(traps: Traps) -> Iterator[Case]:
    """Yield files that run or are obeyed without being asked, and references out of the package."""
    start = traps.python.encode()
    files = {
        "P04-yaml-apply": ("annotation/rule.yml", f"!!python/object/apply:os.system ['{traps.shell}']".encode()),
        "P04-yaml-new": ("annotation/rule.yaml", b"!!python/object/new:os.system [id]"),
        "P04-pth": ("code/boot.pth", b"import os; " + start),
        "P04-pth-at-top": ("boot.pth", start),
        "P04-sitecustomize-at-top": ("sitecustomize.py", start),
        "P04-sitecustomize-deep": ("code/lib/SiteCustomize.py", start),
        "P04-conftest": ("conftest.py", start),
        "P05-python-beside-model": ("model/boot.py", start),
        "P05-python-at-top": ("capability.py", start),
        "P05-init-in-samples": ("samples/__init__.py", start),
        "P05-hooks-folder": ("hooks/install.json", b"{}"),
        "P05-other-folder": ("etc/passwd.txt", b"root::0:0"),
        "P05-shared-object": ("model/op.so.1", b"\x7fELF\x02"),
        "P05-custom-op-as-safetensors": ("model/op.safetensors", b"\x7fELF\x02" + bytes(99)),
        "P05-webassembly": ("code/x.txt", b"\x00asm\x01"),
        "P05-setup-cfg": ("setup.cfg", b"[metadata]"),
        "P05-wheel": ("code/x.whl", _torch(start)),
        "P05-makefile": ("Makefile", traps.shell.encode()),
        "P05-dockerfile": ("Dockerfile", b"RUN " + traps.shell.encode()),
        "P05-git-hook": (".git/hooks/post-checkout", traps.shell.encode()),
    }  # fmt: skip
    for name, (path, content) in files.items():
        yield Case(name, _with(path, content), "package may hold|native library")
    places = {
        "beside": "w.bin",
        "absolute": "/etc/passwd",
        "up-to-a-key": "../../keys/master.key",
        "trap": traps.file,
    }
    for name, place in places.items():
        model = forge.model(external=place).SerializeToString()
        yield Case(
            f"P04-external-data-{name}",
            _with("model/model.onnx", model),
            "tensors in another file",
        )
