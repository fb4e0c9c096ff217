"""The ONNX graph of an encoder's body, built node by node, in float or in 8-bit integers.

Weights are stored as 7-bit numbers with a scale for each output, so that processors without VNNI
instructions do not overflow in 16-bit sums; what comes in is rounded to 8 bits with a scale for
each word piece, after its channels have been evened out against the weights' (SmoothQuant; Xiao et
al. 2023). A scale for each piece, and not one for the whole input as in plain dynamic
quantisation, keeps the rounding of one piece free of the others'.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from changetalk.scorers.pieces import LONGEST
from changetalk.training.architecture import Shape, buckets

Single = npt.NDArray[np.float32]

_WEIGHT_RANGE: Final = 63
_INPUT_RANGE: Final = 127
_HALF: Final = 128


def body_graph(
    state: Mapping[str, Single], shape: Shape, *, smooth: Mapping[str, Single] | None = None
) -> bytes:
    """Return the serialised graph that `changetalk.scorers.encoder.Body` reads.

    Parameters
    ----------
    state : mapping
        The weights of a `ClientTalkEncoder`, by name.
    shape : Shape
    smooth : mapping, optional
        For each linear layer, by name, what its input's channels are divided by and its weights'
        rows multiplied by, shape (inputs,). Where none is given the graph is in float.
    """
    return _Graph(state, shape, smooth).build()


class _Graph:
    def __init__(
        self, state: Mapping[str, Single], shape: Shape, smooth: Mapping[str, Single] | None
    ) -> None:
        self.state, self.shape, self.smooth = state, shape, smooth
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def build(self) -> bytes:
        width, heads = self.shape.width, self.shape.heads
        x = self.norm("x", "norm")
        bias = self.distances()
        self.constant("split", np.array([0, 3, heads, width // heads]))
        self.constant("join", np.array([0, width]))
        self.constant("first", np.array([0]))
        self.constant("shrink", np.float32((width // heads) ** -0.5))
        for k in range(self.shape.layers):
            x = self.layer(x, bias, f"layers.{k}.")
        share = self.node("Div", "own", self.node("ReduceSum", "own", keepdims=1))
        own = self.node("Squeeze", self.node("MatMul", self.node("Unsqueeze", share, "first"), x), "first")
        whole = self.node("ReduceMean", x, "first", keepdims=0)
        self.node("Concat", own, whole, axis=0, output="pooled")
        graph = helper.make_graph(
            self.nodes,
            "body",
            [
                helper.make_tensor_value_info("x", TensorProto.FLOAT, ["t", width]),
                helper.make_tensor_value_info("own", TensorProto.FLOAT, ["t"]),
            ],
            [helper.make_tensor_value_info("pooled", TensorProto.FLOAT, [2 * width])],
            list(self.constants.values()),
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
        onnx.checker.check_model(model)
        found: bytes = model.SerializeToString()
        return found

    def layer(self, x: str, bias: str, name: str) -> str:
        qkv = self.node("Reshape", self.linear(x, f"{name}qkv"), "split")
        qkv = self.node("Transpose", qkv, perm=[1, 2, 0, 3])
        for place, part in enumerate("qkv"):
            self.constant(f"take_{part}", np.array(place))
        q, k, v = (self.node("Gather", qkv, f"take_{part}", axis=0) for part in "qkv")
        score = self.node("MatMul", self.node("Mul", q, "shrink"), self.node("Transpose", k, perm=[0, 2, 1]))
        share = self.node("Softmax", self.node("Add", score, bias), axis=-1)
        found = self.node("Transpose", self.node("MatMul", share, v), perm=[1, 0, 2])
        found = self.linear(self.node("Reshape", found, "join"), f"{name}out")
        x = self.norm(self.node("Add", x, found), f"{name}norm1")
        found = self.linear(self.node("Gelu", self.linear(x, f"{name}up")), f"{name}down")
        return self.norm(self.node("Add", x, found), f"{name}norm2")

    def linear(self, x: str, name: str) -> str:
        weight = self.state[f"{name}.weight"].T.astype(np.float32)
        bias = self.constant(f"{name}.bias", self.state[f"{name}.bias"])
        if self.smooth is None:
            return self.node("Add", self.node("MatMul", x, self.constant(name, weight)), bias)
        even = self.smooth[name]
        weight = weight * even[:, None]
        scale = np.maximum(np.abs(weight).max(axis=0), 1e-12) / _WEIGHT_RANGE
        small = np.rint(weight / scale).astype(np.int8)
        x = self.node("Mul", x, self.constant(f"{name}.even", 1 / even))
        self.constant("last", np.array([-1]))
        self.constant("least", np.float32(1e-9))
        self.constant("range", np.float32(_INPUT_RANGE))
        self.constant("half", np.float32(_HALF))
        self.constant("zero", np.uint8(_HALF))
        largest = self.node("Max", self.node("ReduceMax", self.node("Abs", x), "last", keepdims=1), "least")
        rounded = self.node("Round", self.node("Mul", x, self.node("Div", "range", largest)))
        byte = self.node("Cast", self.node("Add", rounded, "half"), to=TensorProto.UINT8)
        total = self.node("MatMulInteger", byte, self.constant(name, small), "zero")
        total = self.node("Mul", self.node("Cast", total, to=TensorProto.FLOAT), largest)
        total = self.node("Mul", total, self.constant(f"{name}.scale", scale / _INPUT_RANGE))
        return self.node("Add", total, bias)

    def distances(self) -> str:
        """Add the attention bias of every two places, shape (heads, t, t)."""
        by_bucket = buckets(LONGEST, self.shape.buckets)
        # From the furthest place behind to the furthest ahead.
        line = np.concatenate([by_bucket[:0:-1, 0], by_bucket[0]])
        self.constant("by_distance", self.state["distances.weight"][line].T)
        self.constant("nought", np.array(0))
        self.constant("step", np.array(1))
        self.constant("middle", np.array(LONGEST - 1))
        self.constant("across", np.array([0]))
        self.constant("down", np.array([1]))
        length = self.node("Gather", self.node("Shape", "x"), "nought")
        places = self.node("Range", "nought", length, "step")
        apart = self.node(
            "Sub", self.node("Unsqueeze", places, "across"), self.node("Unsqueeze", places, "down")
        )
        return self.node("Gather", "by_distance", self.node("Add", apart, "middle"), axis=1)

    def norm(self, x: str, name: str) -> str:
        scale, shift = (
            self.constant(f"{name}.{end}", self.state[f"{name}.{end}"]) for end in ("weight", "bias")
        )
        return self.node("LayerNormalization", x, scale, shift, axis=-1, epsilon=self.shape.eps)

    def constant(self, name: str, value: Any) -> str:
        array = np.asarray(value)
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        self.constants.setdefault(
            name, numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)
        )
        return name

    def node(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        name = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(kind, list(inputs), [name], name=f"node_{len(self.nodes)}", **attributes)
        )
        return name
