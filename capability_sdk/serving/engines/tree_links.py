"""What every tree of a model must be: numbers in range, children that make a tree."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from capability_sdk.serving.errors import UnusablePackage


class Broken(Exception):
    """A tree's numbers do not fit together."""

    @classmethod
    @contextmanager
    def naming(cls, place: str, library: str) -> Iterator[None]:
        """Turn a break, or a field that is missing or of another type, into the package's refusal.

        Raises:
            UnusablePackage: Names the place and what is wrong.
        """
        try:
            yield
        except (Broken, LookupError, ValueError, TypeError, OverflowError, AttributeError) as error:
            reason = (
                error if isinstance(error, Broken) else f"a field is not what it must be ({error})"
            )
            raise UnusablePackage(
                f"{place}: {reason}; write the model anew with {library}'s own save."
            ) from error


def check_range(field: str, numbers: ArrayLike, low: int, end: int) -> None:
    """Check that integers lie in ``[low, end)``."""
    array = np.asarray(numbers)
    if not array.size:
        return
    if array.dtype.kind not in "iu":
        raise Broken(f"{field} holds what is no integer")
    if array.min() < low or array.max() >= end:
        raise Broken(f"{field} leads out of the model")


def check_links(children: NDArray[np.integer], nodes: int) -> None:
    """Check that every node but the root, number 0, is the child of at most one: so no circle.

    Args:
        children: The children of all inner nodes.
        nodes: How many nodes there are.
    """
    check_range("a child", children, 1, nodes)
    if len(np.unique(children)) != len(children):
        raise Broken("a node is the child of two")


def integers(node: Mapping[str, Any], field: str, count: int | None = None) -> NDArray[np.int64]:
    """Return a list of integers, of a length if one is given.

    Raises:
        Broken: It is none.
    """
    array = np.asarray(node[field])
    if array.size == 0:
        array = np.zeros(0, np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iub":
        raise Broken(f"{field} holds what is no integer")
    if count is not None and len(array) != count:
        raise Broken(f"{field} has {len(array)} values, not {count}")
    return array.astype(np.int64)


def floats(node: Mapping[str, Any], field: str, count: int) -> list[float]:
    """Return a list of numbers of single precision, in their shortest form.

    Raises:
        Broken: It is none, or of another length.
    """
    array = np.asarray(node[field])
    if array.ndim != 1 or len(array) != count or array.dtype.kind not in "iuf":
        raise Broken(f"{field} is no list of {count} numbers")
    with np.errstate(over="ignore"):
        return [float(text) for text in array.astype(np.float32).astype(np.str_).tolist()]
