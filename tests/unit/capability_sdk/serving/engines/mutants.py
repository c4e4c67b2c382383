"""``python -m …mutants SEED SIZE``: native models with spoilt numbers, loaded and computed with.

Run as a process of its own: what the libraries do with a mutant may be the end of the process.
"""

import json
import random
import re
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.serving.engines import load_engine
from tests.unit.capability_sdk.serving.engines.trees import (
    CLASSES,
    LABEL,
    ROWS,
    declare,
    lightgbm_model,
    write,
    xgboost_model,
)

_EVIL: tuple[Any, ...] = (
    -(1 << 31),
    -2,
    -1,
    0,
    1,
    2,
    7,
    63,
    1 << 16,
    (1 << 31) - 1,
    1 << 40,
    0.5,
    "x",
    None,
    [],
)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def main(seed: int, size: int) -> None:
    """Try some mutants of every form and print what became of them."""
    chance = random.Random(seed)  # noqa: S311 - mutants are no secrets
    outcomes: Counter[str] = Counter()
    warnings.simplefilter("ignore")
    sources = list(_sources())
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(size):
            engine, name, content = chance.choice(sources)
            mutant = _mutant(name, content, chance)
            outcomes[_try(Path(scratch, str(number)), declare(engine, [LABEL]), name, mutant)] += 1
    print(dict(outcomes))  # noqa: T201 - the report of this process


def _sources() -> Iterator[tuple[str, str, bytes]]:
    booster = xgboost_model("multi:softprob", CLASSES, num_class=3)
    kinds = {"feature_types": ["q", "q", "q", "c"], "enable_categorical": True}
    sorted_out = xgboost_model(
        "multi:softprob", CLASSES, num_class=3, max_cat_to_onehot=1, data=kinds, whole=True
    )
    for model in (booster, sorted_out):
        yield "xgboost", "model.json", bytes(model.save_raw("json"))
        yield "xgboost", "model.ubj", bytes(model.save_raw("ubj"))
    for parameters in ({}, {"linear_tree": True}, {"categorical_feature": [3], "whole": True}):
        trees = lightgbm_model("multiclass", CLASSES, num_class=3, **parameters)
        yield "lightgbm", "model.txt", trees.model_to_string().encode()


def _mutant(name: str, content: bytes, chance: random.Random) -> bytes:
    if name == "model.json":
        model = json.loads(content)
        for _ in range(chance.randint(1, 3)):
            _spoil(model["learner"], chance)
        return json.dumps(model).encode()
    if name == "model.txt":
        text = content.decode()
        places = list(_NUMBER.finditer(text[: text.index("end of trees")]))
        place = chance.choice(places)
        return (text[: place.start()] + str(chance.choice(_EVIL)) + text[place.end() :]).encode()
    spoilt = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        spoilt[chance.randrange(len(spoilt))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, 0x5B))
    return bytes(spoilt)


def _spoil(node: Any, chance: random.Random) -> None:  # noqa: ANN401 - a JSON value
    """Walk to a random leaf and put something evil there."""
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = chance.choice(keys)
        if not isinstance(node[key], dict | list) or not node[key] or chance.random() < 0.05:
            evil = chance.choice(_EVIL)
            node[key] = str(evil) if isinstance(node[key], str) else evil
            return
        node = node[key]


def _try(folder: Path, declared: Manifest, name: str, content: bytes) -> str:
    try:
        engine = load_engine(write(folder, declared, name, content), declared, threads=1)
        engine.run({"features": ROWS})
    except ServiceError as error:
        return error.code
    return "computed"


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
