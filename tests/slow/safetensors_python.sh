# safetensors_python.sh -- the Python package reads our models as they are, and a model that went
# through it opens here. PYTHON names another interpreter.
python=${PYTHON:-python3}
"$python" -c 'import numpy, safetensors.numpy' 2>/dev/null || {
    echo "skipped: $python has no packages numpy and safetensors" >&2
    exit 77
}

cat "$TESTS"/fuzz/*.c >corpus.txt
recur train lm --train corpus.txt --out model --level char --cell lstm --hidden 16 --steps 20 \
    --seed 1 --quiet

"$python" - model again <<'END'
import json
import sys
import zlib

import numpy
from safetensors import safe_open
from safetensors.numpy import save_file

path, again = sys.argv[1:]
raw = open(path, "rb").read()
size = int.from_bytes(raw[:8], "little")
header, data = raw[8 : 8 + size], raw[8 + size :]
entries = json.loads(header)
words = entries.pop("__metadata__")
kinds = {"F32": "<f4", "F64": "<f8", "I8": "i1", "U8": "u1", "I32": "<i4", "I64": "<i8"}

# The layout is what docs/format.md says.
assert (8 + size) % 64 == 0
zeros = header.replace(words["recur.crc32.header"].encode(), b"00000000")
assert words["recur.crc32.header"] == "%08x" % zlib.crc32(zeros)
assert words["recur.crc32.data"] == "%08x" % zlib.crc32(data)

# The package sees the same tensors and words.
tensors = {}
with safe_open(path, "numpy") as f:
    assert f.metadata() == words
    assert set(f.keys()) == set(entries)
    for name in f.keys():
        entry = entries[name]
        begin, end = entry["data_offsets"]
        want = numpy.frombuffer(data[begin:end], kinds[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = f.get_tensor(name)
        assert tensors[name].dtype == want.dtype and tensors[name].shape == want.shape
        assert tensors[name].tobytes() == want.tobytes()
assert tensors

save_file(tensors, again, {k: v for k, v in words.items() if not k.startswith("recur.crc32.")})
END

for model in model again; do
    recur eval "$model" corpus.txt --json | sed 's/, "tokens_per_second.*//' >"$model.json"
done
cmp model.json again.json
