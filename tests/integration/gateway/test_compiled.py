"""The gateway as machine code and as plain Python: which of both runs, and that both answer alike."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from edge_gateway.compilation import lack
from edge_gateway.compiled import OFF, ROOT, folder
from tests.gateway_province import (
    INTERNAL_TOKEN,
    Gateway,
    Province,
    bearer,
    infer,
    running_gateway,
)
from tests.servers.process import refuse_or_skip


@pytest.fixture
def plain(province: Province) -> Iterator[Gateway]:
    with running_gateway(province, environment={OFF: "1"}) as gateway:
        yield gateway


def metrics_of(gateway: Gateway) -> str:
    return httpx.get(f"{gateway.url}/metrics", headers=bearer(INTERNAL_TOKEN)).text


def test_calls_pass_through_machine_code_where_there_is_a_compiler(gateway: Gateway) -> None:
    is_compiled = folder().is_dir()
    if not is_compiled and not lack():
        refuse_or_skip("the compiled gateway", "make .venv/.compiled")

    assert f"gateway_compiled {float(is_compiled)}" in metrics_of(gateway)
    form = "compiled" if is_compiled else "plain Python"
    assert f"gateway ({form}) listens on port" in gateway.log.read_text()


def test_in_plain_python_the_gateway_serves_as_well(plain: Gateway) -> None:
    with httpx.Client(base_url=plain.url) as client:
        answer = infer(client, plain.province.token())

    assert answer.status_code == 200
    assert "gateway_compiled 0.0" in metrics_of(plain)
    assert "gateway (plain Python) listens on port" in plain.log.read_text()


def test_what_was_compiled_from_other_sources_is_not_found(tmp_path: Path) -> None:
    for package in ("edge_gateway", "capability_sdk"):
        shutil.copytree(ROOT / package, tmp_path / package)
    show = [sys.executable, "-c", "from edge_gateway.compiled import folder; print(folder())"]

    before = subprocess.check_output(show, cwd=tmp_path, text=True).strip()
    with (tmp_path / "capability_sdk" / "contracts" / "tokens.py").open("a") as source:
        source.write("MAX_TOKEN_BYTES = 1\n")
    after = subprocess.check_output(show, cwd=tmp_path, text=True).strip()

    assert before == str(folder())
    assert after != before
