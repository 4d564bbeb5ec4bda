#!/usr/bin/env python3
"""ort_step.py -- the one step of `recur bench step` in ONNX Runtime: symbol and states in, log-probabilities and states
out, nothing copied between steps.

usage: ort_step.py HIDDEN LAYERS VOCAB THREADS SECONDS f32|int8

int8 is onnxruntime's dynamic quantisation, a scale for every row. The median of single steps, as one object of JSON.
"""
import json
import os
import statistics
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

H, L, V, threads = (int(v) for v in sys.argv[1:5])
seconds, precision = float(sys.argv[5]), sys.argv[6]
random = np.random.default_rng(1)


def weight(name, *shape):
    return numpy_helper.from_array(random.uniform(-0.1, 0.1, shape).astype(np.float32), name)


def model():
    nodes, weights = [], [weight("embed", V, H), weight("out_w", H, V), weight("out_b", V)]
    one = helper.make_tensor_value_info
    inputs, outputs = [one("id", TensorProto.INT64, [1, 1])], [one("logp", TensorProto.FLOAT, [1, V])]
    nodes.append(helper.make_node("Gather", ["embed", "id"], ["x0"]))
    for i in range(L):
        weights += [weight(f"w{i}", 1, 4 * H, H), weight(f"r{i}", 1, 4 * H, H), weight(f"b{i}", 1, 8 * H)]
        nodes.append(helper.make_node("LSTM", [f"x{i}", f"w{i}", f"r{i}", f"b{i}", "", f"h{i}", f"c{i}"],
                                      [f"y{i}", f"h{i}_next", f"c{i}_next"], hidden_size=H))
        nodes.append(helper.make_node("Squeeze", [f"y{i}", "axis"], [f"x{i + 1}"]))
        for s in "hc":
            inputs.append(one(f"{s}{i}", TensorProto.FLOAT, [1, 1, H]))
            outputs.append(one(f"{s}{i}_next", TensorProto.FLOAT, [1, 1, H]))
    weights += [numpy_helper.from_array(np.array([1], np.int64), "axis"),
                numpy_helper.from_array(np.array([1, H], np.int64), "row")]
    nodes.append(helper.make_node("Reshape", [f"x{L}", "row"], ["top"]))
    nodes.append(helper.make_node("MatMul", ["top", "out_w"], ["product"]))
    nodes.append(helper.make_node("Add", ["product", "out_b"], ["score"]))
    nodes.append(helper.make_node("LogSoftmax", ["score"], ["logp"], axis=1))
    graph = helper.make_graph(nodes, "step", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def session():
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "step.onnx")
        onnx.save(model(), path)
        if precision == "int8":
            lean = os.path.join(folder, "lean.onnx")
            quantize_dynamic(path, lean, weight_type=QuantType.QInt8, per_channel=True)
            path = lean
        return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def bindings(s, id_, logp):
    """Two, in turn: the states that one writes are those that the other reads."""
    names = [f"{c}{i}" for i in range(L) for c in "hc"]
    half = [{n: ort.OrtValue.ortvalue_from_numpy(np.zeros((1, 1, H), np.float32)) for n in names} for _ in range(2)]
    both = []
    for k in range(2):
        b = s.io_binding()
        b.bind_ortvalue_input("id", id_)
        b.bind_ortvalue_output("logp", logp)
        for n in names:
            b.bind_ortvalue_input(n, half[k][n])
            b.bind_ortvalue_output(n + "_next", half[1 - k][n])
        both.append(b)
    return both


run = session()
symbol = ort.OrtValue.ortvalue_from_numpy(np.zeros((1, 1), np.int64))
logp = ort.OrtValue.ortvalue_from_numpy(np.zeros((1, V), np.float32))
both = bindings(run, symbol, logp)
ids = [np.array([[i]], np.int64) for i in random.integers(V, size=1024)]
times, end = [], None
for n in range(1 << 30):
    begin = time.perf_counter()
    symbol.update_inplace(ids[n % 1024])
    run.run_with_iobinding(both[n % 2])
    now = time.perf_counter()
    if n < 50:
        continue
    end = end or now + seconds
    times.append(now - begin)
    if now > end:
        break
total = float(np.exp(logp.numpy().astype(np.float64)).sum())
if not abs(total - 1) < 1e-3:
    sys.exit(f"ort_step.py: the probabilities sum to {total}")
median = statistics.median(times)
print(json.dumps({"name": f"ONNX Runtime {ort.__version__}", "precision": precision, "threads": threads,
                  "calls": len(times), "median_seconds": median, "tokens_per_second": 1 / median}))
