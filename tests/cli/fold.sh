# fold.sh -- running text in small letters and without digits: whoever reads it, it is the same.
. "$TESTS/cli/tiny.bash"
tiny_text | sed 's/^the/The/' >text
tr a-z A-Z <text >loud
small=(--hidden 8 --batch 4 --seq 16 --steps 60 --quiet)
symbols() {
    recur info "$1" --vocab | cut -f 3 | sort | tr '\n' ' '
    echo
}
figures() {
    recur eval "$@" --json | grep -o '"nats_per_token": [0-9.]*\|"unknown": [0-9]*'
}
scores() {
    recur score "$1" | cut -f 1,2
}

echo "# words, characters"
for level in word char; do
    recur train lm --level $level --lower --digits --train text --out $level.model "${small[@]}" \
        >/dev/null
    symbols $level.model
    recur eval $level.model loud | grep unknown
    diff <(figures $level.model text) <(figures $level.model loud)
    diff <(head -n 3 text | scores $level.model) <(head -n 3 loud | scores $level.model)
    recur sample $level.model --prompt 'THE CAT 7' --length 0
done
recur info word.model | grep -- --lower
look() {
    recur xray word.model --length 4 --windows 2 - | grep -o 'loss at .*'
}
diff <(look <loud) <(look <text)
recur train lm --level word --lower --digits --train loud --out loud.model "${small[@]}" >/dev/null
tensors() { recur info "$1" --json | grep crc32; }
diff <(tensors word.model) <(tensors loud.model)

echo "# validation and counting"
recur train ngram --level word --order 2 --lower --train text --valid loud --out n.model --quiet |
    grep valid | hide_numbers
figures n.model loud | grep unknown
recur train embed --lower --digits --train loud --embed 4 --out e.model --quiet >/dev/null
symbols e.model
recur nearest e.model CAT --best 1 | wc -l
diff <(recur nearest e.model mat) <(recur nearest e.model Mat)

echo "# only letters, only digits"
recur train ngram --order 1 --level word --digits --train text --out d.model --quiet >/dev/null
symbols d.model

echo "# interrupted"
run=(--train text --level word --lower --hidden 8 --batch 4 --seq 16 --epochs 0 --quiet)
interrupted recur train lm "${run[@]}" --out parts.model
recur resume parts.model --quiet --steps $((there + 10)) >/dev/null
recur train lm "${run[@]}" --out whole.model --steps $((there + 10)) >/dev/null
diff <(tensors whole.model) <(tensors parts.model)

echo "# no meaning"
! recur train lm --train text --out no.model --level byte --lower
! recur train ngram --train text --out no.model --level byte --digits
! recur eval char.model text --source coin:0.3
! recur train series --train text --out no.model --lower
ls no.model* 2>/dev/null | wc -l
