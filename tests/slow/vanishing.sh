# vanishing.sh -- gradients of untrained networks vanish, stay and explode as the lectures draw them
# (Hochreiter 1991, Bengio et al. 1994, Pascanu et al. 2013; Le et al. 2015 for the identity). The
# factor by which |dL/dh| changes from one step back to the next, over 99 of them.
. "$TESTS/cli/tiny.bash"
tiny_text >text

# factors OPTIONS...: of h (of layer 1), and the spectral radius of the first matrix.
factors() {
    recur xray lm --train text --hidden 100 --seed 4 "$@" >xray
    awk '/^a step/ { factor = $4 } /^recurrent/ { at = NR + 2 } at && NR == at { radius = $4 }
         END { print factor, radius }' xray
}

# within WHAT LO HI OPTIONS...: the factor of h.
within() {
    local what=$1 lo=$2 hi=$3 found
    shift 3
    found=$(factors "$@")
    echo "$what: $found" >&2
    awk -v lo="$lo" -v hi="$hi" '{ exit !($1 >= lo && $1 <= hi) }' <<<"$found" ||
        { echo "$what: factor $found is not in $lo .. $hi"; exit 1; }
    echo "$what: $lo .. $hi"
}

# Without input h is 0 and tanh is a straight line: the factor is the spectral radius, which the
# circular law puts at the deviation times the square root of 100.
for deviation in 0.05 0.08 0.15; do
    factors --cell tanh --init "zero,*weight_hh*=normal:$deviation,out.weight=normal:0.1" >found
    echo "tanh, no input, deviation $deviation: $(cat found)" >&2
    awk -v d="$deviation" '{ exit !($1 / $2 > 0.95 && $1 / $2 < 1.05 && $2 / (10 * d) > 0.8 &&
        $2 / (10 * d) < 1.25) }' found
    echo "without input tanh of deviation $deviation has its spectral radius as its factor"
done

within "tanh, radius about 0.5, vanishes" 0.45 0.58 --cell tanh --init '*weight_hh*=normal:0.05'
within "tanh, radius about 2, explodes" 1.08 1.4 --cell tanh --init '*weight_hh*=normal:0.2'
within "irnn stays" 0.98 1.01 --cell irnn
within "gru vanishes slower than that tanh" 0.65 0.85 --cell gru
within "lstm, forget bias 0, likewise" 0.65 0.85 --cell lstm --forget-bias 0
within "lstm, forget bias 1, keeps more" 0.93 0.99 --cell lstm --forget-bias 1
within "lstm, forget bias 3, keeps" 0.97 1.10 --cell lstm --forget-bias 3
