# misfortune.sh -- what is broken, foreign, empty, absurd, full or out of reach: one clear line, the
# right exit code, and nothing lost. (Failing memory: slow/allocations.sh. Kills: slow/bits.sh.)
. "$TESTS/cli/tiny.bash"
tiny_text >text

try() {
    echo "\$ recur $*"
    recur "$@" 2>&1 || echo "exit $?"
}

# Training that must not begin, and leaves nothing.
try_train() {
    echo "\$ train $*"
    recur train lm --quiet --out x.model "$@" 2>&1 | hide_left || echo "exit ${PIPESTATUS[0]}"
    ! ls x.model* .x.model* 2>/dev/null || echo "left behind"
}
set -o pipefail
hide_left() { sed 's/[0-9]* MB are left/# MB are left/'; }

tiny_train good.model --valid text >/dev/null

echo "# files that are no models"
size=$(stat -c %s good.model)
head -c 1000 good.model >short.model
head -c $((size - 1)) good.model >shorter.model
# flip FILE PLACE: turn one bit over.
flip() {
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 good.model)
    cp good.model "$1"
    printf "\\x$(printf %x $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
flip header.model 300
flip data.model $((size - 5))
printf '\x89PNG\r\n\x1a\n\0\0\0\rIHDR' >png.model
: >empty.model
mkdir folder.model
# tensors HEADER: a safetensors file of four zeros.
tensors() {
    printf "\\x$(printf %x ${#1})\0\0\0\0\0\0\0%s\0\0\0\0" "$1"
}
zeros='"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}'
tensors "{$zeros}" >other.model
tensors "{\"__metadata__\":{\"format\":\"pt\"},$zeros}" >torch.model
newer='{"recur.format":"999","recur.version":"9.9.9"}'
tensors "{\"__metadata__\":$newer,$zeros}" >newer.model
tensors "{\"__metadata__\":{\"recur.format\":\"1\"},$zeros}" >hollow.model
tensors "{$zeros" >broken.model
for m in short shorter header data png empty folder other torch newer hollow broken nothing; do
    try info $m.model 2>&1 | sed -E '
        s/checksum is [0-9a-f]+, it says [0-9a-f]+/checksum is #, it says #/
        s/of [0-9]+ bytes, the limit/of # bytes, the limit/; s/has [0-9]+ bytes, 99/has # bytes, 99/
        s/checksum is [0-9a-f]+, the header says [0-9a-f]+/checksum is #, the header says #/
        s/reads up to format [0-9]+/reads up to format #/; s/this is recur [0-9.]+/this is recur #/'
done
for command in eval sample score resume; do
    code=0
    recur $command short.model $([[ $command != eval ]] || echo text) >out 2>err || code=$?
    echo "$command: exit $code, $(grep -c '^recur: ' err) line, $(wc -c <out) bytes"
done

echo "# texts that teach nothing"
: >empty
echo "one line" >line
printf 'aaaaaaaaaaaa' >same
printf 'good line\nbad \xff\xfe line\n' >latin
mkdir folder
for level in byte char word; do
    for file in empty same folder nothing text/below; do
        try_train --train $file --level $level
    done
done
try_train --train latin --level char
try_train --train latin --level word
try_train --train line --level word --batch 2
try_train --train line --batch 100
try_train --train text --valid empty
try_train --train text --test empty
try_train --train text --valid nothing
try_train --train text --max-vocab 1
if [[ $(id -u) != 0 ]]; then
    cp text secret
    chmod 000 secret
    ! recur train lm --train secret --out x.model 2>err
    grep -qx "recur: cannot read 'secret': Permission denied" err
fi
try eval good.model empty
try eval good.model latin
try eval good.model folder
try score good.model folder
try score good.model latin

echo "# and texts that still do"
for options in "line --level char --batch 2" "latin --level byte"; do
    recur train lm --quiet --out y.model --force --hidden 4 --steps 2 --batch 2 --train $options |
        grep -c '^validation'
done

