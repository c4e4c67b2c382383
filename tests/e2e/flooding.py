"""A caller that minds no limit, and what the center's alarm says of it."""

from collections import Counter
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import tritonclient.http as oip
from numpy.typing import NDArray
from tritonclient.utils import InferenceServerException

from tests.e2e.harness import eventually
from tests.e2e.platform import (
    NAME,
    Application,
    Platform,
    center_client,
    gateway,
    metadata_or_none,
)


def flood(
    platform: Platform,
    province: str,
    application: Application,
    row: NDArray[np.float32],
    refused: int,
) -> Counter[str]:
    """Call until so many calls were turned away; return how often the caller saw each status."""
    with gateway(platform, province, application) as caller:
        eventually("the flooding application", lambda: metadata_or_none(caller))
        token = caller.token()
    with closing(oip.InferenceServerClient(urlsplit(platform.gateways[province]).netloc)) as client:
        return _call_on(client, token, row, refused)


def _call_on(
    client: oip.InferenceServerClient, token: str, row: NDArray[np.float32], refused: int
) -> Counter[str]:
    tensor = oip.InferInput("image", list(row.shape), "FP32")
    tensor.set_data_from_numpy(row)
    seen: Counter[str] = Counter()
    while seen["429"] < refused:
        try:
            client.infer(NAME, [tensor], headers={"authorization": f"Bearer {token}"})
            seen["200"] += 1
        except InferenceServerException as refusal:
            seen[refusal.status()] += 1
    return seen


def source_in_alarm(
    platform: Platform, province: str, application: Application, calls: int
) -> dict[str, Any]:
    """Wait until the flood's alarm names an application with so many calls."""

    def look() -> dict[str, Any] | None:
        with center_client(platform.admin) as center:
            alarms = center.get("/alarms", rule="flood", province=province)["items"]
        found = [source for alarm in alarms for source in alarm["evidence"]["sources"]]
        mine = (source for source in found if source["application"] == application.client_id)
        return next((source for source in mine if source["calls"] >= calls), None)

    return eventually("the alarm with every call of the flood", look)
