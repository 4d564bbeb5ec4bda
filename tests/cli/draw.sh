# draw.sh -- models and expressions become graphs: what is drawn is what was computed, what weights
# are called, and nothing lies on anything else.
for expression in $(recur list expressions | cut -d ' ' -f 1); do
    recur draw "$expression"
done
recur draw lm --layers 2 --cell gru --hidden 24,16 --embed 8 --symbols 50 --level word
recur draw series --bidirectional --inputs 12 --outputs 9 --hidden 5 --unroll 2

# Boxes and the words on arrows are rectangles of the picture; the first is the page.
overlaps='
/<rect/ {
    gsub(/[^0-9.=" -]/, " "); n = split($0, part, "\"")
    if (pages++ == 0) next
    x[boxes] = part[2]; y[boxes] = part[4]; w[boxes] = part[6]; h[boxes++] = part[8]
}
END {
    for (i = 0; i < boxes; i++)
        for (k = 0; k < i; k++)
            bad += x[i] < x[k] + w[k] && x[k] < x[i] + w[i] &&
                   y[i] < y[k] + h[k] && y[k] < y[i] + h[i]
    print boxes " boxes, " bad + 0 " overlaps"
}'
boxes() { recur draw "$@" --svg - | awk "$overlaps"; }
boxes decay
boxes lm --layers 3 --skip graves --window 2 --deep-input 20 --deep-output 30 --dropout 0.5 --tied
boxes lm --layers 3 --skip graves --window 3 --unroll 5
boxes lm --output adaptive --bias double --level byte --cell lstm-peephole
boxes series --bidirectional --layers 2 --skip residual --unroll 4
boxes series --aim next --inputs 128 --cell qrnn --window 2 --skip residual --layers 2 --unroll 4
boxes series --learned-start --unroll 3 --cell irnn
boxes series --learned-start --unroll 2 --cell lstm-proj --hidden 6
recur draw series --learned-start --unroll 2 --cell lstm-proj --hidden 6 | grep start
boxes series --cell none --feedback --outputs 3 --unroll 3
recur draw series --cell none --feedback --inputs 4 --outputs 3 --hidden 5
recur draw series --aim values --answers each --cell gru --quiet --json | grep -c 'numbers: values'

# Labels: how tokens are read, how steps become one vector, how labels are said.
recur draw tag --bidirectional --char-net rnn --char-hidden 9 --casing 5 --features a,b \
    --decoder crf --hidden 5 --embed 6 --symbols 12 --dropout 0.5
boxes tag --bidirectional --char-net cnn --casing 5 --features a --decoder crf --unroll 3
boxes tag --cell none --feedback --around 2 --unroll 4
boxes classify --pooling attention --cell gru --bidirectional --unroll 3 --embed-map 7
boxes classify --widths 3,4,5 --cell none --mlp 50,20 --pooling max --tokens char
boxes classify --bidirectional --skip graves --layers 2
boxes classify --widths 2,3 --unroll 3
recur draw tag --flat --feedback --char-net cnn --symbols 12 --embed 5 --dropout 0.5
counts() { grep -oE 'one of [0-9]+ words|[0-9]+ labels'; }
recur draw tag --digits --scheme iobes --symbols 40 --json | counts
recur draw classify --min-count 2 --symbols 3 --json | counts
recur draw classify --flat --pooling mean --mlp 20 --unroll 2 --embed 5 --symbols 12
recur draw classify --bag tfidf --ngrams 1-2 --mlp 20 --unroll 2
boxes series --pooling mean --unroll 3

# Of a file the same as of its description; words in JSON; no file is left behind.
seq 300 >text
recur train lm --train text --steps 2 --hidden 6 --cell sgru --out a.model --quiet >/dev/null
recur draw a.model --dot a.dot
recur draw lm --train text --hidden 6 --cell sgru | cmp - a.dot
recur draw a.model.state --svg a.svg --dot - --quiet | cmp - a.dot
recur draw a.model --json | grep -o '"text": "rnn.weight_hh_l0[^"]*", "in_time": true'
mkdir temporary
TMPDIR=$PWD/temporary recur draw series --json >/dev/null
ls temporary

recur train ngram --train text --out n.model --quiet >/dev/null
! recur draw
! recur draw n.model
! recur draw ngram
! recur draw nothing
! recur draw a.model --layers 2
! recur draw logistic --unroll 17
! recur draw lm --cell lsmt
! recur draw lm --svg nowhere/a.svg
! TMPDIR=nowhere recur draw lm
