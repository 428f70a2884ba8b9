# A phone behind a router that forgets the phone's port and takes another in the middle of a call. The phone hangs up and
# holds as ever, and from its first word on it is reached at the new port.
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
10:00:20 > anna gets another port
10:00:40 > anna hangs up
10:00:40   anna is in wrap-up
10:00:40   caller was recorded for 28 s
10:00:40   caller is hung up on
10:00:50   anna is ready
10:00:50   record handled, support, waited 2 s, anna, talked 28 s, wrapped up 10 s
10:01:30 > anna registers
10:02:00 > caller dials 4001
10:02:00   caller waits for support, place 1
10:02:00   caller is offered to anna, idle 70 s, 1 of 1
10:02:00   anna is reserved
10:02:00   caller hears queue-next, please-wait
10:02:00   anna rings
10:02:02 > anna answers
10:02:02   anna is talking
10:02:02   anna hears caller
10:02:02   caller hears anna
10:02:10 > anna gets another port
10:02:20 > anna holds
10:02:20   caller is on hold
10:02:20   anna hears nothing
10:02:20   caller hears calm
10:02:22 > anna resumes
10:02:22   caller is off hold
10:02:22   anna hears caller
10:02:22   caller hears anna
10:02:30 > caller hangs up
10:02:30   anna is in wrap-up
10:02:30   caller was recorded for 28 s
10:02:30   anna is hung up on
10:02:40   anna is ready
10:02:40   record handled, support, waited 2 s, anna, talked 26 s, held 2 s, wrapped up 10 s
