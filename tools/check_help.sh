#!/usr/bin/env bash
# check_help.sh -- help, manual pages, completion and docs/options.md say the same, and say all.
#
# The options are read from the sources (config.def and the tables in cli/cmd_*.c), not from the
# program; every one must stand in the help, the manual page, both completions and docs/options.md
# of its command. docs/options.md must be what the program prints. Needs `recur` in PATH; --update
# writes docs/options.md anew.
set -eu
source=$(cd "$(dirname "$0")/.." && pwd)
failed=0

complain() {
    echo "$*" >&2
    failed=1
}

if [[ ${1-} == --update ]]; then
    recur help --options-md >"$source/docs/options.md"
fi
diff -u --label docs/options.md --label "recur help --options-md" "$source/docs/options.md" \
    <(recur help --options-md) || complain "docs/options.md is old: tools/check_help.sh --update"

# Names of the options of command $1: those of its file, the shared rows it names, and for commands
# that take a task those of config.def.
options_of() {
    local file=$source/cli/cmd_$1.c row
    grep -oE '^    \{\.name = "[a-z0-9-]+"' "$file" | cut -d '"' -f 2
    for row in $(grep -oE '\bOPT_[A-Z]+\b' "$file" | sort -u); do
        if [[ $row == OPT_SITTING ]]; then
            printf '%s\n' threads time log tensorboard report
        elif [[ $row != OPT_END ]]; then
            sed -n "/^#define $row\b/,/^#define [^ ]* /p" "$source/cli/opts.h" |
                grep -oE '\.name = "[a-z]+"' | head -n 1 | cut -d '"' -f 2
        fi
    done
    if grep -q '\.takes_task = true' "$file"; then
        sed -n 's/^OPT([^"]*"\([a-z0-9-]*\)".*/\1/p' "$source/src/model/config.def"
    fi
    printf '%s\n' quiet help
}

commands=$(sed -n 's/^COMMAND(\(.*\))/\1/p' "$source/cli/cmds.def")
bash_script=$(recur help --completion bash)
zsh_script=$(recur help --completion zsh)
bash -n <(echo "$bash_script") || complain "the completion for bash is not a script"

count=0
for command in $commands; do
    help=$(recur "$command" --help)
    man=$(recur help --man "$command" | sed 's/\\-/-/g; s/\\f[BIR]//g')
    [[ $help == Example:* ]] || complain "recur $command --help does not begin with an example"
    [[ $help == *$'\nExit: 0 done; '* ]] || complain "recur $command --help has no exit codes"
    bash_part=$(sed -n "/^        $command)/,/;;\$/p" <<<"$bash_script")
    zsh_part=$(sed -n "/^        $command)/,/;;\$/p" <<<"$zsh_script")
    names=$(options_of "$command")
    for name in $names; do
        count=$((count + 1))
        grep -qE "^  --$name( |$)" <<<"$help" || complain "recur $command --help lacks --$name"
        grep -qE "^--$name( |$)" <<<"$man" || complain "recur-$command.1 lacks --$name"
        grep -qE "[ \"]--$name[ \"]" <<<"$bash_part" ||
            complain "bash: recur $command lacks --$name"
        grep -qE "'[*]?--$name[=[]" <<<"$zsh_part" || complain "zsh: recur $command lacks --$name"
        grep -qE "^\| \`--$name[ \`]" "$source/docs/options.md" ||
            complain "docs/options.md lacks --$name"
    done
    have=$(grep -cE '^  --[a-z]' <<<"$help")
    [[ $have == $(wc -l <<<"$names") ]] ||
        complain "recur $command --help has $have options, its tables have $(wc -l <<<"$names")"
done
echo "$count options of $(wc -w <<<"$commands") commands agree in help, manual, completion and docs"
exit $failed
