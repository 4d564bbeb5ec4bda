#!/usr/bin/env bash
# check_install.sh -- what `cmake --install` lays down is enough to run the program and to build a
# stranger's program against the library, by pkg-config and by CMake; and the library exports what
# the header declares, no less and no more. Argument: the build folder.
set -eu
build=$(cd "$1" && pwd)
source=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/usr" >"$work/log" || { cat "$work/log"; exit 1; }
cd "$work"

# one PATTERN: exactly one file of the installed tree matches; its path.
one() {
    local found
    found=$(find usr -path "$1")
    [[ -n $found && $found != *$'\n'* ]] ||
        { echo "wanted one '$1', found: ${found:-none}" >&2; return 1; }
    echo "$work/$found"
}
for name in 'usr/bin/recur' 'usr/bin/recur64' 'usr/include/recur.h' '*/librecur.so.[0-9]' \
    '*/librecur.a' '*/man1/recur.1' '*/completions/recur' '*/_recur'; do
    one "$name" >/dev/null
done

sed 's,/\*.*\*/,,' usr/include/recur.h | tr '\n' ' ' | grep -oE 'RC_API [^;{(]*[(;]' |
    grep -oE 'rc_[a-z0-9_]+ *[(;]$' | tr -d ' (;' | sort >declared
nm -P -D --defined-only "$(one '*/librecur.so.[0-9]')" | cut -d ' ' -f 1 | sort >exported
diff --label declared --label exported -u declared exported

cat >user.c <<'END'
#include <recur.h>
#include <stdio.h>
int main(void)
{
    return printf("%s %s\n", RC_VERSION, rc_error_message()) < 0;
}
END
PKG_CONFIG_PATH=$(dirname "$(one '*/recur.pc')")
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
export PKG_CONFIG_PATH LD_LIBRARY_PATH
version=$(pkg-config --modversion recur)
read -ra flags <<<"$(pkg-config --cflags --libs recur)"
cc -std=c17 -o by_pkg_config user.c "${flags[@]}"
[[ $(./by_pkg_config) == "$version "* ]]

cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.21)
project(user C)
find_package(recur REQUIRED)
add_executable(user user.c)
target_link_libraries(user PRIVATE recur::recur)
END
cmake -G Ninja -S . -B by_cmake -DCMAKE_PREFIX_PATH="$work/usr" >log || { cat log; exit 1; }
cmake --build by_cmake >log || { cat log; exit 1; }
[[ $(by_cmake/user) == "$version "* ]]
[[ $(usr/bin/recur version) == *"$version"* ]]
cmp "$source/include/recur.h" usr/include/recur.h
