#!/usr/bin/env python3
"""torch_tagger.py -- a BiLSTM-CRF with a BiLSTM over characters (Lample et al. 2016) in PyTorch, trained on CoNLL-2003 as
`recur train tag` trains it in tagger.sh: words of 100 numbers, characters 25 and 25, 100 units a direction, dropout 0.5,
Adam, the norm clipped at 5. Tokens per second of whole steps.

usage: torch_tagger.py FILE.xz BATCH THREADS STEPS [HOW]

HOW: all (default: characters of every token of a batch, as common implementations have it), unique (of every different
token once, as recur does). Lengths are packed, not padded; the forward algorithm takes a step of the whole batch at a time.
"""
import json
import lzma
import random
import sys
import time

import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

path, B, threads, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
how = sys.argv[5] if len(sys.argv) > 5 else "all"
torch.set_num_threads(threads)
torch.set_flush_denormal(True)
torch.manual_seed(1)
random.seed(1)


def read():
    sentences, words, tags = [], [], []
    with lzma.open(path, "rt", encoding="utf-8") as f:
        for line in f:
            parts = line.split()
            if parts and parts[0] != "-DOCSTART-":
                words.append(parts[0])
                tags.append(parts[-1])
            elif not parts and words:
                sentences.append((words, tags))
                words, tags = [], []
    return sentences


def number(names):
    return {name: i + 1 for i, name in enumerate(sorted(set(names)))}


def fold(word):
    return "".join("0" if c.isdigit() else c for c in word.lower())


data = read()
word_id = number(fold(w) for s in data for w in s[0])
char_id = number(c for s in data for w in s[0] for c in w)
tag_id = {t: i for i, t in enumerate(sorted({t for s in data for t in s[1]}))}
K = len(tag_id)
data = [
    (
        torch.tensor([word_id[fold(w)] for w in words]),
        [torch.tensor([char_id[c] for c in w]) for w in words],
        words,
        torch.tensor([tag_id[t] for t in tags]),
    )
    for words, tags in data
]


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(len(word_id) + 1, 100)
        self.chars = nn.Embedding(len(char_id) + 1, 25)
        self.char_rnn = nn.LSTM(25, 25, bidirectional=True)
        self.rnn = nn.LSTM(150, 100, bidirectional=True)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(200, K)
        self.trans = nn.Parameter(torch.zeros(K, K))
        self.first = nn.Parameter(torch.zeros(K))
        self.last = nn.Parameter(torch.zeros(K))

    def characters(self, spelled):
        lengths = torch.tensor([len(s) for s in spelled])
        x = self.drop(self.chars(pad_sequence(spelled)))
        _, (h, _) = self.char_rnn(pack_padded_sequence(x, lengths, enforce_sorted=False))
        return torch.cat((h[0], h[1]), 1)

    def forward(self, batch):
        lengths = torch.tensor([len(s[0]) for s in batch])
        if how == "unique":
            place, spelled = {}, []
            for s in batch:
                for w, c in zip(s[2], s[1]):
                    if w not in place:
                        place[w] = len(spelled)
                        spelled.append(c)
            made = self.characters(spelled)
            chars = [made[torch.tensor([place[w] for w in s[2]])] for s in batch]
        else:
            made = self.characters([c for s in batch for c in s[1]])
            chars = made.split([len(s[0]) for s in batch])
        x = torch.cat((self.words(pad_sequence([s[0] for s in batch])), pad_sequence(list(chars))), 2)
        y, _ = self.rnn(pack_padded_sequence(self.drop(x), lengths, enforce_sorted=False))
        score = self.out(self.drop(pad_packed_sequence(y)[0]))
        return self.field(score, pad_sequence([s[3] for s in batch]), lengths)

    def field(self, x, y, lengths):
        steps, count = y.shape
        alive = torch.arange(steps).unsqueeze(1) < lengths.unsqueeze(0)
        a = self.first + x[0]
        for t in range(1, steps):
            b = torch.logsumexp(a.unsqueeze(2) + self.trans, 1) + x[t]
            a = torch.where(alive[t].unsqueeze(1), b, a)
        right = (x.gather(2, y.unsqueeze(2)).squeeze(2) * alive).sum() + self.first[y[0]].sum()
        right = right + (self.trans[y[:-1], y[1:]] * alive[1:]).sum()
        right = right + self.last[y[lengths - 1, torch.arange(count)]].sum()
        return torch.logsumexp(a + self.last, 1).sum() - right


model = Tagger().train()
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
order = random.sample(range(len(data)), len(data))
tokens, begin, warm = 0, time.perf_counter(), 3
for step in range(steps + warm):
    if step == warm:
        tokens, begin = 0, time.perf_counter()
    batch = [data[order[(step * B + i) % len(order)]] for i in range(B)]
    n = sum(len(s[0]) for s in batch)
    loss = model(batch) / n
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    tokens += n
print(json.dumps({"tokens_per_second": tokens / (time.perf_counter() - begin), "torch": torch.__version__}))
