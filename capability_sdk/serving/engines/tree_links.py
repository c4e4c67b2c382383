"""What every tree of a model must be: numbers in range, children that make a tree."""

from collections.abc import Iterator
from contextlib import contextmanager

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
        except (Broken, KeyError, ValueError, TypeError, OverflowError, IndexError) as error:
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
