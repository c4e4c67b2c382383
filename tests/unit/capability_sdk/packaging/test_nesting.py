"""Depth of JSON, found wherever the borders of the chunks lie."""

import json

import pytest

from capability_sdk.packaging.nesting import MAX_DEPTH, Nesting


def fed(text: bytes, size: int) -> Nesting:
    nesting = Nesting()
    for start in range(0, len(text), size):
        nesting.feed(text[start : start + size])
    return nesting


TRICKY = json.dumps(
    {'"[': ["]]]\\", "\\\\", {"a{": '\\"}}', "b": [[], {}, [{"c": "[" * 200}]]}], "d": [1] * 50}
).encode()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1 << 16])
def test_brackets_in_texts_do_not_count(size: int) -> None:
    nesting = fed(TRICKY, size)

    assert not nesting.is_too_deep
    assert not nesting.is_open


@pytest.mark.parametrize("size", [1, 5, 1 << 16])
def test_a_text_that_ends_early_is_open(size: int) -> None:
    assert all(fed(TRICKY[:end], size).is_open for end in range(1, len(TRICKY)))


@pytest.mark.parametrize("size", [1, 5, 1 << 16])
def test_what_nests_deeper_than_the_limit_is_found(size: int) -> None:
    allowed, deeper = MAX_DEPTH, 2 * MAX_DEPTH + 1

    assert not fed(b"[" * allowed + b"]" * allowed, size).is_too_deep
    assert fed(b"[" * deeper + b"]" * deeper, size).is_too_deep
    assert fed(b'{"a":[' * deeper, size).is_too_deep
    assert fed(b"[]]", size).is_too_deep
