"""Before a candidate is measured it proves what it is measured for: policy and right answers."""

import json
import math

import httpx

from tests.bench.anchor import Anchor

_OK, _UNAUTHORISED = 200, 401
_SIGNATURE_AT = -20
_TOLERANCE = 1e-5


def prove_policy(url: str, path: str, body: str, token: str) -> str:
    """Call with a good, a tampered and no token; return the good call's answer.

    Raises:
        SystemExit: The candidate does not hold the policy.
    """
    at = token[_SIGNATURE_AT]
    tampered = f"{token[:_SIGNATURE_AT]}{'A' if at != 'A' else 'B'}{token[_SIGNATURE_AT + 1 :]}"
    with httpx.Client(base_url=url, headers={"content-type": "application/json"}) as client:
        good = client.post(path, content=body, headers=_bearer(token))
        found = [
            good.status_code,
            client.post(path, content=body, headers=_bearer(tampered)).status_code,
            client.post(path, content=body).status_code,
        ]
    if found != [_OK, _UNAUTHORISED, _UNAUTHORISED]:
        raise SystemExit(f"{url} does not hold the policy: {found} instead of [200, 401, 401]")
    return good.text


def prove_model(answer: str, anchor: Anchor) -> str:
    """Check that an answer is the anchor model's; return it.

    Raises:
        SystemExit: It is not.
    """
    outputs = {item["name"]: item["data"] for item in json.loads(answer)["outputs"]}
    score = outputs["probabilities"][1]
    if outputs["label"] != [anchor.label] or not math.isclose(
        score, anchor.score, abs_tol=_TOLERANCE
    ):
        raise SystemExit(f"wrong answer: {answer}")
    return answer


def ask(url: str, path: str, body: str) -> str:
    """Call without a token; return the answer.

    Raises:
        httpx.HTTPStatusError: It is not 200.
    """
    headers = {"content-type": "application/json"}
    answer = httpx.post(url + path, content=body, headers=headers)
    return answer.raise_for_status().text


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
