# report.sh -- what files of labels amount to: tags in columns, examples in lines, conlleval's own
# words, matrices, pictures; files that are not what they should be.
cat >tags <<'END'
West NNP B-MISC B-MISC
Indian NNP I-MISC I-MISC
all-rounder NN O O
Phil NNP B-PER I-PER
Simmons NNP I-PER I-PER
took VBD O O

on IN O O
Friday NNP O O
at IN O B-LOC
Grace NNP B-LOC B-LOC
Road NNP I-LOC I-LOC
END
printf '%s\t%s\t%s\n' yes yes 0.9 yes no 0.6 no no 0.7 no no 0.95 maybe no 0.4 yes yes 0.99 >lines

echo "# spans of tags"
recur report tags --resamples 0
recur report tags | grep -E 'F1  |accuracy|intervals'
recur report tags --level 0.5 --resamples 5000 --seed 3 | grep -E 'accuracy|intervals'
recur report tags tags --resamples 0 | head -n 2
recur report - --resamples 0 <tags | head -n 1

echo "# as conlleval"
recur report tags --format conlleval
sed 's/ /\t/g' tags >tabbed
recur report tabbed --format conlleval --delimiter tab |
    cmp - <(recur report tags --format conlleval)
sed 's/[A-Z]-[A-Z]*/B/g' tags | recur report - --format conlleval | tail -n 2

echo "# other schemes"
for turn in 's/ B-/ I-/g' 's/ [BI]-\([A-Z]*\)\b/ S-\1/g' 's/ [BI]-\([A-Z]*\)\b/ U-\1/g' \
    's/-[A-Z]*//g' 's/ [BIO]\b/ X/g'; do
    sed "$turn" tags | recur report - --resamples 0 --json |
        grep -oE '"(scheme|span_f1)": [^,]*,' | tr '\n' ' '
    echo
done
recur report tags --scheme none --resamples 0 | grep -cE 'span|scheme' || true
recur report tags --scheme iob1 --resamples 0 | grep -E 'gold  |scheme'

echo "# examples"
recur report lines --labels --resamples 0 --confusion
recur report lines --labels --resamples 10 --json |
    grep -oE '"(ece|level|resamples|seed|micro)": [^,]*,'
cut -f 1,2 lines | tr '\t' ';' | recur report - --labels --delimiter ';' --resamples 0 | head -n 3

echo "# a picture"
recur report lines --labels --svg picture.svg --quiet | head -n 1
head -c 4 picture.svg; tail -n 1 picture.svg
grep -c '<title>' picture.svg
recur report lines --labels --svg - | cmp - picture.svg
recur report tags --svg - | grep -c reliability || true

echo "# what is wrong"
try() {
    echo "\$ recur report $*" >&2
    recur report "$@" >/dev/null || echo "exit $?" >&2
}
: >empty
printf 'a O O\nb\n' >short
printf 'a O O\nb NN O O\n' >uneven
printf 'a\tb\t2\n' >sure
printf 'a O \377\n' >latin
gzip -c tags >tags.gz
try
try missing
try empty
try short
try uneven
try sure --labels
try latin
try tags --labels
try tags --delimiter ab
try tags --scheme iobs
try tags --format conleval
try tags --format conlleval --json
try tags --level 1.5
try tags --svg - --json
try tags --svg nowhere/p.svg
recur report tags.gz --format conlleval | head -n 1
