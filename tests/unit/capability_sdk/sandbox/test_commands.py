"""What a hostile program can do in the sandbox: nothing that lasts, nothing that leaves."""

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from capability_sdk.sandbox import SandboxResult, confine, has_sandbox, run_confined

pytestmark = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not installed: make servers"
)


def _run(code: str, *read_only: Path, timeout: float = 30.0, cpu: int = 20) -> SandboxResult:
    confined = confine(
        [sys.executable, "-c", code], read_only=read_only, memory_bytes=64 << 20, cpu_seconds=cpu
    )
    assert confined.in_sandbox
    return run_confined(confined, timeout)


def test_this_python_and_its_libraries_work_wherever_they_live() -> None:
    result = _run("import onnxruntime, capability_sdk.serving.engines; print('works')")

    assert result.stdout == b"works\n", result.stderr
    assert (result.exit_code, result.timed_out) == (0, False)


def test_it_calls_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        result = _run(f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)")

        assert result.exit_code == 1
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_it_writes_nowhere_that_lasts(tmp_path: Path) -> None:
    folder = tmp_path / "package"
    folder.mkdir()
    code = f"""
import pathlib
for place in ({str(folder)!r}, "/", "/usr", "/etc", "/dev", {str(Path(__file__).parent)!r}):
    try:
        pathlib.Path(place, "canary").write_text("x")
        print("wrote", place)
    except OSError:
        pass
"""
    result = _run(code, folder)

    assert (result.exit_code, result.stdout) == (0, b""), result.stderr
    assert list(folder.iterdir()) == []


def test_it_sees_no_foreign_file_no_secret_and_no_process(tmp_path: Path) -> None:
    secret = tmp_path / "secret.pem"
    secret.write_text("key")
    code = f"""
import os, pathlib
print(pathlib.Path({str(secret)!r}).exists(), pathlib.Path("/etc/shadow").exists())
print(sorted(n for n in os.listdir("/proc") if n.isdigit())[-1:] < ["5"], len(os.environ) < 12)
"""
    assert _run(code).stdout.split() == [b"False", b"False", b"True", b"True"]


def test_a_memory_bomb_ends() -> None:
    result = _run("x = []\nwhile True: x.append(bytearray(16 << 20))")

    assert result.exit_code == 1
    assert b"MemoryError" in result.stderr


def test_files_in_its_memory_are_bounded_too() -> None:
    code = "import itertools\nfor n in itertools.count(): open(f'/tmp/{n}', 'wb').write(bytes(8 << 20))"

    result = _run(code)

    assert result.exit_code == 1
    assert b"No space left" in result.stderr


def test_it_ends_when_it_never_answers() -> None:
    assert _run("import time; time.sleep(600)", timeout=1.0).timed_out


def test_it_ends_when_it_only_counts() -> None:
    result = _run("while True: pass", cpu=1)

    assert result.exit_code != 0
    assert not result.timed_out


def test_its_children_end_with_it(tmp_path: Path) -> None:
    mark = f"600.{tmp_path.name.__hash__() % 10**9}"
    child = f"import subprocess; subprocess.Popen(['sleep', '{mark}'], start_new_session=True)"
    assert _run(child).exit_code == 0

    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert mark not in listed.stdout


def test_what_it_says_is_bounded() -> None:
    result = _run("import sys\nwhile True: sys.stdout.write('x' * 65536)")

    assert result.exit_code != 0
    assert len(result.stdout) <= 1 << 20


def test_a_sandbox_is_here() -> None:
    assert has_sandbox()
