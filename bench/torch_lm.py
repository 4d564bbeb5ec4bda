#!/usr/bin/env python3
"""torch_lm.py -- the training step of `recur bench lm` in PyTorch: tokens per second, median over single steps.

usage: torch_lm.py CELL HIDDEN LAYERS VOCAB BATCH SEQ DROPOUT THREADS [SECONDS [HOW...]]

HOW, any of: no-onednn (LSTM by PyTorch's own loop), compile (the model by torch.compile, with recurrent layers in the
graph), fused (the update in one pass). What to set in the environment is said in speed.sh.
"""
import json
import statistics
import sys
import time

import torch
import torch.nn as nn

cell = sys.argv[1]
H, L, V, B, T = (int(v) for v in sys.argv[2:7])
drop, threads = float(sys.argv[7]), int(sys.argv[8])
limit = float(sys.argv[9]) if len(sys.argv) > 9 else 5.0
how = sys.argv[10:]
torch.set_num_threads(threads)
torch.set_flush_denormal(True)
if "no-onednn" in how:
    torch.backends.mkldnn.enabled = False
torch.manual_seed(1)
kind = {"lstm": nn.LSTM, "gru": nn.GRU, "tanh": nn.RNN}[cell]


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(V, H)
        self.drop = nn.Dropout(drop)
        self.rnn = kind(H, H, L, dropout=drop if L > 1 else 0)
        self.out = nn.Linear(H, V)

    def forward(self, x, h):
        y, h = self.rnn(self.drop(self.embed(x)), h)
        return self.out(self.drop(y)), h


model = Model().train()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, **({"fused": True} if "fused" in how else {}))
if "compile" in how:
    torch._dynamo.config.allow_rnn = True
    model = torch.compile(model)
loss_of = nn.CrossEntropyLoss()
h = torch.zeros(L, B, H)
h = (h, h.clone()) if cell == "lstm" else h
x, y = torch.randint(V, (T, B)), torch.randint(V, (T, B))
times, step, end = [], 0, None
while end is None or time.perf_counter() < end or len(times) < 3:
    begin = time.perf_counter()
    h = tuple(v.detach() for v in h) if cell == "lstm" else h.detach()
    out, h = model(x, h)
    loss = loss_of(out.view(-1, V), y.view(-1))
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    step += 1
    if step > 2:
        times.append(time.perf_counter() - begin)
        end = end or time.perf_counter() + limit
median = statistics.median(times)
print(json.dumps({"name": f"PyTorch {torch.__version__}", "how": " ".join(how), "threads": threads, "calls": len(times),
                  "median_seconds": median, "tokens_per_second": B * T / median}))
