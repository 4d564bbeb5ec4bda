# series.sh -- the task series from the command line: made sequences and files, every report, and
# errors in one line.
hide() { sed -E 's/"(seconds|[a-z]*_per_second)": [^,}]*/"\1": _/g; s/[0-9]\.[0-9]+/N/g'; }

recur train series --train adding:6:400 --hidden 8 --epochs 2 --seed 3 --out add --quiet --json |
    hide
recur eval add adding:6:50 | sed -E 's/[0-9]+\.[0-9]+.*/N/; /^speed/d'
recur eval add adding:6:50 --json | hide
recur info add | grep -E '^(task|aim|cell|layers)'
printf '%s\n' '@classLabel true up down' 1,2,3:up 3,2:down 0,4:up 5,1,0:down 2,3:up 9,8:down \
    >ways.ts
recur train series --train ways.ts --valid ways.ts --hidden 8 --lr 0.05 --epochs 60 \
    --bidirectional --out ways --quiet |
    sed -E 's/^(validation).*nats, /\1 /; s/ \(best.*//; /^speed/d'
recur eval ways ways.ts | grep accuracy
for how in mean max attention; do
    pooled=(--train ways.ts --pooling $how --hidden 8 --lr 0.05 --batch 2 --valid-split 0 --quiet)
    recur train series "${pooled[@]}" --epochs 40 --threads 1 --out one --force >/dev/null
    recur eval one ways.ts | grep accuracy
    recur predict one ways.ts | cut -f 1,2 | tr '\n' ' '
    recur predict one ways.ts --states | awk 'END { print NF - 1 }'
    recur train series "${pooled[@]}" --epochs 30 --threads 3 --out two --force >/dev/null
    recur resume two --epochs 40 --quiet >/dev/null
    cmp one two
done
recur info one | grep ^pooling
recur train series "${pooled[@]}" --recompute steps --out x || echo "exit $?"
recur train series --train copy:2 --pooling mean --out x || echo "exit $?"
recur sample ways || echo "exit $?"
recur train series --train nothing.ts --out x || echo "exit $?"
recur train series --train adding:1 --out x || echo "exit $?"
recur train series --train adding:6 --aim class --out x || echo "exit $?"
echo '60 61 x' >roll
recur train series --train roll --out x || echo "exit $?"
printf '%s\n' when,a,b,phase 1,0.5,1,rest 2,0.4,0,rest 3,9,1,move '' \
    1,8,0,move 2,0.1,1,rest 3,7,1,move >t.csv
recur train series --train t.csv --valid t.csv --target phase --drop when --hidden 8 --lr 0.05 \
    --epochs 60 --seed 2 --out phases --quiet >/dev/null
recur eval phases t.csv | grep accuracy
recur predict phases t.csv | cut -f 1-3
recur predict phases t.csv --best 2 --json | sed -E 's/0\.[0-9]+/N/g'
cut -d , -f 1-3 t.csv | recur predict phases - | cut -f 3 | tr '\n' ' '
cut -d , -f 1-3 t.csv >blind.csv
recur predict phases blind.csv | cut -f 3 | tr '\n' ' '
echo
recur predict ways ways.ts | cut -f 1,2
recur predict ways t.csv || echo "exit $?"
recur predict ways nothing.ts || echo "exit $?"
recur train series --train t.csv --target phases --out x || echo "exit $?"
recur train series --train t.csv --out x || echo "exit $?"
recur train series --train ways.ts --target phase --out x || echo "exit $?"
recur train series --train adding:6 --drop a --out x || echo "exit $?"
recur train series --train roll --series-column a --out x || echo "exit $?"

echo "# one to many: from the first step alone; vectors of sequences"
printf '%s\n' a,b 1,0 0,1 1,1 '' 0,0 1,1 1,0 >wave.csv
recur train series --train wave.csv --valid wave.csv --aim next --reads first --hidden 8 --lr 0.05 \
    --epochs 200 --out wave --quiet >/dev/null
printf '%s\n' a,b 1,0 '' 0,0 >first.csv
recur predict wave first.csv --ahead 2 | awk '{ print $1, $2, int($3 + 0.5), int($4 + 0.5) }'
recur info wave | grep ^reads
recur predict wave wave.csv --states | awk '{ print $1, NF }'
recur predict wave wave.csv --states --json | grep -c '"state": \['
recur predict wave wave.csv --states --beyond || echo "exit $?"
recur predict wave wave.csv --states --ahead 2 || echo "exit $?"
recur train series --train wave.csv --reads last --out x || echo "exit $?"

echo "# numbers of different sizes"
awk 'BEGIN { print "series,small,large,flat,y"
             for (i = 0; i < 200; i++) {
                 a = i * 7 % 11; b = i * 5 % 13
                 print int(i / 5) "," a / 1e4 "," 5000 + 100 * b ",7," 10 * (a + b) } }' >sizes.csv
sizes=(--train sizes.csv --target y --series-column series --answers each --hidden 8 --lr 0.02
    --epochs 40)
recur train series "${sizes[@]}" --out as-they-are 2>&1 >/dev/null | grep hint
recur train series "${sizes[@]}" --standardize --out alike 2>&1 >/dev/null | grep -c hint || true
recur eval as-they-are sizes.csv --json | sed 's/.*"loss": \([0-9]*\).*/\1/' |
    awk '{ print ($1 > 500 ? "not learned" : $1) }'
recur eval alike sizes.csv | awk '/^mean|^in/ { print $1, $2 }'
recur eval alike sizes.csv --json | sed 's/.*"mean_squared_error": \([0-9]*\).*/\1/' |
    awk '{ print ($1 < 100 ? "learned" : $1) }'
recur info alike | awk '/^standardized|^input|^answer/ { print $1, $2, $3 }'
echo '60 61 60' >roll
recur train series --train roll --standardize --out x || echo "exit $?"

recur train series --train ways.ts --feedback --out x || echo "exit $?"
printf '%s\n' 'a' 1 2 3 4 5 6 7 8 >count.csv
recur train series --train count.csv --valid count.csv --hidden 8 --lr 0.05 --epochs 200 --seed 2 \
    --out count --quiet >/dev/null
recur predict count count.csv --ahead 3 --beyond | cut -f 1,2
