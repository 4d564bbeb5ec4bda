# resume.sh -- training that is interrupted goes on as if it had not been.
. "$TESTS/cli/tiny.bash"

tiny_text >text
interrupted recur train lm --train text --out parts.model --hidden 8 --batch 4 --seq 16 --epochs 0 \
    --quiet
sed 's/step [0-9]*/step #/' err
cat out
steps=$((there + 50))
recur resume parts.model --quiet --threads 3 --steps $steps |
    grep -v '^speed' | hide_numbers | sed 's/[0-9][0-9,]*/#/g'
tiny_train whole.model --epochs 0 --steps $steps >/dev/null
for part in whole parts; do
    recur info $part.model --json | grep crc32 >$part
done
cmp whole parts

echo "# nothing left, then more"
recur resume parts.model 2>&1 | grep 'nothing was left'
recur resume parts.model --steps $((steps + 10)) --json 2>/dev/null |
    grep -c "\"steps\": $((steps + 10))"
recur resume parts.model --steps $((steps + 5)) 2>&1 | grep 'nothing was left'

echo "# not there"
! recur resume nothing.model
rm text
! recur resume parts.model
