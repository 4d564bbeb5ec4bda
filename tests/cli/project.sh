# project.sh -- words in a plane: places, sections and links, the picture, what is left out or
# refused.
printf '%s\n' '8 3' 'king 6 8 0' 'queen -6 -8 0' 'man 0 0 5' 'woman 0 0 -5' 'boy 3 4 0' \
    'girl -3 -4 0' '<&> 1 2 3' 'käse 3 2 1' >v.txt
recur project v.txt king queen man woman boy girl
recur project v.txt king queen man woman boy girl --json --unit | sed 's/, "words".*//'
printf ': royals\nking queen\nKing Queen\n\n: people\tand more\nman woman boy girl\nboy\n' >words
recur project v.txt --words words
cmp <(recur project v.txt --words words) <(recur project v.txt --words - <words)
sed 's/$/\r/' words >dos
cmp <(recur project v.txt --words words --json) <(recur project v.txt --words dos --json)
recur project v.txt --words words --json | sed 's/"x": [-0-9.e]*, "y": [-0-9.e]*/at/g'
printf 'king boy man\nman king\n' | recur project v.txt --words - --json | grep -o '"links.*'

echo "# t-SNE"
recur project v.txt king queen man woman boy girl --method tsne | head -n 1
recur project v.txt --words words --method tsne --perplexity 1.5 --threads 1 --json >one
recur project v.txt --words words --method tsne --perplexity 1.5 --threads 3 --json | cmp - one
grep -o '"variance".*"perplexity": [0-9.]*' one

echo "# the picture"
recur project v.txt --words words --svg words.svg
recur project v.txt --words words --svg - | cmp - words.svg
head -c 4 words.svg; tail -n 1 words.svg
for mark in '<circle' '<title' '>king</text>' '>people' ' of the variance' '6 words of v.txt'; do
    echo "$mark: $(grep -c "$mark" words.svg || true)"
done
recur project v.txt king '<&>' käse --svg - --title 'A & B' | grep -o '>[^<]*&[^<]*<\|>käse<'
printf ': one\nking queen\nman\n' | recur project v.txt --words - --svg one.svg --quiet
grep -o '>[^<]*words of[^<]*<' one.svg
recur project v.txt --words words --svg words.svg --json --quiet | wc -l
# Names of many words: none on another, all inside.
for i in $(seq 90); do
    echo "word$i $(((i * 7919) % 101)) $(((i * 104729) % 97)) $((i % 5))"
done >many.txt
cut -d ' ' -f 1 many.txt | recur project many.txt --words - --svg many.svg --quiet
name='<text x="\([0-9.]*\)" y="\([0-9.]*\)"\( text-anchor="\([a-z]*\)"\)\{0,1\} fill="#[0-9a-f]*">'
sed -n "s/.*$name\(word[0-9]*\)<.*/\1 \2 \4 \5/p" many.svg | awk '
    { wide = 7.28 * length($NF)
      n++; left[n] = $1 - (NF == 3 ? wide / 2 : 0); if ($3 == "end") left[n] = $1 - wide
      right[n] = left[n] + wide; base[n] = $2 }
    END { for (i = 1; i <= n; i++) for (j = 1; j < i; j++)
              bad += left[i] < right[j] && left[j] < right[i] && base[i] - base[j] < 12 &&
                     base[j] - base[i] < 12
          print n " names, " bad + 0 " on another" }'

echo "# what is left out, and what is refused"
printf 'king queen\nkng man\nkng Kng zzzzzz\nwoman\n' >some
recur project v.txt --words some --json | grep -o '"links.*'
recur project v.txt --words some --quiet >/dev/null
printf 'a1\na2\na3\na4\na5\na6\na7\nking\nqueen\nboy\n' | recur project v.txt --words - >/dev/null
refuse() { echo "$*" >&2; ! recur project v.txt "$@" || echo "not refused: $*"; }
refuse
refuse king queen
refuse kng quen
: >empty
refuse --words empty
printf '\n: family\n\n' >empty
refuse --words empty
refuse --words missing
printf 'king\nk\xff\n' >latin
refuse --words latin
refuse --words words --method tsne --perplexity 50
refuse --words words --method tsne --perplexity 0.5
refuse --words words --perplexity 2
refuse --words words --method tnse
refuse king queen man --method tsne
refuse --words words --svg nowhere/words.svg
printf 'a 1 2\nb 1 2\nc 1 2\n' >same.txt
! recur project same.txt a b c
! recur project missing a b c
