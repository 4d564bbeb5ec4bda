#!/usr/bin/env python3
"""make_golden.py -- what PyTorch makes of every cell of `recur list cells`, for layer_test.c.

    tools/make_golden.py [FILE]          FILE is tests/golden/cells.safetensors unless given

A cell that PyTorch has as a layer (RNN, GRU, LSTM, LSTM with proj_size) is that layer; every other
one is its step, written here from the paper's formulas in the letters of docs/cells.md, with
gradients by PyTorch's autograd. Nothing of this is made from our sources. One layer each in double,
dense, with both biases and given first states (numbers that single precision holds exactly), and

    loss = sum(r_y * y) + sum over the states s of sum(r_s * s after the last step)

Two tensors a cell, numbers one after the other:

    CELL.given (F32)  x (T,B,D); weight_ih, weight_hh, bias_ih, bias_hh, weight_hr, vectors (those
                      that there are); first states; r_y; r of every state
    CELL.made (F64)   y; last states; the gradients of x, weights and first states, in that order

Needs torch (made with 1.13; any version gives the same to the last digits) and writes safetensors
by hand.
"""
import json
import os
import struct
import sys
import zlib

import torch
from torch import sigmoid, tanh

T, B, D, H, P = 7, 2, 3, 5, 2
GROUPS = 8
CELLS = {}


def cell(name, W, states="h", **layout):
    """A step, and which gates have rows in which weight: W, b, U, c, vectors (v)."""

    def add(step):
        lay = {"W": W, "b": W, "U": "", "v": "", "states": states, **layout}
        lay.setdefault("c", lay["U"])
        lay = {k: v.split() if isinstance(v, str) else v for k, v in lay.items()}
        CELLS[name] = {**lay, "step": step}
        return step

    return add


class Weights:
    """Rows of the stacked weights by a gate's letters."""

    def __init__(self, lay, given):
        def rows(what, stack):
            return dict(zip(lay[what], stack.split(H))) if stack is not None else {}

        self.W = rows("W", given.get("weight_ih"))
        self.U = rows("U", given.get("weight_hh"))
        self.b = rows("b", given.get("bias_ih"))
        self.c = rows("c", given.get("bias_hh"))
        self.v = rows("v", given.get("vectors"))

    def x(self, gate, x):
        """W x + b"""
        out = x @ self.W[gate].T if gate in self.W else 0
        return out + self.b[gate] if gate in self.b else out

    def u(self, gate, v):
        """U v + c"""
        out = v @ self.U[gate].T
        return out + self.c[gate] if gate in self.c else out

    def a(self, gate, x, v):
        return self.x(gate, x) + self.u(gate, v)


# ---- plain ---------------------------------------------------------------------------------------


@cell("none", "n")
def none(p, x, h):
    return (tanh(p.x("n", x)),)


def group(unit):
    return unit * GROUPS // H


def moves(p, x, h, k):
    """Koutnik et al. 2014: the units whose turn it is move, the others stand still."""
    new = tanh(p.a("n", x, h))
    turn = torch.tensor([[int(k[b, j]) % 2 ** group(j) == 0 for j in range(H)] for b in range(B)])
    return torch.where(turn, new, h), k + 1 - 128 * (k == 127)  # around after the slowest period


@cell("clockwork", "n", "h k", U="n")
def clockwork(p, x, h, k):
    reads = torch.tensor([[float(group(j) >= group(i)) for j in range(H)] for i in range(H)])
    masked = Weights.__new__(Weights)
    masked.__dict__ = {**p.__dict__, "U": {"n": p.U["n"] * reads}}
    return moves(masked, x, h, k)


cell("hierarchical", "n", "h k", U="n")(moves)  # El Hihi and Bengio 1995

# ---- gated ---------------------------------------------------------------------------------------


@cell("sgru", "z n", U="z n")
def sgru(p, x, h):
    z, n = sigmoid(p.a("z", x, h)), tanh(p.a("n", x, h))
    return (z * h + (1 - z) * n,)


@cell("gru-before", "r z n", U="r z n")
def gru_before(p, x, h):
    """Cho et al. 2014; Keras with reset_after=False."""
    r, z = sigmoid(p.a("r", x, h)), sigmoid(p.a("z", x, h))
    return (z * h + (1 - z) * tanh(p.a("n", x, r * h)),)


@cell("mgu", "f n", U="f n")
def mgu(p, x, h):
    """Zhou et al. 2016, equation 6."""
    f = sigmoid(p.a("f", x, h))
    return ((1 - f) * h + f * tanh(p.a("n", x, f * h)),)


