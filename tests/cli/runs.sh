# runs.sh -- trainings listed, compared and drawn from their logs; logs that are cut, foreign or
# empty.
. "$TESTS/cli/tiny.bash"
tiny_text >text
mkdir -p models/below

echo "# every training leaves a log"
tiny_train models/a.model --test-split 0.1 --lr 0.02 --report 0.01 >/dev/null
tiny_train models/below/b.model --cell gru --layers 2 --level word >/dev/null
tiny_train models/c.model --hidden 8,6 --layers 2 --steps 30 --log none >/dev/null
recur train ngram --train text --order 3 --out models/n.model --quiet >/dev/null
(cd models && find . -name '*.jsonl' | sort)
head -n 1 models/a.model.log.jsonl |
    grep -oE '"(event|model|again|step|measure|symbol|parameters|vocabulary)": [^,]*'
head -n 1 models/a.model.log.jsonl | grep -oE '"(task|lr|cell|test-split)": [^,}]*'
tail -n 1 models/a.model.log.jsonl | grep -oE '"(event|state|step|epoch)": [^,]*'

echo "# listed, sorted, in all forms"
recur runs models | tr -s ' ' | hide_numbers
recur runs models/below models/a.model --sort parameters --reverse | cut -d ' ' -f 1
(cd models/below && recur runs | cut -d ' ' -f 1)
recur runs models --csv | head -n 2 | cut -d , -f 1-7,11,13,17
recur runs models --json | grep -cE '"(name|valid|config|log)":'
recur runs models/n.model --json | grep -E '"(cell|parameters|step|state)":'

echo "# compared"
recur runs models/a.model models/below/b.model.log.jsonl --compare |
    grep -vE '^(begun|time|rate|tokens|step|epoch) ' | tr -s ' ' | hide_numbers
recur runs models/a.model models/below/b.model --compare --json | grep -A 3 '"cell": \['
! recur runs models/a.model --compare

echo "# drawn"
tiny_train models/d.model --valid-every 10 >/dev/null
tiny_train models/e.model --valid-every 10 --lr 0.05 >/dev/null
recur runs models/d.model models/e.model --svg curves.svg
recur runs models/d.model --svg - --over tokens | grep -c polyline
grep -c '<polyline' curves.svg
grep -o '>models/[de].model<' curves.svg
tail -n 1 curves.svg
recur runs models --curve | grep -oE ' [a-z] models[^ ]*' | wc -l
recur runs models/d.model --curve | head -n 1
for i in 1 2 3 4; do
    tiny_train more$i.model --steps 20 >/dev/null
done
recur runs . --svg many.svg
grep -c '<polyline' many.svg
grep -c '<circle' many.svg # a point alone
rm more?.model*

echo "# resumed: the log goes on; what was said of steps after the checkpoint is void"
recur resume models/a.model --steps 90 --quiet >/dev/null
grep -c '"event": "begin"' models/a.model.log.jsonl
recur runs models/a.model | grep -oE ' 90 .*finished$' | hide_numbers
cp models/a.model.log.jsonl void.log.jsonl
sed -n '1s/"again": false, "step": 0/"again": true, "step": 30/p' void.log.jsonl >>void.log.jsonl
recur runs void.log.jsonl --json | grep -E '"(step|best_step)":'

echo "# stopped, running, killed"
recur train lm --train text --out k.model --hidden 8 --batch 4 --seq 16 --epochs 0 --quiet \
    --report 0.01 --save-every 5 >/dev/null 2>&1 &
pid=$!
wait_for has k.model.log.jsonl 3 '"event": "saved"'
recur runs k.model | grep -o '[a-z]*$'
! recur train lm --train text --out other.model --log k.model.log.jsonl --quiet
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
recur runs k.model | grep -o '[a-z]*$'
recur resume k.model --epochs 0 --steps 1 --quiet >/dev/null
recur runs k.model | grep -o '[a-z]*$'
recur train lm --train text --out s.model --hidden 8 --batch 4 --seq 16 --epochs 0 --quiet \
    --report 0.01 >/dev/null 2>&1 &
pid=$!
wait_for has s.model.log.jsonl 1 '"event": "report"'
kill -TERM "$pid"
wait "$pid" || true
recur runs s.model | grep -o '[a-z]*$'

echo "# a log that a kill has cut, at every place of its last lines"
size=$(stat -c %s models/d.model.log.jsonl)
for ((at = 1; at < 400; at += 13)); do
    head -c $((size - at)) models/d.model.log.jsonl >cut.log.jsonl
    recur runs cut.log.jsonl >out
    [[ $(wc -l <out) == 2 ]] || echo "cut by $at: $(cat out)"
done
head -c $((size - 40)) models/d.model.log.jsonl >d.log.jsonl
cp models/d.model.state d.state
cp models/d.model d
recur resume d --steps 70 --quiet --log d.log.jsonl >/dev/null
recur runs d.log.jsonl | grep -oE ' 70 .*finished$' | hide_numbers

echo "# what is no log"
mkdir empty
recur runs empty
recur runs empty --json
recur runs empty --csv | cut -c 1-14
: >empty/a.log.jsonl
echo '{"event": "begin"}' >empty/b.log.jsonl
echo '[1, 2' >empty/c.log.jsonl
head -c 100000 /dev/zero >empty/d.log.jsonl
{
    echo '{"event": "begin", "config": {"task": 7, "hidden": [1]}, "step": "x"}'
    printf '7\n"x"\n{"event": 7}\n'
} >empty/e.log.jsonl
printf '{"event": "begin", "config": {}}\n{"event": "valid", "valid": 1e999, "step": -1e300}\n' \
    >empty/f.log.jsonl
ln -s ../models/a.model.log.jsonl empty/g.log.jsonl
recur runs empty | tr -s ' '
recur runs empty --json >/dev/null
recur runs empty --compare >/dev/null
! recur runs empty --curve
mkdir none
! recur runs none --curve
! recur runs none --svg none.svg
recur runs models/d.model --csv --svg csv.svg | wc -l
recur runs models/d.model --json --svg csv.svg | grep -c '"name"'
ls csv.svg
! recur runs text
! recur runs nothing
! recur runs models/c.model
! recur runs /dev/null
! recur runs models --sort size-of-it
! recur runs models --over time
! recur runs models --svg no/such.svg

echo "# events for TensorBoard"
tiny_train t.model --tensorboard events/t --json >/dev/null
ls events/t | sed -E 's/[0-9]{10}\.[0-9]{6}\..*/#/'
recur resume t.model --steps 80 --tensorboard events/t --quiet >/dev/null
ls events/t | wc -l
! recur train lm --train text --out u.model --tensorboard text --quiet
! recur train lm --train text --out u.model --tensorboard '' --quiet
ls u.model* 2>/dev/null || true

echo "# what is no log is not written over"
echo precious >notes.txt
train_one() { recur train lm --train text --hidden 4 --batch 2 --seq 8 --steps 4 --quiet "$@"; }
train_one --log notes.txt --out unlogged >/dev/null || echo "exit $?"
cat notes.txt
train_one --log both --out both >/dev/null || echo "exit $?"
