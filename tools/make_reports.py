#!/usr/bin/env python3
"""make_reports.py -- reports of random labels, worked out a second time, for report_measure_test.c.

    tools/make_reports.py [FILE]         FILE is tests/golden/reports.txt unless given

Nothing of this is made from our sources. Spans are found word by word from the definitions of the
schemes (and, for broken tags, from what conlleval's manual says of them: a tag inside that nothing
has begun begins a span, another type ends one); rates by sets and dictionaries in exact fractions,
calibration and percentiles as their papers write them. Needs Python alone.

A case is:

    case NAME
    labels NAME NAME ...                 in the order of ids
    seq GOLD... | SAID... [| P...]       numbers of labels; one line for every sequence
    want KEY VALUE...                    what must come out
    end
"""
import random
import sys
from fractions import Fraction

SCHEMES = {"iob1": "BI", "iob2": "BI", "iobes": "BIES", "bilou": "BILU"}
BINS = 15


# ---- tags and spans ------------------------------------------------------------------------------

def write(scheme, spans, n):
    """The tags of spans (begin, end, type) that do not overlap."""
    tags = ["O"] * n
    for begin, end, kind in spans:
        for i in range(begin, end):
            first, last = i == begin, i == end - 1
            if scheme == "iob1":
                beside = any(e == begin and k == kind for _, e, k in spans)
                mark = "B" if first and beside else "I"
            elif scheme == "iob2":
                mark = "B" if first else "I"
            else:
                single, end_mark = ("S", "E") if scheme == "iobes" else ("U", "L")
                mark = single if first and last else "B" if first else end_mark if last else "I"
            tags[i] = f"{mark}-{kind}" if kind else mark
    return tags


def spans_of(tags):
    """Walk the words with the span at hand in one hand."""
    found, at_hand = [], None  # [begin, type], and whether the word before closed it
    closed = True
    for i, tag in enumerate(tags):
        mark, _, kind = tag.partition("-")
        if mark == "O":
            if at_hand:
                found.append((at_hand[0], i, at_hand[1]))
            at_hand, closed = None, True
            continue
        goes_on = at_hand and not closed and mark in "IEL" and kind == at_hand[1]
        if not goes_on:
            if at_hand:
                found.append((at_hand[0], i, at_hand[1]))
            at_hand = (i, kind)
        closed = mark in "ELSU"
    if at_hand:
        found.append((at_hand[0], len(tags), at_hand[1]))
    return found


# ---- rates ---------------------------------------------------------------------------------------

def rates(gold, said, right):
    p = Fraction(right, said) if said else Fraction(0)
    r = Fraction(right, gold) if gold else Fraction(0)
    return p, r, (2 * p * r / (p + r) if p + r else Fraction(0))


def num(x):
    return repr(float(x))


def want_labels(sequences, names):
    """Rows of labels, accuracy and the three means."""
    pairs = [(g, s) for seq in sequences for g, s in zip(seq[0], seq[1])]
    n, right = len(pairs), sum(g == s for g, s in pairs)
    yield f"labels {n} {right} {sum(seq[0] == seq[1] for seq in sequences)}"
    yield f"accuracy {num(Fraction(right, n))}"
    rows = []
    for i, name in enumerate(names):
        gold, said = sum(g == i for g, _ in pairs), sum(s == i for _, s in pairs)
        hit = sum(g == s == i for g, s in pairs)
        if gold + said:
            rows.append((gold, rates(gold, said, hit)))
            yield f"label {name} {gold} {said} {hit} " + " ".join(num(x) for x in rows[-1][1])
    macro = [sum(f[k] for _, f in rows) / len(rows) for k in range(3)]
    weighted = [sum(g * f[k] for g, f in rows) / n for k in range(3)]
    yield "macro " + " ".join(map(num, macro))
    yield "weighted " + " ".join(map(num, weighted))
    counts = {}
    for pair in pairs:
        counts[pair] = counts.get(pair, 0) + 1
    order = sorted(counts, key=lambda p: (-counts[p], p))
    for g, s in order:
        yield f"pair {names[g]} {names[s]} {counts[g, s]}"