echo "# sizes beyond reason"
try_train --train text --hidden 100000000
try_train --train text --hidden 65536 --layers 64 |
    sed -E 's/than [0-9.e+]+ numbers of [48]/than # numbers of #/'
try_train --train text --layers 1000
try_train --train text --batch 1000000000
try_train --train text --batch 65536
try_train --train text --threads 1000000
try_train --train text --lr nan
recur train lm --quiet --out y.model --force --hidden 4 --steps 2 --seq 1000000 --train text |
    grep -c '^validation'

echo "# words that are not known"
try_train --train text --cell lstmm
try_train --train text --optimizer sdg
try_train --train text --lr-schedule cosin
try_train --train text --level sentence
try_train --train text --init nonsense
try_train --train text --init 'nobody*=zero'
try_train --train text --init '=zero'
try_train --train text --l2 often
try_train --train text --l2 'nobody*=0.1'
try_train --train text --l1 '*=0.1,nobody=1'
! ls x.model* 2>/dev/null

echo "# places that cannot be written"
for place in text/x.model no/such/x.model folder /proc/x.model ''; do
    echo "\$ --out '$place'"
    recur train lm --quiet --train text --out "$place" 2>&1 || echo "exit $?"
done
try train lm --quiet --train text --out x.model --log text/log --steps 1

try_train --train $'caf\xe9' | cat -v
recur train lm --quiet --train text --out $'caf\xe9' --hidden 4 --steps 1 --json |
    grep -o '"model": "[^"]*"'

echo "# results that nobody takes"
if [[ -w /dev/full ]]; then
    for command in "sample good.model" "eval good.model text" "score good.model text" \
        "info good.model" "resume good.model --steps 61 --quiet"; do
        code=0
        recur $command >/dev/full 2>err </dev/null || code=$?
        [[ $code == 1 && $(grep -c '^recur: cannot write to standard output' err) == 1 ]] ||
            echo "recur $command: exit $code: $(cat err)"
        code=0
        recur $command >&- 2>err </dev/null || code=$?
        [[ $code == 1 && $(grep -c '^recur: ' err) == 1 ]] ||
            echo "recur $command, closed: exit $code: $(cat err)"
    done
fi

echo "# a full disk"
# goes_on FOLDER: what lies there is whole, alone and ends where an undisturbed run does.
goes_on() {
    cmp $1/a.model first/a.model
    cmp $1/a.model.state first/a.model.state
    [[ -z $(find $1 -name '.*tmp*') ]] || echo "a temporary file is left"
    recur resume $1/a.model --steps 80 --quiet >/dev/null
    cmp $1/a.model whole/a.model
}
mkdir first whole limited full disk
tiny_train first/a.model --valid text >/dev/null
cp first/* whole
cp first/* limited
recur resume whole/a.model --steps 80 --quiet >/dev/null
code=0
(ulimit -f 2; exec recur resume limited/a.model --steps 80 --quiet) 2>&1 | cat || code=$?
echo "exit $code"
goes_on limited
cp first/* limited
code=0
(
    ulimit -f 2
    exec recur train lm --train text --out limited/a.model --force --quiet --steps 2
) 2>&1 |
    cat || code=$?
echo "exit $code"
goes_on limited

# The same on a disk that is full, where one may be made.
cat >on_a_disk <<'END'
mount -t tmpfs -o size=256k tmpfs disk || exit 77
cp first/* disk
cat /dev/zero >disk/filler 2>/dev/null
recur resume disk/a.model --steps 80 --quiet 2>err && exit 1
grep -x "recur: cannot write 'disk/a.model.*': No space left on device" err || { cat err; exit 1; }
[ "$(wc -l <err)" = 1 ] || exit 1
rm disk/filler
cp disk/* full
END
if unshare -rm true 2>/dev/null; then
    code=0
    unshare -rm sh -u on_a_disk >report 2>&1 || code=$?
    [[ $code != 0 ]] || goes_on full
    [[ $code == 0 || $code == 77 ]] || { echo "exit $code"; cat report; }
fi
