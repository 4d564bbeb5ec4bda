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
recur sample ways || echo "exit $?"
recur train series --train nothing.ts --out x || echo "exit $?"
recur train series --train adding:1 --out x || echo "exit $?"
recur train series --train adding:6 --aim class --out x || echo "exit $?"
echo '60 61 x' >roll
recur train series --train roll --out x || echo "exit $?"
