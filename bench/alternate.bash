# alternate.bash -- for the scripts beside it: contenders in turn, and what came of it.
#
# A contender is a function that does one run and prints one object of JSON with a rate in it. They run one after the
# other, so many rounds, because a shared machine gives more or less from one second to the next: only what ran side by
# side can be compared. RESULTS names a file that gets every run as a line of JSON.
recur=${RECUR:-build/release/recur}
unit=tokens_per_second # the key of the rate

# value KEY: of an object of JSON on standard input; nothing, where it has none.
value() { sed -nE "s/.*\"$1\": (\"[^\"]*\"|[^,}]*).*/\1/p" | tr -d '"'; }

# quietly CALL...: without a word on standard error, unless it fails.
quietly() {
    local words
    words=$(mktemp)
    "$@" 2>"$words" || { cat "$words" >&2; rm "$words"; return 1; }
    rm "$words"
}

# alternate TITLE ROUNDS CONTENDER...: runs, then a table: the median of each, the least and the most, and the first
# contender's rate over it, in the median of the rounds.
alternate() {
    local title=$1 rounds=$2 who run lines=() i
    shift 2
    for ((i = 1; i <= rounds; i++)); do
        for who; do
            run=$(quietly "$who") || { echo "$title: $who failed" >&2; return 1; }
            lines+=("$who $i $(value "$unit" <<<"$run") $(value steady <<<"$run")")
            [[ -z ${RESULTS:-} ]] || echo "{\"work\": \"$title\", \"who\": \"$who\", \"round\": $i, \"run\": $run}" >>"$RESULTS"
        done
    done
    printf '%s\n' "${lines[@]}" | report "$title" "$@"
}

report() { # TITLE CONTENDER...
    awk -v title="$1" -v order="${*:2}" -v ours="$2" '
        function median(list, n,    i, j, v, sorted) {
            for (i = 1; i <= n; i++) {
                v = list[i]
                for (j = i - 1; j >= 1 && sorted[j] > v; j--)
                    sorted[j + 1] = sorted[j]
                sorted[j + 1] = v
            }
            least = sorted[1]
            most = sorted[n]
            return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
        }
        { rate[$1, $2] = $3; n = $2; told += $4 != ""; missing += $4 == "false" }
        END {
            count = split(order, who, " ")
            for (k = 1; k <= count; k++) {
                for (i = 1; i <= n; i++) {
                    list[i] = rate[who[k], i]
                    ratio[i] = rate[ours, i] / rate[who[k], i]
                }
                middle = median(list, n)
                printf "%-22s %-20s %10.5g  (%.4g to %.4g)", title, who[k], middle, least, most
                if (k > 1) {
                    middle = median(ratio, n)
                    printf "  ratio %.2f (%.2f to %.2f)", middle, least, most
                }
                printf "\n"
            }
            if (missing)
                printf "%-22s the peak was unsteady in %d of %d runs of ours\n", title, missing, told
        }'
}