def want_spans(sequences, names):
    gold, said, types, whole = set(), set(), set(), 0
    for k, seq in enumerate(sequences):
        a = {(k, *x) for x in spans_of([names[i] for i in seq[0]])}
        b = {(k, *x) for x in spans_of([names[i] for i in seq[1]])}
        gold, said, whole = gold | a, said | b, whole + (a == b)
    types = sorted({x[3] for x in gold | said})
    for kind in types + [None]:
        a = {x for x in gold if kind is None or x[3] == kind}
        b = {x for x in said if kind is None or x[3] == kind}
        word = "spans" if kind is None else f"type {kind or '-'}"
        numbers = " ".join(num(x) for x in rates(len(a), len(b), len(a & b)))
        yield f"{word} {len(a)} {len(b)} {len(a & b)} {numbers}"
    yield f"span_whole {whole}"


def want_calibration(sequences):
    """Guo et al. 2017, section 2: bins ((m-1)/M, m/M]."""
    triples = [t for seq in sequences for t in zip(*seq)]
    total = 0.0
    for m in range(1, BINS + 1):
        lo, hi = (m - 1) / BINS, m / BINS
        inside = [t for t in triples if (lo < t[2] or m == 1) and t[2] <= hi]
        if not inside:
            continue
        accuracy = sum(g == s for g, s, _ in inside) / len(inside)
        confidence = sum(p for _, _, p in inside) / len(inside)
        total += len(inside) / len(triples) * abs(accuracy - confidence)
        yield f"bin {m - 1} {len(inside)} {accuracy!r} {confidence!r}"
    yield f"ece {total!r}"


# ---- cases ---------------------------------------------------------------------------------------

def random_spans(rng, n, kinds):
    spans, at = [], 0
    while at < n:
        if rng.random() < 0.5:
            end = min(n, at + rng.randint(1, 4))
            spans.append((at, end, rng.choice(kinds)))
            at = end
        else:
            at += 1
    return spans


def case(out, name, sequences, names, spans=None, sure=False):
    out.append(f"case {name}")
    out.append("labels " + " ".join(names))
    for seq in sequences:
        parts = [" ".join(map(str, seq[0])), " ".join(map(str, seq[1]))]
        if sure:
            parts.append(" ".join(map(repr, seq[2])))
        out.append("seq " + " | ".join(parts))
    lines = list(want_labels(sequences, names))
    if spans:
        lines += [f"scheme {spans}"] + list(want_spans(sequences, names))
    if sure:
        lines += list(want_calibration(sequences))
    out.extend("want " + line for line in lines)
    out.append("end")


def tagged(rng, scheme, broken, kinds):
    names, sequences = [], []

    def number(tag):
        if tag not in names:
            names.append(tag)
        return names.index(tag)

    marks = SCHEMES[scheme]
    for _ in range(rng.randint(4, 12)):
        n = rng.randint(1, 14)
        gold = write(scheme, random_spans(rng, n, kinds), n)
        said = write(scheme, random_spans(rng, n, kinds), n) if rng.random() < 0.3 else list(gold)
        for i in range(n):
            if rng.random() < broken:
                kind = rng.choice(kinds)
                mark = rng.choice(marks + "O")
                said[i] = "O" if mark == "O" else f"{mark}-{kind}" if kind else mark
        sequences.append(([number(t) for t in gold], [number(t) for t in said]))
    return sequences, names


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else "tests/golden/reports.txt"
    rng, out = random.Random(2000), []
    for scheme in SCHEMES:
        for broken in (0, 0.2):
            for kinds in (["PER", "LOC", "NP-SBJ"], [""]):
                sequences, names = tagged(rng, scheme, broken, kinds)
                name = f"{scheme}-{'broken' if broken else 'clean'}-{len(kinds)}"
                case(out, name, sequences, names, spans=scheme)
    for V in (2, 5, 40):
        names = [f"class{i}" for i in range(V)]
        sequences = []
        for _ in range(30):
            gold = rng.randrange(V)
            said = gold if rng.random() < 0.7 else rng.randrange(V)
            p = rng.choice([rng.random(), rng.randint(0, BINS) / BINS])
            sequences.append(([gold], [said], [p]))
        case(out, f"classes-{V}", sequences, names, sure=True)
    with open(path, "w") as f:
        f.write("# made by tools/make_reports.py\n" + "\n".join(out) + "\n")


main()
