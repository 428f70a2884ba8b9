# A router that gets another address in the middle of a call. Its phone is no part of the call any more, though it registers
# anew: whoever knows the marks of a call must also come from where it is. The caller ends it; the next call comes through.
10:00:00 > anna is behind a router
10:00:00 > anna registers
10:00:05 > anna is ready
10:00:05   anna hears agent-ready
10:00:05   anna is ready
10:00:05   anna is hung up on
10:00:10 > caller dials 4001
10:00:10   caller waits for support, place 1
10:00:10   caller is offered to anna, idle 4 s, 1 of 1
10:00:10   anna is reserved
10:00:10   caller hears queue-next, please-wait
10:00:10   anna rings
10:00:12 > anna answers
10:00:12   anna is talking
10:00:12   anna hears caller
10:00:12   caller hears anna
10:00:20 > anna gets another address
10:00:22 > anna registers
10:00:40 > anna hangs up
10:01:00 > caller hangs up
10:01:00   anna is in wrap-up
10:01:00   caller was recorded for 48 s
10:01:10   anna is ready
10:01:10   record handled, support, waited 2 s, anna, talked 48 s, wrapped up 10 s
10:02:00 > caller dials 4001
10:02:00   caller waits for support, place 1
10:02:00   caller is offered to anna, idle 50 s, 1 of 1
10:02:00   anna is reserved
10:02:00   caller hears queue-next, please-wait
10:02:00   anna rings
10:02:02 > anna answers
10:02:02   anna is talking
10:02:02   anna hears caller
10:02:02   caller hears anna
10:02:10 > caller hangs up
10:02:10   anna is in wrap-up
10:02:10   caller was recorded for 8 s
10:02:10   anna is hung up on
10:02:20   anna is ready
10:02:20   record handled, support, waited 2 s, anna, talked 8 s, wrapped up 10 s
