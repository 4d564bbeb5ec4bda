# nearest.sh -- what is near among word vectors, analogies, words that are not there, files that are
# none.
printf '6 2\nking 4 1\nman 2 0\nwoman 0 3\nqueen 2.2 3.4\nnothing 0 0\nkings 8 2\n' >w2v.txt
sed 1d w2v.txt >glove.txt
gzip -k w2v.txt
recur nearest w2v.txt king
for file in glove.txt w2v.txt.gz; do
    cmp <(recur nearest w2v.txt king --json) <(recur nearest $file king --json --threads 3)
done
cmp <(recur nearest w2v.txt king) <(recur nearest - king <w2v.txt)
recur nearest w2v.txt king man --best 2
recur nearest w2v.txt king --best 1 --json | sed 's/: [0-9.]*}/: N}/'
recur analogy w2v.txt man king woman --best 1
recur analogy w2v.txt man king woman --best 1 --json | sed 's/: [0-9.]*}/: N}/'

echo "# what a file asks"
printf ': family\nman woman king queen\n: gram1\nman king woman queen\nman king woman duke\n' >asks
printf 'man woman 5\nking man 9\nqueen king 8\nqueen man 2\nking duke 1\n' >pairs
recur eval w2v.txt asks
recur eval w2v.txt pairs
recur eval w2v.txt asks --json | grep -o '"asked": 2, "right": [0-9]'
recur eval glove.txt - --json <pairs | grep -c '"spearman": '
! recur eval w2v.txt asks --from 0.5
! recur eval w2v.txt w2v.txt
! recur eval w2v.txt missing

echo "# a model of words"
. "$TESTS/cli/tiny.bash"
tiny_train a.model --level word >/dev/null
recur nearest a.model cat --best 3 | wc -l
recur nearest - cat --best 3 <a.model | wc -l
printf 'cat mat 5\ncat rats 3\n' >alike
recur eval a.model alike --vectors

echo "# what cannot be answered"
! recur nearest w2v.txt kng
! recur nearest w2v.txt zzzzzz man --best 1
! recur analogy w2v.txt man kin woman
! recur nearest w2v.txt nothing
! recur analogy w2v.txt man king
! recur nearest missing king
head -c 30 w2v.txt >cut.txt
! recur nearest cut.txt king
printf 'king 1 x\nman 2 3\n' >bad.txt
! recur nearest bad.txt man
recur train ngram --train text --out n.model --quiet >/dev/null
! recur nearest n.model cat

echo "# in other formats"
for out in w.bin w.vec w.npy w.safetensors; do
    recur convert w2v.txt --out $out
    cmp <(recur nearest w2v.txt king --json) <(recur nearest $out king --json)
done
recur convert w2v.txt --out g.txt --to glove --top 2 --json
cat g.txt
recur convert a.model --out a.bin
cmp <(recur nearest a.model cat) <(recur nearest a.bin cat)
recur eval w.safetensors pairs | head -n 1
! recur convert w2v.txt --out w.bin
! recur convert w2v.txt --out w.odd
rm w.npy
! recur convert w2v.txt --out w.npy
recur convert w2v.txt --out w.npy --force
! recur convert w2v.txt --out w.vec --force --to gloves
! recur convert missing --out w.vec --force
rm w.vocab
! recur nearest w.npy king
printf '1 2\nNew York 1 2\n' >blank.txt
! recur convert blank.txt --out b.bin
recur convert blank.txt --out b.bin --join _
recur nearest b.bin New_York
for cut in 20 44 60; do
    head -c $cut w.bin >cut.bin
    ! recur nearest cut.bin king
done
head -c 200 w.safetensors >cut.safetensors
! recur nearest cut.safetensors king
