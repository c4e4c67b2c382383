"""tritonclient in all its forms sees no difference between our server and a real tritonserver."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tests.conformance.calls import CALLS
from tests.conformance.clients import FORMS, Addresses, connected, refused_or

Seen = Mapping[tuple[str, str], Any]


async def _see(addresses: Addresses) -> Seen:
    seen = {}
    for form in FORMS:
        async with connected(form, addresses) as client:
            for name, make in CALLS.items():
                seen[form, name] = await refused_or(make(client))
    return seen


@pytest.fixture(scope="module")
def seen_at_ours(ours: Addresses) -> Seen:
    return asyncio.run(_see(ours))


@pytest.fixture(scope="module")
def seen_at_triton(triton: Addresses) -> Seen:
    return asyncio.run(_see(triton))


_DIFFERENT: Mapping[tuple[str, str], str] = {
    **{
        (form, "infer-FP16"): "Triton takes no FP16 in JSON; we take numbers, as the text allows"
        for form in ("http-json", "http-aio-json")
    },
    **{
        (
            form,
            f"infer-{kind}-not-finite",
        ): "Triton reads the words NaN and Infinity, which no JSON has"
        for form in ("http-json", "http-aio-json")
        for kind in ("FP32", "FP64")
    },
    **{
        (form, call): "Triton blames itself (500) for data that do not fit their shape"
        for form in ("http-json", "http-aio-json")
        for call in ("refuse-data-that-is-too-short", "refuse-data-that-is-too-long")
    },
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("call", CALLS)
def test_a_stock_client_sees_what_it_sees_at_triton(
    form: str, call: str, seen_at_ours: Seen, seen_at_triton: Seen
) -> None:
    if (form, call) in _DIFFERENT:
        assert seen_at_ours[form, call] != seen_at_triton[form, call], "no exception any more"
    else:
        assert seen_at_ours[form, call] == seen_at_triton[form, call]


def test_what_is_asked_rightly_is_answered_and_what_is_asked_wrongly_refused(
    seen_at_ours: Seen,
) -> None:
    for (form, call), seen in seen_at_ours.items():
        is_refused = "refused" in seen if isinstance(seen, dict) else False
        has_no_json = form.endswith("json") and call.endswith("not-finite")
        assert is_refused == (_is_wrong(call) or has_no_json), (form, call, seen)


def _is_wrong(call: str) -> bool:
    return call.startswith("refuse-") or (call.startswith("model-metadata-") and "unknown" in call)
