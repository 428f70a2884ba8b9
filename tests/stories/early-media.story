# The network outside says something before anybody answers: it is heard, and the call is not paid for.
10:00:01 > carrier announces for 6 s
10:00:05 > anna dials 90055501
10:00:05   carrier rings
10:00:05   anna hears carrier
10:00:05   carrier hears anna
10:00:11   record unanswered
10:00:11   anna is refused, 603
10:00:20 > carrier answers after 3 s
10:00:21 > anna dials 90055501
10:00:21   carrier rings
10:00:21   anna hears ringing
10:00:24   anna talks with 90055501
10:00:24   anna hears carrier
10:00:24   carrier hears anna
10:00:30 > anna hangs up
10:00:30   record direct
10:00:30   carrier is hung up on
10:00:40 > anna is ready
10:00:40 > anna answers after 2 s
10:00:40   anna hears agent-ready
10:00:40   anna is ready
10:00:40   anna is hung up on
10:00:50 > caller dials 4001
10:00:50   caller waits for support, place 1
10:00:50   caller is offered to anna, idle 9 s, 1 of 1
10:00:50   anna is reserved
10:00:50   caller hears queue-next, please-wait
10:00:50   anna rings
10:00:52   anna is talking
10:00:52   anna hears caller
10:00:52   caller hears anna
10:01:00 > carrier announces for 6 s
10:01:05 > anna passes on to 90055502
10:01:05   anna is in wrap-up
10:01:05   caller is passed on to 90055502
10:01:05   caller hears ringback
10:01:05   anna is hung up on
10:01:05   carrier rings
10:01:05   caller hears carrier
10:01:05   carrier hears caller
10:01:11   caller waits for support, place 1, 0 talking, 1 in wrap-up, 0 not ready
10:01:11   caller hears queue-next, please-wait
10:01:15   anna is ready
10:01:15   caller is offered to anna, idle 0 s, 1 of 1
10:01:15   anna is reserved
10:01:15   anna rings
10:01:15   caller hears calm
10:01:17   anna is talking
10:01:17   anna hears caller
10:01:17   caller hears anna
10:01:20 > caller hangs up
10:01:20   anna is in wrap-up
10:01:20   caller was recorded for 27 s
10:01:20   anna is hung up on
10:01:30   anna is ready
10:01:30   record handled, support, waited 8 s, anna, talked 15 s, wrapped up 10 s
