# demos.sh -- every demo shows what its lecture says within two minutes, with the same numbers for
# any number of threads and for every instruction set that promises it.
for name in $(recur list demos | cut -d ' ' -f 1); do
    begin=$SECONDS
    recur demo "$name" --threads 1 --json >"$name.one"
    [[ $((SECONDS - begin)) -lt 120 ]]
    recur demo "$name" --threads 3 --json | cmp - "$name.one"
    for isa in avx2 avx512 avx512vnni; do
        RECUR_CPU=$isa recur version >/dev/null 2>&1 || continue
        RECUR_CPU=$isa recur demo "$name" --json >"$isa.json"
        [[ ! -e $name.json ]] || cmp "$name.json" "$isa.json"
        cp "$isa.json" "$name.json"
    done
    echo "$name"
    recur demo "$name" | sed -n 's/^\(yes\|NO\) /  &/p'
done
# Another seed is another experiment with the same end.
for name in $(recur list demos | cut -d ' ' -f 1); do
    recur demo "$name" --seed 2 --json >two.json
    if cmp -s "$name.one" two.json; then echo "$name does not read its seed"; fi
    grep -c '"ok": true' two.json
done
