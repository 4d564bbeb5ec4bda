#!/usr/bin/env bash
# check_letters.sh -- global symbols carry the letter of their room. Arguments: object files
# (.../TARGET.dir/src/ROOM/FILE.c.o) and perhaps a shared library.
#
# A room defines rc_... (public) and rcX_... with its own letter X; `rck` is the kernel table in
# use. What is compiled once per instruction set ends in its name. The shared library shows rc_...
# alone.
set -eu
nm -A -P -g --defined-only "$@" | awk -v given=$# '
    BEGIN {
        split("base b kernel k format f cell c data d graph g net n model m train t", w, " ")
        for (i = 1; i in w; i += 2)
            letter[w[i]] = w[i + 1]
    }
    {
        path = $1; sub(/:$/, "", path); name = $2
        files[path] = 1
    }
    name ~ /^_/ { next }                          # the compiler'\''s and the linker'\''s own
    path ~ /\.so[.0-9]*$/ {
        if (name !~ /^rc_/)
            complain("exported, but not public")
        next
    }
    {
        room = path; sub(/.*\/src\//, "", room); sub(/\/.*/, "", room)
        target = path; sub(/\.dir\/.*/, "", target); sub(/.*\//, "", target); sub(/64$/, "", target)
        isa = target; if (!sub("^" room "_", "", isa)) isa = ""
        if (!(room in letter))
            complain("no such room: " room)
        else if (isa != "" && name !~ ("^rc" letter[room] "_.*_" isa "$"))
            complain("not rc" letter[room] "_..._" isa)
        else if (isa == "" && name !~ ("^rc" letter[room] "?_") &&
                 !(room == "kernel" && name == "rck"))
            complain("neither rc_... nor rc" letter[room] "_...")
        seen++
    }
    function complain(why) { print path ": " name ": " why; bad = 1 }
    END {
        print seen + 0 " symbols in " given " files"
        exit bad || !seen
    }'
