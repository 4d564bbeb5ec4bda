# data.sh -- texts of known sources: drawn, reported, refused; a model beside its source.
. "$TESTS/cli/tiny.bash"
for source in coin:0.3 markov golden even periodic echo hmm cycle reber embedded dyck agreement; do
    echo "$source"
    recur data "$source" --length 72
    echo
done

recur data even:0.5 --length 30000 --out even.txt
recur data even:0.5 --length 30000 --out even.txt --force --json
recur data hmm:3:2:1 --length 10 --out hmm.txt
recur data even:0.5 --length 30000 | cmp even.txt -
recur data even:0.5 --length 500 --seed 1 | cmp - <(head -c 500 even.txt)
recur data even:0.5 --length 30000 --seed 2 >other.txt
! cmp -s even.txt other.txt

! recur data coin --length 5 --out even.txt
! recur data coin --out -
! recur data coin --json
! recur data coim
! recur data coin:2
! recur data markov:2:2:2:2
! recur data adding:100
! recur data
! recur data coin --length 0

# A model that has learned little; its source is never worse in the mean.
recur train lm --train even.txt --out even.model --hidden 8 --batch 8 --steps 300 --lr 0.01 \
    --quiet >/dev/null
recur data even:0.5 --length 5000 --seed 2 --out test.txt --json >/dev/null
recur eval even.model test.txt --source even:0.5 | sed '/^speed/d' | hide_numbers
recur eval even.model test.txt --source even:0.5 --json >json
grep -oE '"(source|excess)_bits_per_token": [-0-9.]+' json | sed 's/.* //' | xargs |
    awk '{ print ($1 > 0.64 && $1 < 0.70 && $2 > 0 && $2 < 0.35) ? "near the truth" : $0 }'
recur eval even.model - --source even:0.5 <test.txt | grep '^source'

! recur eval even.model test.txt --source golden:0.5
! recur eval even.model test.txt --source eve
printf '0110x' >other.txt
! recur eval even.model other.txt --source even:0.5

# What has no characters has no source.
tiny_text >text
tiny_train word.model --level word >/dev/null
! recur eval word.model test.txt --source even:0.5
recur train series --train adding:6:40 --hidden 4 --epochs 1 --out add.model --quiet >/dev/null
! recur eval add.model adding:6:5 --source even:0.5
