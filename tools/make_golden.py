#!/usr/bin/env python3
"""make_golden.py -- reference values of recurrent layers from PyTorch, for tests/net/layer_test.c.

    tools/make_golden.py [FOLDER]        FOLDER is tests/golden unless given

One file per cell, CELL.safetensors: a layer of PyTorch in double, its input, initial states and
weights (numbers that single precision holds exactly), what comes out, and the gradients of

    loss = sum(y * r_y) + sum(hn * r_hn) + sum(cn * r_cn)

with respect to all that goes in. PyTorch's names; a gradient is d_NAME. Needs torch (made with
1.13; any version gives the same to the last digits) and writes safetensors by hand.
"""
import json
import os
import struct
import sys

import torch

T, B, D, H = 50, 3, 7, 11
CELLS = {
    "tanh": (torch.nn.RNN, {"nonlinearity": "tanh"}),
    "relu": (torch.nn.RNN, {"nonlinearity": "relu"}),
    "gru": (torch.nn.GRU, {}),
    "lstm": (torch.nn.LSTM, {}),
}


def write_safetensors(path, tensors, words):
    header, data = {"__metadata__": words}, b""
    for name, t in tensors.items():
        raw = t.detach().contiguous().numpy().astype("<f8").tobytes()
        header[name] = {
            "dtype": "F64",
            "shape": list(t.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def draw(generator, scale, *shape):
    """Uniform in +-scale, exact in single precision."""
    wide = torch.rand(*shape, generator=generator, dtype=torch.float64)
    return ((2 * wide - 1) * scale).float().double()


def golden(cell, seed):
    make, options = CELLS[cell]
    g = torch.Generator().manual_seed(seed)
    layer = make(D, H, **options).double()
    scale = H**-0.5
    inputs = {"x": draw(g, 1.0, T, B, D), "h0": draw(g, 0.5, B, H)}
    if cell == "lstm":
        inputs["c0"] = draw(g, 0.5, B, H)
    for v in inputs.values():
        v.requires_grad_(True)
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        inputs[name] = getattr(layer, name + "_l0")
        inputs[name].data.copy_(draw(g, scale, *inputs[name].shape))

    state = inputs["h0"][None]
    if cell == "lstm":
        state = (state, inputs["c0"][None])
    y, last = layer(inputs["x"], state)
    outputs = {"y": y}
    if cell == "lstm":
        outputs["hn"], outputs["cn"] = last[0][0], last[1][0]
    else:
        outputs["hn"] = last[0]

    factors = {"r_" + name: draw(g, 1.0, *v.shape) for name, v in outputs.items()}
    loss = sum((outputs[name] * factors["r_" + name]).sum() for name in outputs)
    grads = torch.autograd.grad(loss, list(inputs.values()))
    tensors = {**inputs, **outputs, **factors}
    tensors.update({"d_" + name: d for name, d in zip(inputs, grads)})
    return tensors


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "..", "tests", "golden")
    for seed, cell in enumerate(CELLS, 1):
        words = {"made_by": "tools/make_golden.py, torch " + torch.__version__}
        path = os.path.join(folder, cell + ".safetensors")
        write_safetensors(path, golden(cell, seed), words)
        print(path)


if __name__ == "__main__":
    main()
