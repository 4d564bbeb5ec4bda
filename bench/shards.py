#!/usr/bin/env python3
"""Shards of a batch against the usual split of every product, on few cores and on many.

    bench/shards.py [--rounds 5] [--batch 256] [--hidden 650] ...      RECUR=... for another program

Measures training steps with one thread and with two (in turn; medians), whole and in shards, and says
what many cores would take by a model of the costs, for they are not here:

  split   the time of one thread, over the workers, times the unevenness of ceil(groups / workers) unit
          groups of 16 for the slowest worker, plus a barrier for each layer, time step and direction
  shards  the time of one thread with as many shards as workers, over the workers: a shard has no
          barrier inside, and the sum of gradients and the update are shared evenly

Both take it that memory keeps up with the cores. A barrier is taken to cost 0.5 us for two workers and
as much again with every doubling.
"""
import argparse
import json
import math
import os
import statistics
import subprocess

parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--batch", type=int, default=256)
parser.add_argument("--hidden", type=int, default=650)
parser.add_argument("--layers", type=int, default=2)
parser.add_argument("--vocab", type=int, default=10000)
parser.add_argument("--seq", type=int, default=35)
parser.add_argument("--seconds", type=float, default=2)
parser.add_argument("--cores", type=int, nargs="*", default=[4, 8, 16, 32])
a = parser.parse_args()
recur = os.environ.get("RECUR", os.path.join(os.path.dirname(__file__), "../build/release/recur"))


def step(shards, threads):
    """Seconds of a step, and whether no core was missing."""
    words = [recur, "bench", "lm", "--json", "--shards", shards, "--threads", threads]
    for name in "hidden", "layers", "vocab", "batch", "seq", "seconds":
        words += ["--" + name, getattr(a, name)]
    text = subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True).stdout
    row = json.loads(text)
    return row["median_seconds"], row["steady"]


def barrier(workers):
    return 0.5e-6 * math.log2(workers)


cases = [(1, 1), (1, 2), (2, 1), (2, 2)] + [(n, 1) for n in a.cores if n <= a.batch]
times = {case: [] for case in cases}
for _ in range(a.rounds):
    for case in cases:
        times[case].append(step(*case))
median = {c: statistics.median(t for t, _ in times[c]) for c in cases}

print(f"LSTM {a.layers}x{a.hidden}, {a.vocab} words, batch {a.batch}, {a.seq} steps; ms of a step")
print("shards threads  median    best  steady")
for shards, threads in cases:
    runs = times[shards, threads]
    print(f"{shards:6} {threads:7} {1e3 * median[shards, threads]:7.1f} "
          f"{1e3 * min(t for t, _ in runs):7.1f}  {sum(s for _, s in runs)} of {len(runs)}")
print("by the model:")
print("cores   split  as many shards")
groups = (a.hidden + 15) // 16
for w in a.cores:
    if w > a.batch:
        continue
    uneven = math.ceil(groups / w) * w / groups
    split = median[1, 1] / w * uneven + 2 * a.layers * a.seq * barrier(w)
    print(f"{w:5} {1e3 * split:7.1f} {1e3 * median[w, 1] / w:7.1f}")
