# tensorboard.sh -- event files are what TensorBoard reads: records, checksums and fields taken
# apart by Python alone, and by TensorBoard's own reader where it is. PYTHON names another
# interpreter.
. "$TESTS/cli/tiny.bash"
python=${PYTHON:-python3}
"$python" -c 'import struct' 2>/dev/null || { echo "skipped: there is no $python" >&2; exit 77; }
tiny_text >text
tiny_train a.model --epochs 0 --steps 2500 --valid-every 500 --test-split 0.1 --save-every 100 \
    --tensorboard events --quiet >/dev/null
recur resume a.model --epochs 0 --steps 3000 --tensorboard events --quiet >/dev/null
cat >read.py <<'END'
import glob
import json
import math
import struct

TABLE = []
for i in range(256):
    for _ in range(8):
        i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
    TABLE.append(i)


def masked(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 255]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    while data:
        (n,), (crc,) = struct.unpack("<Q", data[:8]), struct.unpack("<I", data[8:12])
        assert crc == masked(data[:8])
        assert struct.unpack("<I", data[12 + n : 16 + n])[0] == masked(data[12 : 12 + n])
        yield data[12 : 12 + n]
        data = data[16 + n :]


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            n = {1: 8, 5: 4}.get(key & 7)
            if n is None:
                n, at = varint(data, at)
            value, at = data[at : at + n], at + n
        yield key >> 3, value


files = sorted(glob.glob("events/events.out.tfevents.*"))
assert len(files) == 2
points, restarts = {}, []
for path in files:
    for i, record in enumerate(records(open(path, "rb").read())):
        event = list(fields(record))
        named = dict(event)
        assert struct.unpack("<d", named[1])[0] > 1.6e9
        assert (named.get(3) == b"brain.Event:2") == (i == 0)
        step = named.get(2, 0)
        if 7 in named:
            assert dict(fields(named[7])) == {1: 1}
            restarts.append(step)
            points = {k: v for k, v in points.items() if k[1] < step}
        for number, value in fields(named.get(5, b"")):
            parts = dict(fields(value))
            assert number == 1 and set(parts) == {1, 2}
            points[parts[1].decode(), step] = struct.unpack("<f", parts[2])[0]
assert restarts == [2501]

# The steps: all up to 1000, then every tenth.
due = list(range(1, 1001)) + list(range(1010, 3001, 10))
for tag in "train/loss", "train/lr", "train/grad_norm":
    assert [step for name, step in points if name == tag] == due, tag
assert all(points["train/tokens_per_second", step] > 0 for step in due[20:])

# The validations are those of the log and of the model.
log = [json.loads(line) for line in open("a.model.log.jsonl")]
for event in "valid", "test":
    said = {e["step"]: e for e in log if e["event"] == event}
    assert {step for name, step in points if name == event + "/loss"} == set(said)
    for step, e in said.items():
        assert math.isclose(points[event + "/loss", step], e["valid"], rel_tol=1e-6)
        assert math.isclose(points[event + "/perplexity", step], math.exp(e["valid"]), rel_tol=1e-5)
        bits = points[event + "/bits_per_char", step]
        assert math.isclose(bits, e["bits_per_char"], rel_tol=1e-6)

# TensorBoard sees the same.
try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
except ImportError:
    print("by hand")
else:
    seen = EventAccumulator("events", size_guidance={"scalars": 0})
    seen.Reload()
    tags = {name for name, step in points}
    assert set(seen.Tags()["scalars"]) == tags
    for tag in tags:
        got = {e.step: e.value for e in seen.Scalars(tag)}
        assert got == {step: value for (name, step), value in points.items() if name == tag}, tag
    print("by hand and by TensorBoard")
END
"$python" read.py >&2
