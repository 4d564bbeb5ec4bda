1,2,3:up
1,2:down
