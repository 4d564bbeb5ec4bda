# lost.sh -- results that do not get out are a failure with a message.
[[ -w /dev/full ]] || { echo "there is no /dev/full" >&2; exit 77; }

recur list >/dev/full || echo "exit $?"
recur version >&- || echo "exit $?"
recur help --man train >/dev/full || echo "exit $?"
recur list nothing >/dev/full || echo "exit $?"
