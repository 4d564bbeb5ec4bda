# xray.sh -- a model looked into: tables, JSON, pictures; trained, fresh, of series.
. "$TESTS/cli/tiny.bash"
tiny_train a.model --layers 2 >/dev/null
look=(recur xray a.model text --length 20 --windows 4)

"${look[@]}" >tables
sed -E 's/[0-9.e+-]*[0-9]$//' tables | grep -vE '[│└┘●|+]' | grep -E '^[a-zA-Z0-9]' |
    awk '{ print $1, $2, $3 }' | sed -E 's/ -?[0-9.]+(e[-+][0-9]+)?//g'

echo "# JSON"
"${look[@]}" --json >json
for key in data steps windows loss layers gradient jacobian recurrent gates half_life; do
    grep "\"$key\": " json >/dev/null
done
grep -c '"distance": 19,' json
grep '"steps"\|"windows"' json
"${look[@]}" --json --threads 3 | cmp json -

echo "# pictures: one file each, and nothing from elsewhere"
"${look[@]}" --html page.html --svg curve.svg
grep -c '<svg' page.html
! grep -E 'href|src=|url\(http' page.html
tail -n 1 page.html curve.svg
"${look[@]}" --html - | cmp page.html -

echo "# fresh: half of a change is left at every step, where tanh is not bent"
recur xray lm --train text --cell tanh --hidden 6 --init 'zero,*weight_hh*=identity:0.5' \
    --length 12 --windows 2 | grep -A 3 '^jacobian\|^recurrent'
recur xray lm --train text --cell none --length 5 --windows 2 | grep -A 2 '^jacobian'
recur xray lm --train text --cell gru --hidden 9 --exact 3 --length 5 --windows 2 |
    grep -A 2 '^jacobian' | hide_numbers

echo "# series, in both directions"
printf '%s\n' '@classLabel true up down' 1,2,3:up 3,2:down 0,4:up 5,1,0:down >ways.ts
recur xray series --train ways.ts --hidden 5 --bidirectional --windows 4 |
    grep -A 1 'windows\|^gradient' | hide_numbers

echo "# what cannot be"
! recur xray
! recur xray a.model
! recur xray a.model text --cell gru
! recur xray lm --cell gru
! recur xray lm text --train text
! recur xray a.model nothing
: >empty
! recur xray a.model empty
echo 12 >tiny
! recur xray a.model tiny
! recur xray a.model text --windows 60000
! recur xray lm --train tiny
recur xray a.model text --windows 500 | grep windows | hide_numbers
recur xray a.model text --windows 500 --quiet | grep -c windows
recur xray series --train ways.ts --hidden 5 --windows 9 | grep -c windows
! recur xray a.model text --length 1
! recur xray a.model text --html nowhere/page.html
recur train ngram --train text --out n.model --quiet >/dev/null
! recur xray n.model text
