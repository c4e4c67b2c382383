"""Serves a package that conversion made, and calls it as anybody would."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import tritonclient.http as oip

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.packaging.samples import Sample, difference
from tests.unit.capability_sdk.serving.harness import load, running


def wrong_samples(folder: Path, journal: Path) -> dict[str, str]:
    """Call a served package with its own samples; return what was answered wrongly, by file."""
    name = Manifest.from_toml((folder / "capability.toml").read_text()).name
    wrong = {}
    with running(load(folder), journal) as runtime, httpx.Client(base_url=runtime.url) as http:
        for path in sorted((folder / "samples").glob("*.json")):
            sample = Sample.model_validate_json(path.read_bytes())
            request = json.loads(path.read_text())["request"]
            answer = http.post(f"/v2/models/{name}/infer", json=request)
            assert answer.status_code == 200, answer.text
            outputs = {item["name"]: item["data"] for item in answer.json()["outputs"]}
            if away := difference(sample, outputs):
                wrong[path.name] = away
    return wrong


def call(folder: Path, journal: Path, tensors: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Call a served package with a stock client, arrays by the names of its inputs."""
    manifest = Manifest.from_toml((folder / "capability.toml").read_text())
    with running(load(folder), journal) as runtime:
        client = oip.InferenceServerClient(f"{runtime.host}:{runtime.port}")
        inputs = []
        for spec in manifest.inputs:
            values = np.asarray(tensors[spec.name]).reshape(-1, *spec.shape)
            tensor = oip.InferInput(spec.name, list(values.shape), spec.datatype.value)
            tensor.set_data_from_numpy(values)
            inputs.append(tensor)
        answer = client.infer(manifest.name, inputs)
        client.close()
        return {spec.name: answer.as_numpy(spec.name) for spec in manifest.outputs}
