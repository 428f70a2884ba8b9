# One of two who talk is not heard: supervisors are alerted, until it is well again or the call is over.
10:00:00 > anna is ready
10:00:00   anna hears agent-ready
10:00:00   anna is ready
10:00:00   anna is hung up on
10:00:10 > caller dials 4001
10:00:10   caller waits for support, place 1
10:00:10   caller is offered to anna, idle 9 s, 1 of 1
10:00:10   anna is reserved
10:00:10   caller hears queue-next, please-wait
10:00:10   anna rings
10:00:12 > anna answers
10:00:12   anna is talking
10:00:12   anna hears caller
10:00:12   caller hears anna
10:00:30 > anna is muted
10:00:30   supervisors are alerted: 1001 is not heard
10:00:40 > anna is heard again
10:00:40   supervisors need not look any more
10:00:50 > caller is muted
10:00:50   supervisors are alerted: caller is not heard
10:01:00 > caller hangs up
10:01:00   supervisors need not look any more
10:01:00   anna is in wrap-up
10:01:00   caller was recorded for 48 s
10:01:00   anna is hung up on
10:01:10   anna is ready
10:01:10   record handled, support, waited 2 s, anna, talked 48 s, wrapped up 10 s
