"""Old signed states come back: replayed on the line, or put back on a province's disk."""

import base64
import contextlib
import json
import socket
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import httpx

from edge_gateway.state import STATE_FILE
from tests.campaigns.callers import Caller
from tests.campaigns.country import Country, ProvinceEdge
from tests.campaigns.harness import Run
from tests.campaigns.key_rotation.replay import running_replay
from tests.waiting import eventually

_SECONDS = 60.0
_REPLAYS = 3


def read_state(edge: ProvinceEdge) -> bytes:
    """Return the signed state that stands on a province's disk."""
    return (edge.folder / STATE_FILE).read_bytes()


def keys_of(edge: ProvinceEdge) -> set[str]:
    """Name the token keys of the state on a province's disk."""
    return {key["kid"] for key in _part(read_state(edge).decode(), 1)["token_keys"]["keys"]}


def kid_of(token: str) -> str:
    """Name the key that a token says it is signed with."""
    return str(_part(token, 0)["kid"])


def _part(signed: str, number: int) -> dict[str, Any]:
    text = signed.split(".")[number]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def replay(run: Run, country: Country, before: Mapping[str, bytes]) -> None:
    """Answer the agents with states from before: they keep what they have, and raise an alarm."""
    for name, edge in country.provinces.items():
        present = read_state(edge)
        with running_replay(before[name]) as center:
            edge.link.redirect(center.port)
            eventually(partial(center.has_served, _REPLAYS), _SECONDS)
            status = _status(edge)
            run.expect(read_state(edge) == present, f"{name}: an old state was taken over")
            run.expect(bool(status["state_refusal"]), f"{name}: no alarm about an old state")
            run.note("replayed", province=name, refusal=status["state_refusal"])
            edge.link.redirect(country.center.port)


def put_back(
    run: Run, country: Country, before: Mapping[str, bytes], callers: Sequence[Caller]
) -> None:
    """Put old files onto disks of provinces that are cut off and stopped, and start them again."""
    for name, edge in country.provinces.items():
        edge.link.cut()
        edge.stop()
        (edge.folder / STATE_FILE).write_bytes(before[name])
        edge.start()
        edge.await_ready()
    began = time.monotonic()
    time.sleep(1.5)
    eventually(lambda: not any(caller.unheard(began) for caller in callers), _SECONDS)
    for caller in callers:
        heard = caller.causes_since(began)
        run.expect(heard == {"no-state"}, f"{caller.name}: heard {heard} from a gateway put back")
        served = max(caller.accepted_since(began).values())
        run.expect(served == 0.0, f"{caller.name}: served from a state that was put back")
    if run.findings.violations:
        return
    for name, edge in country.provinces.items():
        refusal = _refusal(edge)
        run.expect("put back" in refusal, f"{name}: no alarm about a file put back: {refusal}")
        edge.link.mend()
    mended = time.monotonic()
    while any(c.unserved(mended) for c in callers) and time.monotonic() < mended + _SECONDS:
        time.sleep(0.05)
    missing = [lane for caller in callers for lane in caller.unserved(mended)]
    run.expect(not missing, f"{missing} do not serve again from the center's own state")
    run.report(seconds_to_serve_after_a_file_was_put_back=round(time.monotonic() - mended, 2))


def _refusal(edge: ProvinceEdge) -> str:
    """Wait for what an agent that was just started says of the state that it found."""
    with contextlib.suppress(AssertionError):
        eventually(lambda: _status(edge).get("state_refusal"), _SECONDS)
    return str(_status(edge).get("state_refusal"))


def _status(edge: ProvinceEdge) -> dict[str, Any]:
    path = str(edge.folder / "agent.sock")
    # The agent may be starting anew; httpx would leave the refused socket open.
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(path) != 0:
            return {}
    transport = httpx.HTTPTransport(uds=path)
    secret = (edge.folder / "internal.token").read_text()
    headers = {"authorization": f"Bearer {secret}"}
    try:
        with httpx.Client(transport=transport, base_url="http://agent", headers=headers) as http:
            status: dict[str, Any] = http.get("/v1/status").json()
    except httpx.HTTPError:
        return {}
    return status
