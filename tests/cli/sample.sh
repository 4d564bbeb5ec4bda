# sample.sh -- sampling: same seed, same text; the length, the end, the banned, the prompt.
. "$TESTS/cli/tiny.bash"
tiny_train a.model >/dev/null
tiny_train w.model --level word >/dev/null

echo "# same seed, same text; sample i of several is that of seed + i"
recur sample a.model --length 100 --seed 3 >one
recur sample a.model --length 100 --seed 3 | cmp one -
recur sample a.model --length 100 --seed 4 >two
! cmp -s one two
{ cat one; echo ---; cat two; } | cmp - <(recur sample a.model --length 100 --seed 3 --n 2)
recur sample a.model --length 100 --seed 3 --json | grep -o '"seed": 3'

echo "# the length"
for n in 0 1 50; do
    recur sample a.model --length $n --ban $'\n' --ban '<unk>' | wc -c
done

echo "# what is most probable has no seed"
recur sample a.model --length 40 --temperature 0 --seed 1 >one
recur sample a.model --length 40 --temperature 0 --seed 2 | cmp one -
recur sample a.model --length 40 --top-k 1 --seed 2 | cmp one -

echo "# banned symbols do not come"
! recur sample a.model --length 2000 --ban t --ban e | grep '[te]'
! recur sample a.model --ban Q
! recur sample w.model --ban dog

echo "# a prompt comes first; one that is not known is told"
recur sample a.model --prompt 'the cat' --length 0
recur sample a.model --prompt 'QQ' --length 0
recur sample w.model --prompt 'the cat' --length 1 --ban '<eos>' | cut -d ' ' -f 1,2

echo "# words end with the line, if the length comes not first"
recur sample w.model --length 1000 | wc -l
recur sample w.model --length 1000 --lines 3 | wc -l
recur sample w.model --length 5 --ban '<eos>' | wc -w

echo "# a reader that leaves"
set +e
recur sample a.model --length 1M | head -c 1 >/dev/null
echo "exit ${PIPESTATUS[0]}"
