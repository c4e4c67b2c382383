"""Declarations of an ONNX model, read without ONNX, from good bytes and from any others."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, save

from capability_sdk.packaging.onnx_graph import UnreadableModel, read_graph
from tests.unit.capability_sdk.packaging import forge

GOOD = forge.model().SerializeToString()


def test_inputs_outputs_and_operators_are_read(tmp_path: Path) -> None:
    save(forge.model(), tmp_path / "m.onnx")

    graph = read_graph(tmp_path / "m.onnx")

    assert [(item.name, item.dimensions) for item in graph.inputs] == [("x", (None, 2))]
    assert [(item.name, item.is_tensor) for item in graph.outputs] == [("y", True)]
    assert [node.operator for node in graph.nodes] == ["Mul"]


def test_a_text_node_inside_of_a_branch_is_found(tmp_path: Path) -> None:
    words = helper.make_tensor_value_info("words", TensorProto.STRING, ["n"])
    inner = helper.make_graph(
        [helper.make_node("StringNormalizer", ["text"], ["words"], locale="de_DE.UTF-8")],
        "inner",
        [],
        [words],
    )
    graph = helper.make_graph(
        [helper.make_node("If", ["yes"], ["out"], then_branch=inner, else_branch=inner)],
        "outer",
        [
            helper.make_tensor_value_info("yes", TensorProto.BOOL, []),
            helper.make_tensor_value_info("text", TensorProto.STRING, ["n"]),
        ],
        [helper.make_tensor_value_info("out", TensorProto.STRING, ["n"])],
    )
    save(helper.make_model(graph), tmp_path / "m.onnx")

    locales = {node.texts.get("locale") for node in read_graph(tmp_path / "m.onnx").nodes}

    assert "de_DE.UTF-8" in locales


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, len(GOOD) - 1), size=st.integers(0, 4), content=st.binary(max_size=6))
def test_P08_a_spoilt_model_is_read_or_refused(
    place: int, size: int, content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "m.onnx").write_bytes(GOOD[:place] + content + GOOD[place + size :])

    with suppress(UnreadableModel):
        assert read_graph(tmp_path / "m.onnx").nodes is not None


@pytest.mark.parametrize("content", [b"", b"\x08", b"\x3a\xff\xff\xff\xff\x0f", b"\x3a" * 9])
def test_P08_what_is_no_model_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(content)

    with pytest.raises(UnreadableModel):
        read_graph(tmp_path / "m.onnx")
