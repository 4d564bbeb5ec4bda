# score.sh -- scoring lines: the sum is that of eval, the trace shows how it comes about.
. "$TESTS/cli/tiny.bash"
tiny_train a.model >/dev/null
tiny_train w.model --level word >/dev/null

echo "# line, tokens, log-probability"
head -n 2 text | recur score a.model | hide_numbers
printf 'the cat' | recur score w.model | hide_numbers
printf '\n' | recur score w.model | hide_numbers

echo "# the sum over lines is eval --per-line"
recur score a.model text | awk '{ s -= $1; n += $2 } END { printf "%.4f\n", s / n }' >one
recur eval a.model text --per-line | sed -n 's/^nats.token *//p' | cmp one -
recur score a.model - <text | cmp - <(recur score a.model text)

echo "# the trace: probabilities multiply to the whole, ranks fit"
echo 'the cat' | recur score w.model --trace --best 2 | awk 'NR > 1 { print NF, $1 }'
echo 'the cat' | recur score w.model --trace --best 0 |
    awk 'NR == 1 { whole = $1 } NR > 2 { s += log($2); if ($3 < 1) bad = 1 }
         END { print (s - whole < 1e-3 && whole - s < 1e-3 && !bad) ? "agree" : "disagree" }'
echo 'the cat' | recur score w.model --trace --json |
    grep -o '"rank"\|"best"\|"steps"' | sort | uniq -c

echo "# what is not known, what cannot be read"
echo 'the dog' | recur score w.model 2>&1 | hide_numbers
printf 'the\xff\n' | recur score a.model || echo "exit $?"
! recur score a.model nothing
