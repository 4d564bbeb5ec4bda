# search.sh -- many trainings and the best of them: drawn, all of a grid, by halves, going on after
# a kill, shared by two processes.
. "$TESTS/cli/tiny.bash"
tiny_text >text
small=(--train text --hidden 6 --batch 4 --seq 16 --quiet)
# Times and losses hidden, blanks single.
tidy() {
    sed -E 's/ [0-9.m]+s / # /; s/  +/ /g' | hide_numbers
}
search() {
    recur search lm "${small[@]}" "$@"
}

echo "# drawn at random"
search --steps 20 --vary lr=log:0.001..0.1 --vary cell=lstm,gru --trials 4 --dir a >one
tidy <one
ls a
recur runs a | wc -l
echo "# the same command finds all of it done; more trials are added to it; CSV and JSON"
before=$(cksum a/*.model a/*.state a/*.jsonl)
search --steps 20 --vary lr=log:0.001..0.1 --vary cell=lstm,gru --trials 4 --dir a | cmp one
[[ $(cksum a/*.model a/*.state a/*.jsonl) == "$before" ]]
search --steps 20 --vary lr=log:0.001..0.1 --vary cell=lstm,gru --trials 5 --dir a --csv >csv
head -n 1 csv
[[ $(wc -l <csv) == 6 ]]
search --steps 20 --vary lr=log:0.001..0.1 --vary cell=lstm,gru --trials 4 --dir a --json >json
grep -E '"(dir|state|cell|command)": ' json | sed -E 's/^ *//' | sort | uniq -c | hide_numbers
echo "# a trial depends on the seed and its number alone"
search --steps 20 --vary cell=lstm,gru --vary lr=log:0.001..0.1 --trials 2 --dir b >/dev/null
for i in 1 2; do
    cmp a/trial-00$i.model b/trial-00$i.model
done
echo "# and is what the command says"
sed -n 's/^again  *recur/recur/p' one >again
bash -c "$(cat again) --quiet" >/dev/null
cmp best.model a/trial-00$(sed -n 's/^best  *trial \([0-9]*\),.*/\1/p' one).model

echo "# another search in the same folder"
! search --steps 21 --vary lr=log:0.001..0.1 --vary cell=lstm,gru --trials 4 --dir a
! search --steps 20 --vary lr=log:0.002..0.1 --vary cell=lstm,gru --trials 4 --dir a
! search --steps 20 --vary lr=log:0.001..0.1 --vary cell=lstm,gru --grid --dir a
echo '{"vary"' >a/search.json
! search --steps 20 --vary lr=log:0.001..0.1 --vary cell=lstm,gru --trials 4 --dir a

echo "# a grid; options that do not fit together are left out; the test data is spared"
search --steps 10 --test-split 0.1 --vary hidden=4,6 --vary tied=true,false --embed 4 --grid \
    --dir g 2>err | tidy
cat err
! grep '"event": "test"' g/*.jsonl
search --steps 10 --test-split 0.1 --vary hidden=4,6 --grid --dir t --with-test --csv |
    cut -d , -f 2,9 | hide_numbers

echo "# without a grid, each once in another order"
search --steps 3 --vary hidden=1..4/4 --vary seed=1,2 --dir once 2>&1 >once.out
awk '/^ +[0-9]/ {print $2, $3}' once.out | sort | uniq -c | awk '{print $1}' | uniq -c

echo "# halving: all for an epoch, the best two for two, the best one to the end"
search --epochs 4 --vary lr=log:0.0001..0.1/4 --grid --halving 2 --dir h >two
awk '/^ +[0-9]/ {print $2, $3, $NF}' two
[[ $(grep -l '"state": "finished"' h/*.jsonl | wc -l) == 1 ]]
search --epochs 4 --vary lr=log:0.0001..0.1/4 --grid --halving 2 --dir h | cmp two

echo "# killed at any moment, it goes on and ends where an undisturbed one does"
long=(--epochs 4 --vary lr=log:0.001..0.1 --trials 3 --save-every 7 --halving 2 --report 0.01)
search "${long[@]}" --dir whole | tidy | sed 's/whole/#/' >whole.out
killed_often parts recur search lm "${small[@]}" "${long[@]}" --dir parts
search "${long[@]}" --dir parts | tidy | sed 's/parts/#/' | cmp - whole.out
for i in 1 2 3; do
    cmp whole/trial-00$i.model parts/trial-00$i.model
done

echo "# two processes share it"
shared=(--steps 40 --vary lr=log:0.001..0.1 --trials 6 --dir shared)
recur search lm "${small[@]}" "${shared[@]}" >out1 2>err1 &
pid=$!
recur search lm "${small[@]}" "${shared[@]}" >out2 2>err2
wait "$pid"
for i in 1 2; do # what is not finished is said to be elsewhere
    ! grep -q ' running$' out$i || grep -q 'still running elsewhere' err$i || cat out$i
done
cat out1 out2 | grep -c finished | awk '{ print ($1 >= 6 ? "all" : $1) }' # the last has seen all
search "${shared[@]}" | grep -c finished
grep -h '"event": "begin"' shared/*.jsonl | wc -l

echo "# one that is still at work elsewhere"
recur search lm "${small[@]}" --vary steps=20,100000000 --grid --dir busy >/dev/null 2>&1 &
pid=$!
wait_for has busy/trial-002.model.log.jsonl 1 begin
search --vary steps=20,100000000 --grid --dir busy | awk '/^ +[0-9]/ {print $2, $NF}'
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
search --vary steps=20,100000000 --grid --dir busy --time 0.01 |
    awk '/^ +[0-9]/ {print $2, $NF}'

echo "# other data under the same name"
cp text changing
search --train changing --steps 5 --vary lr=0.1,0.2 --grid --dir data >/dev/null
echo more >>changing
! search --train changing --steps 5 --vary lr=0.1,0.2 --grid --dir data
head -n 300 text >changing
search --train changing --steps 5 --vary lr=0.1,0.2 --grid --dir data >/dev/null
mv changing moved # the same data goes on, whatever its name
! search --train changing --steps 5 --vary lr=0.1,0.2 --grid --dir data
search --train moved --steps 5 --vary lr=0.1,0.2 --grid --dir data >/dev/null
! search --train moved --steps 6 --vary lr=0.1,0.2 --grid --dir data
sed -i '/"zoneout"/d' data/search.json # an option that older programs had not
search --train moved --steps 5 --vary lr=0.1,0.2 --grid --dir data >/dev/null
! search --train moved --zoneout 0.1 --steps 5 --vary lr=0.1,0.2 --grid --dir data
mv moved changing
search --train changing --steps 5 --vary lr=0.1,0.2 --grid --dir data >/dev/null
sed -i '/"data": \[/,/^  \]/d; s/^  },$/  }/' data/search.json # as older programs wrote it
! grep '"crc"' data/search.json
search --train changing --steps 5 --vary lr=0.1,0.2 --grid --dir data >/dev/null

echo "# what never began holds nothing back"
! search --train absent --steps 5 --vary lr=0.1,0.2 --grid --dir began
cp text absent
search --train absent --steps 5 --vary lr=0.1,0.2 --grid --dir began >/dev/null

echo "# a limit of time, and one training that goes bad"
search --epochs 0 --vary lr=0.01,0.02 --time 0.2 --dir limit >out
awk '/^ +[0-9]/ {print $2, $NF}' out
search --steps 200 --optimizer sgd --clip 0 --vary lr=0.1,1e6 --grid --cell relu --init normal:3 \
    --dir bad | awk '/^ +[0-9]/ {print $2, $NF}'

echo "# events for TensorBoard, a folder for each"
search --steps 5 --vary lr=0.1,0.2 --grid --tensorboard events --dir tb >/dev/null
ls events

echo "# what cannot be searched"
! search --dir x --vary lr=
! search --dir x --vary lr=1,2 --valid-split 0
! search --dir x --vary lr=0.1..0.2 --grid
! search --dir x --vary lr=0.1,0.2 --vary lr=1,2
! search --dir x --vary lrr=1,2
! search --dir x --vary hidden=0..4
! search --dir x --vary order=2,3
! search --dir x
! search --vary lr=0.1,0.2
! search --dir text --vary lr=0.1,0.2
! search --dir no/such/folder --vary lr=0.1,0.2
! search --dir '' --vary lr=0.1,0.2
! search --dir x --vary epochs=1,2 --halving 2
! search --dir x --vary seed=1..1000/1000 --vary lr=0..1/1000 --grid
! recur search lm --train nothing --vary lr=0.1,0.2 --dir y --trials 2 --quiet
! recur search lm --vary lr=0.1,0.2 --dir y
! recur search lm --train - --vary lr=0.1,0.2 --dir y
ls x 2>/dev/null || true

echo "# a folder with trials of who knows what"
mkdir foreign
echo precious >foreign/trial-001.model
search --vary lr=0.1,0.2 --grid --dir foreign || echo "exit $?"
cat foreign/trial-001.model
