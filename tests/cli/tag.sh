# tag.sh -- a label for every word: training, evaluation, answers in columns, schemes, resuming to
# the same bits, and what is refused.
for i in 1 2 3 4; do
    printf 'EU NN I-ORG\nrejects VB O\nGerman JJ I-MISC\ncall NN O\n. . O\n\n'
    printf 'Peter NN I-PER\nBlackburn NN I-PER\n\nthe DT O\nEU NN I-ORG\nBRUSSELS NN B-ORG\n\n'
done >news.conll
small=(--hidden 8 --batch 4 --lr 0.03 --threads 1)
recur train tag --train news.conll --valid news.conll "${small[@]}" --decoder crf --scheme iobes \
    --epochs 12 --out a.model --quiet | grep -v speed
recur eval a.model news.conll --report | grep -v speed
recur info a.model | grep -E '^(task|scheme|decoder|labels)'
printf 'Peter NN I-PER\nrejects VB O\n\nEU NN I-ORG\n' >two.conll
recur predict a.model two.conll --format conll
recur predict a.model two.conll --format conll --gold >said.conll
recur report said.conll --format conlleval
recur predict a.model two.conll --json --best 1 | sed 's/"p": [0-9.e-]*/"p": P/g'

for o in "" "--decoder crf --bidirectional" "--char-net rnn --features #2 --decoder crf" \
    "--char-net cnn --casing 3 --dropout 0.3 --unk-rate 0.5" "--flat --hidden 128 --scheme iob2" \
    "--label-column #2 --cell gru --layers 2" "--feedback --cell none --around 2" \
    "--feedback --scheme iobes --learned-start --window 2 --embed-map 4"; do
    recur train tag --train news.conll "${small[@]}" $o --epochs 3 --out one.model --quiet --force \
        >/dev/null
    recur train tag --train news.conll "${small[@]}" $o --epochs 3 --out two.model --quiet --force \
        --threads 3 >/dev/null
    cmp one.model two.model
    recur train tag --train news.conll "${small[@]}" $o --epochs 2 --out two.model --quiet --force \
        >/dev/null
    recur resume two.model --epochs 3 --quiet >/dev/null
    cmp one.model two.model
done

# A label that training had not; CoNLL-U.
printf 'Peter NN I-NEW\n\nthe DT O\n' >new.conll
recur eval a.model new.conll | grep -v speed
line() { printf '%s\t%s\t%s\t%s\t%s\t_\t0\troot\t_\t_\n' "$@"; }
{
    printf '# text = dont go\n'
    line 1-2 dont _ _ _
    line 1 do do AUX VBP
    line 2 nt not PART RB
    line 3 go go VERB VB
    printf '\n'
    line 1 go go VERB VB
} >x.conllu
recur train tag --train x.conllu "${small[@]}" --valid-split 0 --steps 2 --out u.model --quiet |
    grep trained
recur predict u.model x.conllu --format conll | wc -l

# The instruments.
recur xray a.model news.conll | head -n 2
recur draw a.model | grep -c label
recur quantize a.model --to int8 --out small.model --quiet
recur eval small.model news.conll | grep accuracy
recur trace a.model <news.conll 2>&1 | head -n 1

: >empty.conll
printf 'EU NN I-ORG\nrejects VB\n' >torn.conll
for bad in empty torn missing; do
    ! recur train tag --train $bad.conll "${small[@]}" --out b.model
done
! recur train tag --train news.conll --decoder best --out b.model
! recur train tag --train news.conll --features '#7' --out b.model
! recur score a.model news.conll
ls *.model
