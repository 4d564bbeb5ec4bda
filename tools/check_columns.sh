#!/usr/bin/env bash
# check_columns.sh -- no line of the sources, of the tests and of what builds them is wider than 100
# columns: two of them stand side by side on a screen. A character is a column, whatever its bytes.
set -eu
cd "$(dirname "$0")/.."
shopt -s nullglob globstar
files=(include/*.h {src,cli,tests}/**/*.{c,h,def,sh,bash} tools/*.{sh,py} CMakeLists.txt dev)
[[ ${#files[@]} -gt 2 ]] || { echo "no sources here"; exit 1; }
! LC_ALL=C.UTF-8 grep -nE '^.{101,}' -- "${files[@]}"
