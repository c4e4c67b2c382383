"""P01 to P05 and P08 of the catalogue: archives that have to be refused, by the id of the case."""

import gzip
import io
import pickle
import posixpath
import struct
import tarfile
import zipfile
from collections.abc import Callable

from tests.unit.capability_sdk.packaging import forge

PICKLE = pickle.dumps({"canary": print})


def _recounted(header: bytes) -> bytes:
    blank = header[:148] + b" " * 8 + header[156:512]
    return blank[:148] + f"{sum(blank):06o}\0 ".encode() + blank[156:] + header[512:]


def _negative_size() -> bytes:
    whole = forge.entry("samples/n.json", b"{}")
    return _recounted(whole[:124] + b"\xff" * 12 + whole[136:])


def _lying_size() -> bytes:
    return forge.entry("samples/big.json", b"{}", size=3 << 20)


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for path, content in forge.files().items():
            file.writestr(path, content)
    return out.getvalue()


def _with(path: str, content: bytes = b"{}", **members: object) -> Callable[[], bytes]:
    return lambda: forge.packed(forge.entry(path, content, **members))


def _changed(path: str, content: bytes | None) -> Callable[[], bytes]:
    return lambda: forge.packed(content=forge.files(**{path: content}))


def _lied(**changes: str) -> Callable[[], bytes]:
    text = forge.MANIFEST
    for old, new in changes.items():
        text = text.replace(old, new)
    return _changed("capability.toml", text.encode())


def _pax(*records: tuple[str, str], kind: bytes = tarfile.XHDTYPE) -> Callable[[], bytes]:
    return lambda: forge.packed(forge.pax(*records, kind=kind), forge.entry("samples/p.json"))


def _engine(name: str, **files: bytes) -> Callable[[], bytes]:
    """A package of another engine; its files by the name that they have in ``model/``."""
    manifest = forge.MANIFEST.replace("[titles]", f'engine = "{name}"\n[titles]', 1)
    models = {posixpath.normpath(f"model/{path}"): content for path, content in files.items()}
    changes: dict[str, bytes | None] = {"model/model.onnx": None, **models}
    changes["capability.toml"] = manifest.encode()
    return lambda: forge.packed(content=forge.files(**changes))


_UBJ = b"{L" + (7).to_bytes(8, "big") + b"learner{}"
_TREES = b"tree\nversion=v4\nTree=0\nnum_leaves=1\n"

