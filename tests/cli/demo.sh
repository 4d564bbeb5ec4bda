# demo.sh -- demos are listed, run by name, and refused by name.
recur demo
recur list demos --long | grep -c 'Lecture'
recur demo --json | grep -c '"lecture"'
recur demo order --threads 1 | sed 's/ *[0-9.]*%$/ N%/' # plain C has other digits
recur demo wrong-gradient --json | grep -o '"claims".*"ok": true'
recur demo deep-sigmoid --seed 3 | tail -n 6
! recur demo nepl
! recur demo nepal order
! recur demo order --seed -1
