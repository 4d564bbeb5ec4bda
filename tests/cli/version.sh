# version.sh -- recur version, for people and for programs, and what the environment may say to it.
export RECUR_CPU=plain RECUR_THREADS=3
version=$(sed -n 's/^#define RC_VERSION "\(.*\)"/\1/p' "$TESTS/../include/recur.h")

recur version | sed "s/ $version\$/ VERSION/; s/yes\|no/?/g"
recur version --json | sed "s/\"$version\"/VERSION/; s/yes\|no/?/g"
RECUR_CPU=abacus recur version || echo "exit $?"
RECUR_THREADS=many recur version || echo "exit $?"
