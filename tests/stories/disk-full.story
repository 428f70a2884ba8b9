# The disk fills up and is emptied again: supervisors know of it, and calls go on.
10:00:00 > anna is ready
10:00:00 > anna answers after 2 s
10:00:00   anna hears agent-ready
10:00:00   anna is ready
10:00:00   anna is hung up on
10:00:03 > the disk is low
10:00:03   supervisors are alerted: 500 MB are left for recordings
10:00:05 > caller dials 4001
10:00:05   caller waits for support, place 1
10:00:05   caller is offered to anna, idle 4 s, 1 of 1
10:00:05   anna is reserved
10:00:05   caller hears queue-next, please-wait
10:00:05   anna rings
10:00:07   anna is talking
10:00:07   anna hears caller
10:00:07   caller hears anna
10:00:10 > the disk is full
10:00:10   supervisors need not look any more
10:00:10   trouble the disk is full: calls go on and are not recorded
10:00:10   supervisors are alerted: nothing is recorded any more
10:00:20 > caller hangs up
10:00:20   anna is in wrap-up
10:00:20   caller was recorded for 12 s
10:00:20   anna is hung up on
10:00:30 > the disk is empty
10:00:30   supervisors need not look any more
10:00:30   anna is ready
10:00:30   record handled, support, waited 2 s, anna, talked 12 s, wrapped up 10 s
10:00:31 > the disk is full
10:00:31   trouble the disk is full: calls go on and are not recorded
10:00:31   supervisors are alerted: nothing is recorded any more
