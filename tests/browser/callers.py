"""Systems that call a province's gateway with a stock client of the Open Inference Protocol."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice

import httpx
import numpy as np
import tritonclient.http as oip
from numpy.typing import NDArray

from deploy.embedded.demo import DemoRecord
from deploy.embedded.platform import read_status
from deploy.showcase.digits import CAPABILITY, load_images
from tests.browser.platform import Demo


@dataclass(frozen=True)
class Caller:
    """One system of a province; it sends real images, one a call, and asks for no version."""

    client: oip.InferenceServerClient
    token: str
    images: Iterator[NDArray[np.float32]]

    def calls(self, number: int) -> dict[str, int]:
        """Call so often, each of which must be answered; returns how often each version did."""
        return dict(Counter(self._call(image) for image in islice(self.images, number)))

    def _call(self, image: NDArray[np.float32]) -> str:
        tensor = oip.InferInput("image", [1, *image.shape], "FP32")
        tensor.set_data_from_numpy(image[np.newaxis])
        # A dictionary of its own for each call: the client writes headers into it.
        answer = self.client.infer(
            CAPABILITY, [tensor], headers={"authorization": f"Bearer {self.token}"}
        )
        version: str = answer.get_response()["model_version"]
        return version


@contextmanager
def caller(demo: Demo, province: str) -> Iterator[Caller]:
    """Sign the demo's application of a province in at its gateway."""
    record = DemoRecord.load(demo.data)
    application = next(one for one in record.applications if one.province == province)
    status = read_status(demo.data)
    gateway = next(one.gateway_url for one in status.provinces if one.name == province)
    answer = httpx.post(
        f"{gateway}/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(application.client_id, application.client_secret),
    )
    images = load_images(demo.data / "showcase" / "held_back.json").pixels
    client = oip.InferenceServerClient(gateway.removeprefix("http://"))
    try:
        yield Caller(client, answer.raise_for_status().json()["access_token"], cycle(images))
    finally:
        client.close()
