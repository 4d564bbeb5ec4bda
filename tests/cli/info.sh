# info.sh -- what a model says of itself: text, JSON, vocabulary, curve and picture.
. "$TESTS/cli/tiny.bash"
tiny_train a.model --valid-every 20 >/dev/null

recur info a.model >info
grep -E '^(task|cell|level|parameters)' info
grep -A 100 '^tensor' info | sed -E 's/ [0-9a-f]{8}$/ CRC/; s/[0-9.]+ +(-|[0-9.]+) +[0-9.]+$/#/'

echo "# JSON"
recur info a.model --json >json
for key in parameters facts config tensors vocabulary history symbols crc32 shape; do
    grep "\"$key\": " json >/dev/null
done
grep -A 3 '"step": 40,' json | grep -o '"step".*\|"epoch".*'
grep -o '"hidden": "8"' json

echo "# the vocabulary, one symbol a line"
recur info a.model --vocab | head -n 3
recur info a.model --vocab | wc -l

echo "# the curve"
COLUMNS=70 LC_ALL=C recur info a.model --curve | tr -d '.o0-9' | sed 's/ *$//' | sed -n '1,2p;18,$p'
recur info a.model --curve | wc -l
recur info a.model --svg curve.svg
grep -c '<polyline' curve.svg
tail -n 1 curve.svg
recur info a.model --svg - | cmp curve.svg -

echo "# the state is a model too; other things are not"
recur info a.model.state | grep '^task'
! recur info text 2>/dev/null
! recur info nothing
head -c 2000 a.model >short
! recur info short 2>/dev/null