@cell("mut1", "z r n", U="r n")
def mut1(p, x, h):
    """Jozefowicz et al. 2015, section 3.6; their x in the candidate is W x here."""
    z, r = sigmoid(p.x("z", x)), sigmoid(p.a("r", x, h))
    n = tanh(tanh(p.x("n", x)) + p.u("n", r * h))
    return (n * z + h * (1 - z),)


@cell("mut2", "r z n", U="r z n")
def mut2(p, x, h):
    r, z = sigmoid(p.a("r", x, h)), sigmoid(p.a("z", x, h))
    return (tanh(p.a("n", x, r * h)) * z + h * (1 - z),)


@cell("mut3", "r z n", U="r z n")
def mut3(p, x, h):
    r, z = sigmoid(p.a("r", x, h)), sigmoid(p.a("z", x, tanh(h)))
    return (tanh(p.a("n", x, r * h)) * z + h * (1 - z),)


@cell("cfn", "n f i", U="f i")
def cfn(p, x, h):
    """Laurent and von Brecht 2017, equations 2 and 3."""
    return (sigmoid(p.a("f", x, h)) * tanh(h) + sigmoid(p.a("i", x, h)) * tanh(p.x("n", x)),)


# ---- LSTMs ---------------------------------------------------------------------------------------


def odyssey(name, gates, i=True, f=True, o=True, coupled=False, inside=tanh, outside=tanh):
    """Greff et al. 2017, section II and the variants of section III."""

    def step(p, x, h, c):
        it = sigmoid(p.a("i", x, h) + p.v["i"] * c) if i else 1
        ft = 1 - it if coupled else sigmoid(p.a("f", x, h) + p.v["f"] * c) if f else 1
        new = inside(p.a("g", x, h)) * it + c * ft
        ot = sigmoid(p.a("o", x, h) + p.v["o"] * new) if o else 1
        return outside(new) * ot, new

    cell(name, gates, "h c", U=gates, v=gates.replace("g", "").replace("  ", " "))(step)


odyssey("lstm-peephole", "i f g o")
odyssey("lstm-nig", "f g o", i=False)
odyssey("lstm-nfg", "i g o", f=False)
odyssey("lstm-nog", "i f g", o=False)
odyssey("lstm-niaf", "i f g o", inside=lambda a: a)
odyssey("lstm-noaf", "i f g o", outside=lambda a: a)
odyssey("lstm-cifg", "i g o", coupled=True)


@cell("lstm-fgr", "g i f o", "h c i f o", U="g i f o ii fi oi if ff of io fo oo", c="g i f o",
      v="i f o")
def full_gate_recurrence(p, x, h, c, i, f, o):
    def gate(g, seen):
        back = i @ p.U[g + "i"].T + f @ p.U[g + "f"].T + o @ p.U[g + "o"].T
        return sigmoid(p.a(g, x, h) + back + p.v[g] * seen)

    it, ft = gate("i", c), gate("f", c)
    new = tanh(p.a("g", x, h)) * it + c * ft
    ot = gate("o", new)
    return tanh(new) * ot, new, it, ft, ot


def normalised(*parts):
    """Ba et al. 2016: over all units of all parts together."""
    all = torch.nn.functional.layer_norm(torch.cat(parts, 1), (H * len(parts),))
    return all.split(H, 1)


@cell("lstm-ln", "i f g o", "h c", b="", U="i f g o", c="",
      v="pi pf pg po qi qf qg qo pc bi bf bg bo bc")
def lstm_ln(p, x, h, c):
    """Ba et al. 2016, equations 20 to 22."""
    wx = normalised(*[p.x(g, x) for g in "ifgo"])
    uh = normalised(*[p.u(g, h) for g in "ifgo"])
    i, f, g, o = [p.v["p" + n] * a + p.v["q" + n] * b + p.v["b" + n]
                  for n, a, b in zip("ifgo", wx, uh)]
    new = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(p.v["pc"] * normalised(new)[0] + p.v["bc"]), new


@cell("gru-ln", "r z n", b="", U="r z n", c="", v="pr pz pn qr qz qn br bz bn cn")
def gru_ln(p, x, h):
    """The same, supplement; the reset after the product, as in torch.nn.GRU."""
    wx = [*normalised(p.x("r", x), p.x("z", x)), *normalised(p.x("n", x))]
    uh = [*normalised(p.u("r", h), p.u("z", h)), *normalised(p.u("n", h))]
    r, z = [sigmoid(p.v["p" + n] * wx[k] + p.v["q" + n] * uh[k] + p.v["b" + n])
            for k, n in enumerate("rz")]
    n = tanh(p.v["pn"] * wx[2] + p.v["bn"] + r * (p.v["qn"] * uh[2] + p.v["cn"]))
    return (z * h + (1 - z) * n,)


