# mix.sh -- several models as one: made, asked, looked at; and what cannot be mixed.
for k in 1 2 3 4 5 6 7 8; do
    printf 'good\tvery good film %d\nbad\ta bad film %d\nso\tneither here nor there %d\n' $k $k $k
done >reviews
sed 's/^so/odd/' reviews >other
train() {
    local out=$1
    shift
    recur train classify --out "$out" --steps 30 --batch 4 --valid-split 0 --quiet "$@" >/dev/null
}
train a.model --train reviews --hidden 6
train b.model --train reviews --bag nb --seed 2
train c.model --train other --tokens char --hidden 6

recur mix a.model b.model c.model --weights 2,1,1 --out m.model
recur mix a.model b.model c.model --weights 2,1,1 --out again.model --json
cmp m.model again.model
recur info m.model | grep -E '^(task|members|mixture|parameters|labels)'
recur info m.model | grep -cE '^member [123] .*counts 0\.(25|5);'
recur eval m.model reviews --json | grep -o '"said": [0-9]*'
recur eval m.model reviews --report --quiet | grep -c 'accuracy'

echo "# the mean of what they say"
says() {
    recur predict "$1" reviews --best 4 --json | sed -n 1p |
        grep -o '"class": "good", "p": [0-9.e-]*' | sed 's/.* //'
}
paste -d" " <(says a.model) <(says b.model) <(says c.model) <(says m.model) |
    awk '{ d = (2 * $1 + $2 + $3) / 4 - $4; print (d < 1e-6 && d > -1e-6 ? "equal" : "off: " $0) }'

echo "# what a mixture is not asked"
! recur quantize m.model --to int8 --out small.model
! recur sample m.model
! recur xray m.model reviews
! recur resume m.model
recur mix a.model b.model --out two.model --quiet >/dev/null
! recur eval m.model - <reviews
recur eval two.model - --json <reviews | grep -o '"said": [0-9]*'

echo "# what cannot be mixed"
. "$TESTS/cli/tiny.bash"
tiny_train lm.model >/dev/null
! recur mix a.model
! recur mix a.model --out x.model
! recur mix a.model lm.model --out x.model
! recur mix lm.model lm.model --out x.model
! recur mix a.model b.model --out m.model
! recur mix a.model b.model --weights 1,2,3 --out x.model
! recur mix a.model b.model --weights 1,0 --out x.model
! recur mix a.model b.model --weights 1,x --out x.model
! recur mix a.model missing --out x.model
! recur mix a.model b.model --out -
! recur train mix --train reviews
! test -e x.model
head -c 3000 m.model >cut.model
! recur info cut.model
