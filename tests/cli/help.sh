# help.sh -- help, manual pages, completion and docs agree; help is an answer, not a failure.
"$TESTS/../tools/check_help.sh"

recur help >help
recur --help | diff help -
! recur 2>bare
diff help bare
recur sample --help | diff - <(recur help sample)
recur sample --length wrong --help >/dev/null

# Help of a task has the options of that task only, and lines keep to the width.
recur train --help | grep -- '--order N' >/dev/null
! recur train lm --help | grep -- '--order N'
for width in 60 80 100; do
    COLUMNS=$width recur train --help | sed '1,/^Usage/d; /^Exit/d' | awk -v w="$width" 'length > w'
done

# The manual pages are roff without warnings, where groff is there to tell.
if command -v groff >/dev/null; then
    for command in train sample help; do
        recur help --man "$command" | groff -man -Tutf8 -ww 2>&1 >/dev/null
    done
    recur help --man | groff -man -Tutf8 -ww 2>&1 >/dev/null
fi

# Completion in bash: commands, tasks, options, entries of lists, files.
source <(recur help --completion bash)
complete_words() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _recur || true
    echo "$* -> ${COMPREPLY[*]}"
}
touch some.model
complete_words recur s
complete_words recur train l
complete_words recur train lm --lr-s
complete_words recur train lm --cell l
complete_words recur train lm --train some
complete_words recur sample so
complete_words recur sample some.model --to
complete_words recur list sched
complete_words recur help --completion ''