def lstm_of(p, seen, c):
    """`seen` gives a gate's pre-activation."""
    i, f, o = sigmoid(seen("i")), sigmoid(seen("f")), sigmoid(seen("o"))
    new = f * c + i * tanh(seen("g"))
    return o * tanh(new), new


@cell("mlstm", "m i f g o", "h c", U="m i f g o")
def mlstm(p, x, h, c):
    """Krause et al. 2016, equations 18 to 22."""
    m = p.x("m", x) * p.u("m", h)
    return lstm_of(p, lambda g: p.a(g, x, m), c)


@cell("mogrifier", "x", "h c", b="x p q r s t i f g o", U="p q r s t i f g o Vi Vf Vg Vo",
      c="p q r s t i f g o")
def mogrifier(p, x, h, c):
    """Melis et al. 2020, equations 1 and 2, five rounds; with biases, and x = W_x x before."""
    x = p.x("x", x)
    for n, gate in enumerate("pqrst"):
        if n % 2 == 0:
            x = 2 * sigmoid(p.b[gate] + p.u(gate, h)) * x
        else:
            h = 2 * sigmoid(p.b[gate] + p.u(gate, x)) * h
    return lstm_of(p, lambda g: p.b[g] + p.u(g, h) + x @ p.U["V" + g].T, c)


# ---- deep ----------------------------------------------------------------------------------------


@cell("dt", "m", b="m n", U="m n")
def deep_transition(p, x, h):
    """Pascanu et al. 2014, section 3.3.1."""
    return (tanh(p.b["n"] + p.u("n", tanh(p.a("m", x, h)))),)


@cell("dt-s", "m", b="m n", U="m n n2", c="m n")
def deep_transition_shortcut(p, x, h):
    return (tanh(p.b["n"] + p.u("n", tanh(p.a("m", x, h))) + p.u("n2", h)),)


def highway(depth):
    """Zilly et al. 2017, equations 6 to 9, with c = 1 - t."""
    gates = [letter + str(l + 1) for l in range(depth) for letter in "nt"]

    @cell("rhn-%d" % depth, gates[:2], b=gates, U=gates)
    def step(p, x, h):
        for l in range(1, depth + 1):
            n, t = "n%d" % l, "t%d" % l
            t = sigmoid(p.a(t, x, h))
            h = tanh(p.a(n, x, h)) * t + h * (1 - t)
        return (h,)


for depth in (2, 5, 10):
    highway(depth)

# ---- without a recurrent matrix ------------------------------------------------------------------


@cell("sru", "n f r s", "h c", v="f r")
def sru(p, x, h, c):
    """Lei et al. 2018, equations 1 to 4, the highway through a matrix."""
    f = sigmoid(p.x("f", x) + p.v["f"] * c)
    r = sigmoid(p.x("r", x) + p.v["r"] * c)
    new = f * c + (1 - f) * p.x("n", x)
    return r * new + (1 - r) * p.x("s", x), new


@cell("qrnn", "z f o", "h c")
def qrnn(p, x, h, c):
    """Bradbury et al. 2017, equations 3 to 5 and fo-pooling, a filter of width 1."""
    f = sigmoid(p.x("f", x))
    new = f * c + (1 - f) * tanh(p.x("z", x))
    return sigmoid(p.x("o", x)) * new, new


@cell("mingru", "z n")
def mingru(p, x, h):
    """Feng et al. 2024, section 3.1."""
    z = sigmoid(p.x("z", x))
    return ((1 - z) * h + z * p.x("n", x),)


@cell("minlstm", "f i n")
def minlstm(p, x, h):
    """Feng et al. 2024, section 3.2: both gates in parts of their sum."""
    f, i = sigmoid(p.x("f", x)), sigmoid(p.x("i", x))
    return (f / (f + i) * h + i / (f + i) * p.x("n", x),)


# ---- layers --------------------------------------------------------------------------------------