CORPUS: dict[str, Callable[[], bytes]] = {
    "P01-dot-dot": _with("samples/../../evil.json"),
    "P01-dot-dot-first": _with("../evil.json"),
    "P01-absolute": _with("/tmp/evil.json"),  # noqa: S108 - nothing is written there
    "P01-backslash": _with("samples\\..\\evil.json"),
    "P01-current-folder": _with("./samples/x.json"),
    "P01-empty-part": _with("samples//x.json"),
    "P01-hidden": _with("samples/.x.json"),
    "P01-symlink": _with("samples/l.json", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "P01-symlink-then-write": lambda: forge.packed(
        forge.entry("code", type=tarfile.SYMTYPE, linkname="/"), forge.entry("code/x.py", b"1")
    ),
    "P01-training-record-is-a-link": _with(
        "reference/training.json", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"
    ),
    "P01-hardlink": _with("samples/l.json", b"", type=tarfile.LNKTYPE, linkname="README.md"),
    "P01-file-with-link-target": _with("samples/l.json", linkname="/etc/passwd"),
    "P01-fifo": _with("samples/f.json", b"", type=tarfile.FIFOTYPE),
    "P01-character-device": _with("samples/d.json", b"", type=tarfile.CHRTYPE),
    "P01-block-device": _with("samples/d.json", b"", type=tarfile.BLKTYPE),
    "P01-folder": _with("samples", b"", type=tarfile.DIRTYPE),
    "P01-contiguous": _with("samples/c.json", type=tarfile.CONTTYPE),
    "P01-unknown-type": _with("samples/u.json", type=b"Z"),
    "P01-sparse": _with("samples/s.json", b"", type=tarfile.GNUTYPE_SPARSE),
    "P01-setuid": _with("samples/s.json", mode=0o4755),
    "P01-setgid": _with("samples/s.json", mode=0o2755),
    "P01-long-path": _with("code/" + "/".join(["d" * 45] * 3) + "/" + "f" * 90 + ".py", b"1"),
    "P01-deep-path": _with("code/" + "d/" * 9 + "f.py", b"1"),
    "P01-gnu-long-name": lambda: forge.packed(
        forge.entry("././@LongLink", b"../evil.json\0", type=tarfile.GNUTYPE_LONGNAME),
        forge.entry("samples/x.json", b"{}"),
    ),
    "P01-gnu-long-link": lambda: forge.packed(
        forge.entry("././@LongLink", b"/etc\0", type=tarfile.GNUTYPE_LONGLINK),
        forge.entry("samples/x.json", b"{}"),
    ),
    "P01-pax-path": _pax(("path", "../evil.json")),
    "P01-pax-size": _pax(("size", "999999999")),
    "P01-pax-sparse": _pax(("GNU.sparse.major", "1"), ("GNU.sparse.name", "../evil")),
    "P01-pax-global": _pax(("path", "../evil.json"), kind=tarfile.XGLTYPE),
    "P01-pax-solaris": _pax(("path", "../evil.json"), kind=tarfile.SOLARIS_XHDTYPE),
    "P01-gnu-magic": lambda: gzip.compress(
        tarfile.TarInfo("README.md").tobuf(tarfile.GNU_FORMAT) + bytes(1024)
    ),
    "P01-bad-checksum": lambda: forge.packed(b"x" + forge.entry("README.md", b"1")[1:]),
    "P01-negative-size": lambda: forge.packed(_negative_size()),
    "P01-non-ascii-name": lambda: gzip.compress(
        _recounted(b"samples/\xff\xfe.json".ljust(100, b"\0") + forge.entry("a")[100:])
    ),
    "P01-cut-in-file": lambda: gzip.compress(forge.tar()[:1100]),
    "P01-no-end": lambda: gzip.compress(forge.tar()[:-1024]),
    "P01-half-end": lambda: gzip.compress(forge.tar()[:-512]),
    "P01-data-after-end": lambda: gzip.compress(forge.tar() + forge.entry("x")),
    "P02-zip-for-tar": _zip,
    "P02-zip-after-gzip": lambda: forge.packed() + _zip(),
    "P02-garbage-after-gzip": lambda: forge.packed() + b"garbage",
    "P02-zeros-after-gzip": lambda: forge.packed() + bytes(512),
    "P02-second-member": lambda: forge.packed() + forge.packed(),
    "P02-empty-second-member": lambda: forge.packed() + gzip.compress(b""),
    "P02-plain-tar": forge.tar,
    "P02-empty": lambda: b"",
    "P02-cut-gzip": lambda: forge.packed()[:-9],
    "P02-wrong-crc": lambda: forge.packed()[:-8] + b"\0\0\0\0" + forge.packed()[-4:],
    "P02-duplicate": _with("README.md", b"again"),
    "P02-case-collision": _with("samples/ONE.json"),
    "P02-folder-case-collision": lambda: forge.packed(
        forge.entry("code/A/x.py", b"1"), forge.entry("code/a/y.py", b"1")
    ),
    "P02-file-and-folder": lambda: forge.packed(
        forge.entry("code/a.py", b"1"), forge.entry("code/a.py/b.py", b"1")
    ),
    "P03-tar-bomb": lambda: gzip.compress(
        forge.tar(forge.entry("model/w.txt", b"tree\n" + bytes(40 << 20)))
    ),
    "P03-zeros": lambda: forge.zeros_gzip(400 << 20),
    "P03-many-entries": lambda: forge.packed(
        *(forge.entry(f"code/f{n}.py", b"1") for n in range(3_000))
    ),
    "P03-lying-size": lambda: forge.packed(_lying_size()),
    "P03-huge-claim": _with("model/w.txt", b"tree\n", size=7 << 30),
    "P03-oversized-sample": _with("samples/big.json", b"[" + b"1," * (3 << 20) + b"1]"),
    "P03-nested": _with("samples/inner.json", gzip.compress(gzip.compress(b"{}"))),
    "P03-nested-zip-as-model": _changed("model/model.onnx", _zip()),
    "P03-oversized-training-record": _with(
        "reference/training.json", b"{" + b" " * (1 << 20) + b"}"
    ),
    "P04-pickle-as-training-record": _with("reference/training.json", PICKLE),
    "P03-deep-model": _engine("xgboost", **{"m.json": b"[" * 200_000 + b"]" * 200_000}),
    "P03-deep-model-of-objects": _engine(
        "xgboost", **{"m.json": b'{"a":' * 999 + b"1" + b"}" * 999}
    ),
    "P03-deep-model-of-pairs": _engine("xgboost", **{"m.json": b"[[],0," * 99 + b"0" + b"]" * 99}),
    "P03-deep-sample": _with("samples/deep.json", b'[{"]":' * 99 + b"1" + b"}]" * 99),
    "P03-deep-model-behind-text": _engine(
        "xgboost", **{"m.json": b'["\\"' + b"]" * 99 + b'",' + b"[" * 99 + b"]" * 100}
    ),
    "P04-pickle-as-onnx": _changed("model/model.onnx", PICKLE),
    "P04-pickle-as-json": _with("samples/p.json", PICKLE),
    "P04-pickle-as-text": _with("code/p.txt", PICKLE),
    "P04-old-pickle-as-json": _with("samples/p.json", pickle.dumps(print, protocol=0)),
    "P04-old-pickle-as-onnx": _changed("model/model.onnx", pickle.dumps(print, protocol=0)),
    "P04-pickle-file": _with("model/model.pkl", PICKLE),
    "P04-joblib-file": _with("model/model.joblib", PICKLE),
    "P04-torch-file": _with("model/model.pt", _zip()),
    "P04-numpy-objects": _with("model/w.npy", b"\x93NUMPY\x01\x00"),
    "P04-numpy-as-text": _with("code/w.txt", b"\x93NUMPY\x01\x00"),
    "P04-keras": _with("model/m.keras", _zip()),
    "P04-pickle-as-ubj": _engine("xgboost", **{"m.ubj": PICKLE}),
    "P04-pickle-as-xgboost-json": _engine("xgboost", **{"m.json": PICKLE}),
    "P04-pickle-as-trees": _engine("lightgbm", **{"m.txt": PICKLE}),
    "P04-old-pickle-as-trees": _engine("lightgbm", **{"m.txt": pickle.dumps(print, protocol=0)}),
    "P04-pickle-behind-trees": _engine("lightgbm", **{"m.txt": _TREES + PICKLE}),
    "P04-hdf5-as-ubj": _with("model/m.ubj", b"\x89HDF\r\n\x1a\n"),
    "P04-yaml": _with("annotation/rule.yaml", b"!!python/object/apply:os.system ['x']"),
    "P04-pth-file": _with("code/x.pth", b"import os"),
    "P04-sitecustomize": _with("code/sitecustomize.py", b"print(1)"),
    "P04-usercustomize": _with("code/deep/UserCustomize.py", b"print(1)"),
    "P04-safetensors-of-pickle": _with("model/w.safetensors", PICKLE),
    "P04-safetensors-header-bomb": _with("model/w.safetensors", struct.pack("<Q", 1 << 40) + b"{"),
    "P04-external-data": _changed(
        "model/model.onnx", forge.model(external="w.bin").SerializeToString()
    ),
    "P04-external-data-up": _changed(
        "model/model.onnx", forge.model(external="../../etc/passwd").SerializeToString()
    ),
    "P05-library": _with("code/fast.so", b"\x7fELF"),
    "P05-library-as-text": _with("code/fast.txt", b"\x7fELF\x02"),
    "P05-library-as-onnx": _changed("model/model.onnx", b"\x7fELF\x02" + bytes(99)),
    "P05-library-as-ubj": _engine("xgboost", **{"m.ubj": b"\x7fELF\x02" + bytes(99)}),
    "P05-code-of-a-data-engine-of-trees": _engine(
        "xgboost", **{"m.ubj": _UBJ, "../code/capability.py": b"1"}
    ),
    "P05-library-beside-code": _engine(
        "python", **{"../code/capability.py": b"1", "../code/f.so": b"1"}
    ),
    "P05-bytecode-for-code": _engine("python", **{"../code/capability.pyc": b"\xa7\r\r\n"}),
    "P05-code-that-is-no-text": _engine("python", **{"../code/capability.py": b"\xff\x00"}),
    "P05-windows-library": _with("code/fast.txt", b"MZ\x90"),
    "P05-setup-script": _with("code/setup.py", b"import os"),
    "P05-build-file": _with("code/pyproject.toml", b"[project]"),
    "P05-entry-points": _with("code/x.dist-info/entry_points.txt", b"[console_scripts]"),
    "P05-code-of-a-data-engine": _with("code/capability.py", b"print(1)"),
    "P05-bytecode": _with("code/__pycache__/x.cpython-311.pyc", b"\xa7\r\r\n"),
    "P05-shell-script": _with("code/run.sh", b"#!/bin/sh"),
    "P08-no-manifest": _changed("capability.toml", None),
    "P08-training-record-of-another-name": _with("reference/training-2.json"),
    "P08-no-readme": _changed("README.md", None),
    "P08-no-model": _changed("model/model.onnx", None),
    "P08-two-models": _with("model/other.onnx", forge.model().SerializeToString()),
    "P08-no-xgboost-model": _engine("xgboost"),
    "P08-two-xgboost-models": _engine("xgboost", **{"m.json": b"{}", "m.ubj": _UBJ}),
    "P08-no-lightgbm-model": _engine("lightgbm", **{"m.ubj": _UBJ}),
    "P08-cut-json": _engine("xgboost", **{"m.json": b'{"learner": {"a": [1, 2'}),
    "P08-cut-string": _engine("xgboost", **{"m.json": b'{"learner": "a\\"}'}),
    "P08-closed-too-often": _engine("xgboost", **{"m.json": b'{"learner": {}}}'}),
    "P08-json-as-ubj": _engine("xgboost", **{"m.ubj": b'{"learner": {}}'}),
    "P08-cut-trees": _engine("lightgbm", **{"m.txt": _TREES}),
    "P08-json-as-trees": _engine("lightgbm", **{"m.txt": b"{}"}),
    "P08-not-toml": _changed("capability.toml", b"name = "),
    "P08-not-text": _changed("capability.toml", b"\xff\xfe\x00"),
    "P08-nested-toml": _changed("capability.toml", b"x = " + b"[" * 50_000),
    "P08-unknown-member": _lied(owner="digest"),
    "P08-unknown-family": _lied(linear="magic"),
    "P08-bad-version": _lied(**{"1.0.0": "1.0"}),
    "P08-bad-name": _lied(**{'name = "twice"': 'name = "../twice"'}),
    "P08-python-without-code": _lied(**{"[titles]": 'engine = "python"\n[titles]'}),
}
