# Two phones of the office speak directly: the program forwards their call, and hears nothing of it.
10:00:00 > phones speak directly
10:00:00 > anna is ready
10:00:00   anna hears agent-ready
10:00:00   anna is ready
10:00:00   anna is hung up on
10:00:01 > bert answers after 2 s
10:00:05 > anna dials 1002
10:00:05   anna is talking
10:00:05   bert rings
10:00:05   anna hears ringing
10:00:07   anna talks with 1002
10:00:20 > caller dials 4001
10:00:20   caller waits for support, place 1, 1 talking, 0 in wrap-up, 0 not ready
10:00:20   caller hears queue-next, please-wait
10:00:24   caller hears calm
10:00:40 > anna hangs up
10:00:40   bert is hung up on
10:00:40   record direct
10:00:40   anna is ready
10:00:40   caller is offered to anna, idle 0 s, 1 of 1
10:00:40   anna is reserved
10:00:40   anna rings
10:00:50   caller hears queue-next, please-wait
10:00:54   caller hears calm
10:00:55   caller is not taken by anna, no answer
10:00:55   anna is not ready, no answer
10:00:55   anna stops ringing
10:01:20   caller hears queue-next, please-wait
10:01:24   caller hears calm
10:01:30 > caller hangs up
10:01:30   record abandoned, support, waited 70 s
10:02:00 > bert is busy
10:02:01 > anna dials 1002
10:02:01   anna is talking
10:02:01   record unanswered
10:02:01   anna is not ready, no answer
10:02:01   anna is refused, 486
10:02:20 > bert is free
10:02:21 > anna dials 1002
10:02:21   anna is talking
10:02:21   bert rings
10:02:21   anna hears ringing
10:02:30 > anna hangs up
10:02:30   bert stops ringing
10:02:30   record unanswered
10:02:30   anna is not ready, no answer
10:02:40 > anna dials 1002
10:02:40   anna is talking
10:02:40   bert rings
10:02:40   anna hears ringing
10:02:45 > bert declines
10:02:45   record unanswered
10:02:45   anna is not ready, no answer
10:02:45   anna is refused, 603
10:03:00 > bert answers after 1 s
10:03:01 > anna dials 1002
10:03:01   anna is talking
10:03:01   bert rings
10:03:01   anna hears ringing
10:03:02   anna talks with 1002
10:03:10 > bert hangs up
10:03:10   anna is hung up on
10:03:10   record direct
10:03:10   anna is not ready, no answer
