#!/usr/bin/env python3
"""torch_crf.py -- the loss of a conditional random field and its gradients in PyTorch, as it is commonly written there:
the forward algorithm by logsumexp, a step of the whole batch at a time. Tokens per second, median over calls.

usage: torch_crf.py LABELS BATCH STEPS THREADS SECONDS
"""
import json
import statistics
import sys
import time

import torch

K, B, T, threads = (int(v) for v in sys.argv[1:5])
limit = float(sys.argv[5])
torch.set_num_threads(threads)
torch.set_flush_denormal(True)
torch.manual_seed(1)
x = torch.randn(T, B, K, requires_grad=True)
trans = torch.randn(K, K, requires_grad=True)
first = torch.randn(K, requires_grad=True)
last = torch.randn(K, requires_grad=True)
y = torch.randint(K, (T, B))


def loss():
    a = first + x[0]
    for t in range(1, T):
        a = torch.logsumexp(a.unsqueeze(2) + trans, 1) + x[t]
    score = x.gather(2, y.unsqueeze(2)).sum() + first[y[0]].sum() + last[y[-1]].sum() + trans[y[:-1], y[1:]].sum()
    return torch.logsumexp(a + last, 1).sum() - score


took = []
begin = time.perf_counter()
while len(took) < 6 or time.perf_counter() - begin < limit:
    at = time.perf_counter()
    for v in (x, trans, first, last):
        v.grad = None
    loss().backward()
    took.append(time.perf_counter() - at)
print(json.dumps({"tokens_per_second": T * B / statistics.median(took[3:]), "torch": torch.__version__}))
