# misuse.sh -- what is misused is named, the nearest right word is offered, and the exit code is 2.
touch a.model text

try() {
    echo "\$ recur $*"
    recur "$@" 2>&1 || echo "exit $?"
}

try trian
try --verson
try sampel a.model
try sample
try sample a.model --lenght 5
try sample a.model --length
try sample a.model --length --seed 1
try sample a.model --length many
try sample a.model --top-p 1.5
try sample a.model --seed -1
try sample a.model -n 3
try sample a.model --json=maybe
try sample a.model b.model
try eval a.model
try eval a.model text --from 0.9 --to 0.1
try train
try train --train text --out b.model
try train lmm --train text --out b.model
try train lm --out b.model
try train lm --train text
try train lm --train text --out -
try train lm --train text --out b.model --log -
try resume -
try resume a.model --log -
try train lm --train text --out b.model --hiden 3
try train lm --train text --out b.model --cell lstn
try train lm --train text --out b.model --layers 0
try train lm --train text --out b.model --order 3
try gradcheck lm --train
try help trian
try help --completion basj
try list cels
try data evn
try draw logistc
try runs --csv --json
try runs --curve --svg -
try info a.model --vocab --json
try draw logistic --svg - --dot -
try surface --tsv --json
try surface --svg - --json
