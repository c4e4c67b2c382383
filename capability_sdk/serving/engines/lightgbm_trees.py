"""The text of a LightGBM model, held to what its C++ code takes for granted.

`lightgbm` reads children, features and categories by the numbers in the file. A number that leads out
of an array, or in a circle, would have it read foreign memory, or never end.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capability_sdk.serving.engines.tree_links import Broken, check_links, check_range

_OFFSETS = re.compile(r"^tree_sizes=.*\n", re.MULTILINE)
_END = "end of trees"
_CATEGORICAL = 1
_MAX_CLASSES = 10_000


def bare_model(text: str) -> str:
    """Leave only the head and the trees.

    Without the trees' lengths, by which the library would jump without looking; without what follows
    the trees, such as the parameters of the training, which name files.
    """
    return _OFFSETS.sub("", text.partition(_END)[0]) + _END + "\n"


def check_trees(text: str, name: str) -> None:
    """Check a model's text.

    Raises:
        UnusablePackage: A tree's numbers do not fit together; the text names the tree.
    """
    head, *trees = _blocks(text)
    with Broken.naming(name, "LightGBM"):
        features = int(head["max_feature_idx"]) + 1
        check_range(
            "num_tree_per_iteration", [int(head["num_tree_per_iteration"])], 1, _MAX_CLASSES
        )
        check_range("num_class", [int(head["num_class"])], 1, _MAX_CLASSES)
        if len(trees) % int(head["num_tree_per_iteration"]):
            raise Broken("the last iteration lacks trees")
        if len(head["feature_names"].split()) != features:
            raise Broken("max_feature_idx is not that of the last feature")
    for number, tree in enumerate(trees):
        with Broken.naming(f"{name}, tree {number}", "LightGBM"):
            _check_tree(tree, features)


def _blocks(text: str) -> Iterator[Mapping[str, str]]:
    """Yield the fields of the head, then of each tree."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith(("Tree=", _END)):
            yield fields
            fields = {}
        if line.startswith(_END):
            return
        key, _, value = line.partition("=")
        fields[key] = value
    yield fields


def _check_tree(tree: Mapping[str, str], features: int) -> None:
    leaves = int(tree["num_leaves"])
    check_range("num_leaves", [leaves], 1, 1 << 24)
    inner = leaves - 1
    _expect(tree, "leaf_value", leaves, float)
    if inner:
        _check_links(tree, inner, leaves)
        check_range("split_feature", _expect(tree, "split_feature", inner, int), 0, features)
        _check_categories(tree, inner)
    if int(tree.get("is_linear", "0")):
        _check_linear(tree, leaves, features)


def _check_links(tree: Mapping[str, str], inner: int, leaves: int) -> None:
    pair = [_expect(tree, "left_child", inner, int), _expect(tree, "right_child", inner, int)]
    children = np.concatenate(pair)
    is_leaf = children < 0
    check_links(children[~is_leaf], inner)
    check_range("a leaf", ~children[is_leaf], 0, leaves)


def _check_categories(tree: Mapping[str, str], inner: int) -> None:
    kinds = _expect(tree, "decision_type", inner, int)
    thresholds = _expect(tree, "threshold", inner, float)
    count = int(tree["num_cat"])
    check_range("num_cat", [count], 0, inner + 1)
    chosen = thresholds[(kinds & _CATEGORICAL) > 0]
    check_range("threshold", chosen.astype(np.int64), 0, count)
    if count:
        bounds = _expect(tree, "cat_boundaries", count + 1, int)
        words = len(tree["cat_threshold"].split())
        check_range("cat_boundaries", bounds, 0, words + 1)
        if bounds[0] != 0 or (np.diff(bounds) < 0).any():
            raise Broken("cat_boundaries do not rise")


def _check_linear(tree: Mapping[str, str], leaves: int, features: int) -> None:
    counts = _expect(tree, "num_features", leaves, int)
    total = int(counts.sum())
    check_range("num_features", counts, 0, features + 1)
    check_range("leaf_features", _expect(tree, "leaf_features", total, int), 0, features)
    _expect(tree, "leaf_coeff", total, float)
    _expect(tree, "leaf_const", leaves, float)


def _expect(
    tree: Mapping[str, str], field: str, count: int, kind: type[int] | type[float]
) -> NDArray[Any]:
    values = tree[field].split()
    if len(values) != count:
        raise Broken(f"{field} has {len(values)} values, not {count}")
    return np.array(values, np.int64 if kind is int else np.float64)
