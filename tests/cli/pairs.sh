# pairs.sh -- the pairs of the lecture.
recur pairs --window 2 "The quick brown fox jumps over the lazy dog"
recur pairs --window 1 "to be or not" --json
! recur pairs ""
! recur pairs --window 0 "a b"
! recur pairs
