#!/usr/bin/env bash
# check_floors.sh -- every #include "..." of the house points down or stays in its room.
#
# A room enters a lower one by its door, room/room.h, alone; kernel also lends isa.h and vmath.h to
# cell. The program in cli/ sees recur.h and its own headers; recur.h stands on nothing of ours.
set -eu
cd "$(dirname "$0")/.."
declare -A floor=([base]=0 [kernel]=1 [format]=1 [cell]=2 [data]=2 [graph]=3 [net]=4 [model]=5
    [train]=6)

# allowed ROOM FILE: may a file of ROOM (of src/, or cli, or include) include "FILE"?
allowed() {
    local room=$1 file=$2 from=${2%%/*}
    [[ $file == recur.h && $room != include ]] && return
    [[ $room == cli && $file != */* && -e cli/$file ]] && return
    [[ $room == "$from" && -e src/$file ]] && return
    [[ $room == cell && ($file == kernel/isa.h || $file == kernel/vmath.h) ]] && return
    [[ $file == "$from/$from.h" && -n ${floor[$room]:-} && -n ${floor[$from]:-} ]] &&
        ((floor[$from] < floor[$room]))
}

seen=0 bad=0
while IFS=: read -r path line text; do
    room=${path#src/} room=${room%%/*} file=${text#*\"} file=${file%%\"*} seen=$((seen + 1))
    allowed "$room" "$file" || { echo "$path:$line: '$room' may not include '$file'"; bad=1; }
done < <(grep -rnE --include='*.[ch]' --include='*.def' \
    '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' src cli include)
echo "$seen arrows read"
exit $((bad || seen == 0))
