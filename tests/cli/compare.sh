# compare.sh -- systems on the same right labels: each with its interval, all pairs, and gold labels
# that differ.
awk 'BEGIN {
    for (s = 0; s < 60; s++) {
        for (w = 0; w < 5; w++) {
            n = s * 5 + w
            gold = n % 5 == 0 ? "B-A" : n % 5 == 1 ? "I-A" : "O"
            print "w " gold " " gold > "right"
            print "w " gold " " (n % 7 == 0 ? "O" : gold) > "some"
            print "w " gold " " (n % 2 == 0 ? "O" : gold) > "half"
        }
        print "" > "right"; print "" > "some"; print "" > "half"
    }
}'
recur compare right some half
recur compare some half --resamples 0
recur compare some half --scheme none --level 0.9 --seed 5 | grep -c span || true
recur compare some half --json | tr ',' '\n' | grep -cE '"(low|high|p|system|first|second)":'

echo "# the same whatever else is compared"
recur compare some half --json | grep -o '"pairs": .*' | cmp - <(
    recur compare right some half --json | grep -o '{"first": "some".*' | sed 's/^/"pairs": [/')
recur report some --json | grep -o '"span_f1": {[^}]*}' | head -n 1 | cmp - <(
    recur compare some half --json | grep -o '"span_f1": {[^}]*}' | head -n 1)

echo "# single labels"
for k in 1 2 3 4 5 6 7 8 9 10; do printf 'a\ta\nb\ta\n'; done >first
for k in 1 2 3 4 5 6 7 8 9 10; do printf 'a\tb\nb\tb\n'; done | sed '1s/b$/a/' >second
recur compare first second --labels

echo "# what cannot be compared"
try() {
    echo "\$ recur compare $*" >&2
    recur compare "$@" >/dev/null || echo "exit $?" >&2
}
sed '3s/ O/ B-A/' some >other
head -n 12 some >less
sed '3d' some >hole
try some
try some missing
try some other
try some less
try some right hole
try some first --labels
