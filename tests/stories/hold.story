# The agent puts the caller on hold and takes the caller back.
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
10:00:20 > anna holds
10:00:20   caller is on hold
10:00:20   anna hears nothing
10:00:20   caller hears calm
10:00:30 > anna resumes
10:00:30   caller is off hold
10:00:30   anna hears caller
10:00:30   caller hears anna
10:00:40 > caller hangs up
10:00:40   anna is in wrap-up
10:00:40   caller was recorded for 28 s
10:00:40   anna is hung up on
10:00:50   anna is ready
10:00:50   record handled, support, waited 2 s, anna, talked 18 s, held 10 s, wrapped up 10 s
