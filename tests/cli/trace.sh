# trace.sh -- units over a text: as numbers, in colours, as JSON and as a page.
. "$TESTS/cli/tiny.bash"
tiny_train a.model --layers 2 >/dev/null
printf 'the cat 4 sat\non the mat\n' >short

recur trace a.model short --unit 3 --unit 0 --layer 1 --vector f >numbers
hide_numbers <numbers | sed 's/: [a-z-]*,/: PROPERTY,/' | head -n 6
wc -l <numbers
recur trace a.model --unit 3 --unit 0 --layer 1 --vector f <short | cmp numbers -
recur trace a.model short --unit 3 --unit 0 --layer 1 --vector f --show 2 | wc -l

echo "# units that follow something"
recur trace a.model text --top 2 --about digit --show 1 | sed 's/unit [0-9]*/unit N/' | hide_numbers
recur trace a.model text --top 8 --show 1 | awk -F '= ' '/^#/ { print ($2 < 0 ? -$2 : $2) }' |
    sort -c -r -g
recur list properties | head -n 3

echo "# colours"
recur trace a.model short --unit 1 --color | sed 's/\x1b\[[0-9;]*m//g' | sed 's/:.*//; s/ *$//'
(($(recur trace a.model short --unit 1 --color | grep -oE '48;5;[0-9]+' | sort -u | wc -l) > 2))

echo "# JSON and HTML"
recur trace a.model short --top 2 --json >json
grep -o '"count": [0-9]*' json
grep -o '"symbols": \["t", "h", "e", " ",' json
recur trace a.model short --top 2 --html page.html
grep -c '<h2>Unit' page.html
! grep -E 'href|src=|url\(http' page.html
tail -n 1 page.html
printf 'a <cat> & "rat"\n' >marks
recur train lm --train text marks --level byte --out b.model --hidden 4 \
    --batch 2 --steps 2 --quiet >/dev/null
recur trace b.model marks --top 1 --html - | sed 's/<[^>]*>//g' | grep '&lt;'

echo "# words"
recur train lm --train text --level word --out w.model --hidden 4 --batch 2 --steps 2 --quiet \
    >/dev/null
recur trace w.model short --unit 0 | cut -f 1 | sed 's/: .*/: PROPERTY/'

echo "# what cannot be"
! recur trace a.model short --layer 3
! recur trace a.model short --vector z
! recur trace a.model short --unit 8
! recur trace a.model short --about quote
! recur trace a.model nothing
! recur trace a.model </dev/null
printf 'a\xff' >bad
! recur trace a.model bad
recur train ngram --train text --out n.model --quiet >/dev/null
! recur trace n.model short
