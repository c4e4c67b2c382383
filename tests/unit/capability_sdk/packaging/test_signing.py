"""E14: what is not exactly what the author signed is refused, offline."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from capability_sdk.contracts.errors import InvalidInput
from capability_sdk.packaging import archive, builder, signing
from capability_sdk.packaging.digests import digests_of
from capability_sdk.packaging.errors import SignatureInvalid
from tests.unit.capability_sdk.packaging import forge


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "author.pem"
    signing.generate_key(path)
    return path


@pytest.fixture
def package(tmp_path: Path, key: Path) -> Path:
    project = forge.project(tmp_path / "project")
    built = builder.build_package(project, tmp_path / "p.tar.gz", signing_key=key)
    archive.unpack(built.path, tmp_path / "package")
    return tmp_path / "package"


def _swap(package: Path) -> None:
    (package / "README.md").write_bytes(b"# Other\n")


def _swap_weights(package: Path) -> None:
    model = package / "model/model.onnx"
    model.write_bytes(model.read_bytes() + b"\0")


def _exchange(package: Path) -> None:
    one, two = package / "README.md", package / "capability.toml"
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


def _swap_payload(package: Path) -> None:
    path = package / "package.sig"
    bundle = json.loads(path.read_text())
    payload = bundle["dsseEnvelope"]["payload"]
    bundle["dsseEnvelope"]["payload"] = payload[:-8] + "AAAAAAA="
    path.write_text(json.dumps(bundle))


def _no_signatures(package: Path) -> None:
    path = package / "package.sig"
    bundle = json.loads(path.read_text())
    bundle["dsseEnvelope"]["signatures"] = []
    path.write_text(json.dumps(bundle))


def _zero_signature(package: Path) -> None:
    path = package / "package.sig"
    bundle = json.loads(path.read_text())
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = "MAYCAQACAQA="
    path.write_text(json.dumps(bundle))


def _git_folder(package: Path) -> None:
    (package / ".git").mkdir()
    (package / ".git/x").write_bytes(b"*")


def _link(package: Path) -> None:
    readme = package / "README.md"
    readme.rename(package.parent / "elsewhere.md")
    readme.symlink_to(package.parent / "elsewhere.md")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "E14-signature-missing": lambda p: (p / "package.sig").unlink(),
    "E14-signature-empty": lambda p: (p / "package.sig").write_bytes(b""),
    "E14-signature-not-json": lambda p: (p / "package.sig").write_bytes(b"{"),
    "E14-signature-without-members": lambda p: (p / "package.sig").write_bytes(b"{}"),
    "E14-payload-swapped": _swap_payload,
    "E14-signatures-stripped": _no_signatures,
    "E14-signature-of-zeros": _zero_signature,
    "E14-file-swapped": _swap,
    "E14-weights-swapped": _swap_weights,
    "E14-files-exchanged": _exchange,
    "E14-file-extra": lambda p: (p / "samples/two.json").write_bytes(b"{}"),
    "E14-hidden-file-extra": lambda p: (p / ".hidden").write_bytes(b"{}"),
    "E14-gitignore-extra": lambda p: (p / ".gitignore").write_bytes(b"*"),
    "E14-git-folder-extra": _git_folder,
    "E14-file-missing": lambda p: (p / "samples/one.json").unlink(),
    "E14-file-renamed": lambda p: (p / "samples/one.json").rename(p / "samples/two.json"),
    "E14-file-is-a-link": _link,
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_package_that_was_touched_is_refused(case: str, package: Path, key: Path) -> None:
    signing.verify(package, signing.public_key_pem(key))
    DAMAGE[case](package)

    with pytest.raises(SignatureInvalid):
        signing.verify(package, signing.public_key_pem(key))


def test_e14_another_key_is_refused(package: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    signing.generate_key(other)

    with pytest.raises(SignatureInvalid):
        signing.verify(package, signing.public_key_pem(other))


def test_the_signer_is_found_among_known_keys(package: Path, key: Path, tmp_path: Path) -> None:
    signing.generate_key(tmp_path / "other.pem")
    other, own = signing.public_key_pem(tmp_path / "other.pem"), signing.public_key_pem(key)

    assert signing.find_signer(package, [other, own]) == own
    with pytest.raises(SignatureInvalid):
        signing.find_signer(package, [other])


def test_e14_a_signature_that_leaves_files_out_is_refused(package: Path, key: Path) -> None:
    from model_signing import hashing  # noqa: PLC0415 - what an author could do by hand
    from model_signing import signing as library  # noqa: PLC0415 - as above

    paths = ["package.sig", "model"]
    config = hashing.Config()  # type: ignore[no-untyped-call]  # the library is partly typed
    config.set_ignored_paths(paths=paths, ignore_git_paths=False)
    by_hand = library.Config()  # type: ignore[no-untyped-call]  # as above
    by_hand.set_hashing_config(config).use_elliptic_key_signer(private_key=key)
    by_hand.sign(package, package / "package.sig")

    with pytest.raises(SignatureInvalid, match="leaves files"):
        signing.verify(package, signing.public_key_pem(key))


def test_a_key_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "new" / "key.pem"
    signing.generate_key(path)

    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        signing.generate_key(path)


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PUBLIC KEY-----\nAA==\n"])
def test_what_is_no_public_key_is_named(text: str, package: Path) -> None:
    with pytest.raises(InvalidInput):
        signing.verify(package, text)


@pytest.fixture
def verify_command(package: Path, key: Path, tmp_path: Path) -> list[str]:
    public = tmp_path / "author.pub"
    public.write_text(signing.public_key_pem(key))
    digests = digests_of(package)
    return [
        *(sys.executable, "-m", "capability_sdk.packaging.verify"),
        *("--package", str(package), "--public-key", str(public)),
        *("--package-digest", digests.package),
        *("--code-digest", digests.code, "--weights-digest", digests.weights),
    ]


def _run(command: list[str]) -> tuple[int, dict[str, object]]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


def test_the_command_verifies_a_good_package(verify_command: list[str]) -> None:
    assert _run(verify_command) == (0, {"verified": True})


@pytest.mark.parametrize("digest", ["--package-digest", "--code-digest", "--weights-digest"])
def test_the_command_refuses_another_digest(verify_command: list[str], digest: str) -> None:
    verify_command[verify_command.index(digest) + 1] = f"sha256:{'0' * 64}"

    code, said = _run(verify_command)

    assert code == 1
    assert said["verified"] is False
    assert said["code"] == "signature-invalid"


def test_the_command_refuses_a_damaged_package(verify_command: list[str], package: Path) -> None:
    (package / "package.sig").unlink()

    code, said = _run(verify_command)

    assert (code, said["code"]) == (1, "signature-invalid")
