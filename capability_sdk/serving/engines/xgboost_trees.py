"""The trees of an XGBoost model, held to what its C++ code takes for granted.

`xgboost` reads children, features and categories by the numbers in the file. A number that leads out
of an array, or in a circle, has it read foreign memory, at loading or later, or never end.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capability_sdk.serving.engines.tree_links import (
    Broken,
    check_links,
    check_range,
    floats,
    integers,
)

_NO_CHILD = -1
_NO_PARENT = 2**31 - 1
_MAX_CATEGORY = 1 << 20
_PER_NODE = ("base_weights", "loss_changes", "split_conditions", "sum_hessian")


def clean_forest(forest: Mapping[str, Any], features: int, groups: int) -> dict[str, Any]:
    """Return the trees of a model with nothing but what was checked.

    Raises:
        Broken: Names the tree and what does not fit.
    """
    trees = list(forest["trees"])
    owners = integers(forest, "tree_info", len(trees))
    check_range("tree_info", owners, 0, groups)
    parallel = int(forest["gbtree_model_param"]["num_parallel_tree"])
    check_range("num_parallel_tree", [parallel], 0, len(trees) + 1)
    clean: dict[str, Any] = {
        # Of categories' names only the training needs to know.
        "cats": {"enc": [], "feature_segments": [], "sorted_idx": []},
        "gbtree_model_param": {"num_parallel_tree": str(parallel), "num_trees": str(len(trees))},
        "tree_info": owners.tolist(),
        "trees": [_named_tree(number, tree, features) for number, tree in enumerate(trees)],
    }
    if "iteration_indptr" in forest:
        rounds = integers(forest, "iteration_indptr")
        if rounds[0] != 0 or rounds[-1] != len(trees) or (np.diff(rounds) < 0).any():
            raise Broken("iteration_indptr does not lead through the trees")
        clean["iteration_indptr"] = rounds.tolist()
    return clean


def _named_tree(number: int, tree: Mapping[str, Any], features: int) -> dict[str, Any]:
    try:
        return _tree(number, tree, features)
    except Broken as error:
        raise Broken(f"tree {number}: {error}") from error


def _tree(number: int, tree: Mapping[str, Any], features: int) -> dict[str, Any]:
    left = integers(tree, "left_children")
    nodes = len(left)
    right = integers(tree, "right_children", nodes)
    inner = np.flatnonzero(left != _NO_CHILD)
    if nodes == 0 or not np.array_equal(inner, np.flatnonzero(right != _NO_CHILD)):
        raise Broken("it has no node, or a node with one child (or a vector in each leaf)")
    check_links(np.concatenate([left[inner], right[inner]]), nodes)
    split = integers(tree, "split_indices", nodes)
    check_range("split_indices", split[inner], 0, features)
    parents = np.full(nodes, _NO_PARENT)
    parents[left[inner]] = parents[right[inner]] = inner
    default_left = integers(tree, "default_left", nodes)
    check_range("default_left", default_left, 0, 2)
    return {
        **{field: floats(tree, field, nodes) for field in _PER_NODE},
        **_categories(tree, inner),
        "id": number,
        "default_left": default_left.tolist(),
        "left_children": left.tolist(),
        "right_children": right.tolist(),
        "parents": parents.tolist(),
        "split_indices": split.clip(0, _NO_PARENT).tolist(),
        "tree_param": {
            "num_deleted": str(int((split == _NO_PARENT).sum())),
            "num_feature": str(features),
            "num_nodes": str(nodes),
            "size_leaf_vector": "1",
        },
    }


def _categories(tree: Mapping[str, Any], inner: NDArray[np.intp]) -> dict[str, list[int]]:
    kinds = integers(tree, "split_type", len(tree["left_children"]))
    check_range("split_type", kinds, 0, 2)
    owners = integers(tree, "categories_nodes")
    if not np.array_equal(owners, inner[kinds[inner] == 1]) or kinds.sum() != len(owners):
        raise Broken("its categorical splits are not those that have categories")
    categories = integers(tree, "categories")
    starts = integers(tree, "categories_segments", len(owners))
    sizes = integers(tree, "categories_sizes", len(owners))
    check_range("categories", categories, 0, _MAX_CATEGORY)
    check_range("categories_segments", starts, 0, len(categories) + 1)
    check_range("categories_sizes", sizes, 1, len(categories) + 1)
    check_range("the end of categories", starts + sizes, 0, len(categories) + 1)
    return {
        "split_type": kinds.tolist(),
        "categories_nodes": owners.tolist(),
        "categories": categories.tolist(),
        "categories_segments": starts.tolist(),
        "categories_sizes": sizes.tolist(),
    }
