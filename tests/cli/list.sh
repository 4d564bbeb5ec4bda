# list.sh -- the lists say what can be named; JSON says the same.
recur list | cut -d ' ' -f 1
for list in $(recur list | cut -d ' ' -f 1); do
    recur list "$list" | grep . >/dev/null
done
recur list commands
recur list tasks shells | cut -d ' ' -f 1
recur list cells --long | grep -F "h'" >/dev/null
recur list cells --json | grep '"name": "lstm"'
recur list options --json | grep -A 9 '"name": "layers"'