LIBRARY = {
    "tanh": (torch.nn.RNN, {"nonlinearity": "tanh"}, 1),
    "relu": (torch.nn.RNN, {"nonlinearity": "relu"}, 1),
    "irnn": (torch.nn.RNN, {"nonlinearity": "relu"}, 1),
    "gru": (torch.nn.GRU, {}, 3),
    "lstm": (torch.nn.LSTM, {}, 4),
    "lstm-proj": (torch.nn.LSTM, {"proj_size": P}, 4),
}


def library(name, given, states):
    """y and the last states of a layer of PyTorch, whose own weights replace those given."""
    make, options, _ = LIBRARY[name]
    layer = make(D, H, **options).double()
    own = dict(layer.named_parameters())
    assert set(own) == {k + "_l0" for k in given if k != "x"}
    for k in given:
        if k != "x":
            own[k + "_l0"].data.copy_(given[k])
            given[k] = own[k + "_l0"]
    first = [s[None] for s in states]
    y, last = layer(given["x"], tuple(first) if len(first) > 1 else first[0])
    return y, [s[0] for s in (last if isinstance(last, tuple) else (last,))]


def by_steps(name, given, states):
    weights, y = Weights(CELLS[name], given), []
    for x in given["x"]:
        states = CELLS[name]["step"](weights, x, *states)
        y.append(states[0])
    return torch.stack(y), states


def shapes(name):
    """What goes in, in the order of the file; states apart."""
    if name in LIBRARY:
        gates = LIBRARY[name][2]
        R = P if name == "lstm-proj" else H
        all = {"x": (T, B, D), "weight_ih": (gates * H, D), "weight_hh": (gates * H, R),
               "bias_ih": (gates * H,), "bias_hh": (gates * H,)}
        if R < H:
            all["weight_hr"] = (R, H)
        return all, [(B, R), (B, H)][:2 if name.startswith("lstm") else 1]
    lay = CELLS[name]
    all = {"x": (T, B, D), "weight_ih": (len(lay["W"]) * H, D), "weight_hh": (len(lay["U"]) * H, H),
           "bias_ih": (len(lay["b"]) * H,), "bias_hh": (len(lay["c"]) * H,),
           "vectors": (len(lay["v"]) * H,)}
    return {k: s for k, s in all.items() if s[0] > 0}, [(B, H)] * len(lay["states"])


def draw(generator, scale, *shape):
    """Uniform in +-scale, exact in single precision."""
    wide = torch.rand(*shape, generator=generator, dtype=torch.float64)
    return ((2 * wide - 1) * scale).float().double()


def golden(name, seed):
    g = torch.Generator().manual_seed(seed)
    sizes, state_sizes = shapes(name)
    given = {k: draw(g, 1.0 if k in ("x", "vectors") else H**-0.5, *s) for k, s in sizes.items()}
    states = [draw(g, 0.5, *s) for s in state_sizes]
    if name in ("clockwork", "hierarchical"):
        states[1] = torch.tensor([[3.0 + 122 * b] * H for b in range(B)]).double()  # a count
    for v in [*given.values(), *states]:
        v.requires_grad_(True)
    y, last = (library if name in LIBRARY else by_steps)(name, given, states)
    outputs = [y, *last]
    factors = [draw(g, 1.0, *v.shape) for v in outputs]
    loss = sum((v * r).sum() for v, r in zip(outputs, factors))
    inputs = [*given.values(), *states]
    grads = torch.autograd.grad(loss, inputs, allow_unused=True)
    assert all(d is not None for d in grads[: len(given)])  # but a state that nothing reads
    grads = [torch.zeros_like(v) if d is None else d for v, d in zip(inputs, grads)]
    return flat(inputs + factors), flat(outputs + grads)


def flat(tensors):
    return torch.cat([t.detach().reshape(-1) for t in tensors])


def write_safetensors(path, tensors, words):
    header, data = {"__metadata__": words}, b""
    for name, (dtype, t) in tensors.items():
        raw = t.numpy().astype({"F32": "<f4", "F64": "<f8"}[dtype]).tobytes()
        header[name] = {"dtype": dtype, "shape": list(t.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
        here, "..", "tests", "golden", "cells.safetensors")
    given, made = {}, {}
    for name in [*LIBRARY, *CELLS]:
        a, b = golden(name, zlib.crc32(name.encode()))
        given[name + ".given"], made[name + ".made"] = ("F32", a), ("F64", b)
    words = {"made_by": "tools/make_golden.py, torch " + torch.__version__,
             "layers": " ".join(LIBRARY), "formulas": " ".join(CELLS)}
    write_safetensors(path, {**made, **given}, words)
    print(path)


if __name__ == "__main__":
    main()
