"""The trees of an XGBoost model, held to what its C++ code takes for granted.

`xgboost` reads children, features and categories by the numbers in the file. A number that leads out
of an array, or in a circle, would have it read foreign memory, or never end.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from capability_sdk.serving.engines.tree_links import Broken, check_links, check_range

_ROOT_PARENT = -1
_MAX_CATEGORY = 1 << 20
_CATEGORICAL = 1


def check_trees(model: Mapping[str, Any], name: str) -> None:
    """Check a model that `xgboost` wrote as JSON.

    Raises:
        UnusablePackage: A tree's numbers do not fit together; the text names the tree.
    """
    learner = model["learner"]
    features = int(learner["learner_model_param"]["num_feature"])
    booster = learner["gradient_booster"]
    if booster["name"] == "gblinear":
        return  # the library itself checks that the weights are as many as the features
    forest = booster.get("gbtree", booster)["model"]
    with Broken.naming(name, "XGBoost"):
        groups = max(int(learner["learner_model_param"]["num_class"]), 1)
        groups = max(groups, int(learner["learner_model_param"]["num_target"]))
        check_range("tree_info", forest["tree_info"], 0, groups)
        check_range("iteration_indptr", forest["iteration_indptr"], 0, len(forest["trees"]) + 1)
        if len(forest["tree_info"]) != len(forest["trees"]):
            raise Broken("tree_info does not name a group for each tree")
    for number, tree in enumerate(forest["trees"]):
        with Broken.naming(f"{name}, tree {number}", "XGBoost"):
            _check_tree(tree, features)


def _check_tree(tree: Mapping[str, Any], features: int) -> None:
    left, right = np.array(tree["left_children"]), np.array(tree["right_children"])
    nodes = len(left)
    if int(tree["tree_param"]["num_nodes"]) != nodes or nodes == 0:
        raise Broken("num_nodes is not the number of nodes")
    for field in ("right_children", "split_indices", "split_conditions", "default_left"):
        if len(tree[field]) != nodes:
            raise Broken(f"{field} is not as long as left_children")
    is_leaf = left == _ROOT_PARENT
    if not np.array_equal(is_leaf, right == _ROOT_PARENT):
        raise Broken("a node has one child")
    inner = ~is_leaf
    check_links(np.concatenate([left[inner], right[inner]]), nodes)
    check_range("split_indices", np.array(tree["split_indices"])[inner], 0, features)
    _check_categories(tree, nodes)


def _check_categories(tree: Mapping[str, Any], nodes: int) -> None:
    categories: Sequence[int] = tree["categories"]
    starts, sizes = np.array(tree["categories_segments"]), np.array(tree["categories_sizes"])
    owners = tree["categories_nodes"]
    check_range("categories", categories, 0, _MAX_CATEGORY)
    check_range("categories_nodes", owners, 0, nodes)
    if not len(starts) == len(sizes) == len(owners):
        raise Broken("the categories' segments, sizes and nodes differ in number")
    check_range("categories_segments", starts, 0, len(categories) + 1)
    check_range("categories_sizes", sizes, 0, len(categories) + 1)
    check_range("categories", starts + sizes, 0, len(categories) + 1)
    split = {node for node, kind in enumerate(tree["split_type"]) if kind == _CATEGORICAL}
    if split - set(owners):
        raise Broken("a categorical split has no categories")
