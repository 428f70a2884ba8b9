# Phones call each other and outside, past the queues; whoever talks so gets nothing from a queue meanwhile.
10:00:00 > anna is ready
10:00:00 > anna answers after 3 s
10:00:00 > carrier answers after 4 s
10:00:00 > bert answers after 2 s
10:00:00   anna hears agent-ready
10:00:00   anna is ready
10:00:00   anna is hung up on
10:00:05 > anna dials 90055501
10:00:05   anna is talking
10:00:05   carrier rings
10:00:05   anna hears ringing
10:00:09   anna talks with 90055501
10:00:09   anna hears carrier
10:00:09   carrier hears anna
10:00:20 > caller dials 4001
10:00:20   caller waits for support, place 1, 1 talking, 0 in wrap-up, 0 not ready
10:00:20   caller hears queue-next, please-wait
10:00:24   caller hears calm
10:00:40 > anna hangs up
10:00:40   record direct
10:00:40   anna is ready
10:00:40   caller is offered to anna, idle 0 s, 1 of 1
10:00:40   anna is reserved
10:00:40   anna rings
10:00:40   carrier is hung up on
10:00:43   anna is talking
10:00:43   anna hears caller
10:00:43   caller hears anna
10:01:00 > caller hangs up
10:01:00   anna is in wrap-up
10:01:00   caller was recorded for 16 s
10:01:00   anna is hung up on
10:01:10   anna is ready
10:01:10   record handled, support, waited 23 s, anna, talked 16 s, wrapped up 10 s
10:02:00 > anna dials 1002
10:02:00   anna is talking
10:02:00   bert rings
10:02:00   anna hears ringing
10:02:02   anna talks with 1002
10:02:02   anna hears bert
10:02:02   bert hears anna
10:02:10 > bert hangs up
10:02:10   record direct
10:02:10   anna is ready
10:02:10   anna is hung up on
10:02:20 > bert is busy
10:02:21 > anna dials 1002
10:02:21   anna is talking
10:02:21   record unanswered
10:02:21   anna is ready
10:02:21   anna is refused, 486
10:02:30 > carrier is busy
10:02:31 > anna dials 90055501
10:02:31   anna is talking
10:02:31   record unanswered
10:02:31   anna is ready
10:02:31   anna is refused, 486
10:02:40 > anna dials 777
10:02:40   trouble 777: no dialplan, phone or carrier has this number
10:02:40   record refused
10:02:40   anna is refused, 404
10:02:50 > anna dials 1003
10:02:50   anna is talking
10:02:50   chen rings
10:02:50   anna hears ringing
10:02:55 > chen declines
10:02:55   record unanswered
10:02:55   anna is ready
10:02:55   anna is refused, 603
10:03:00 > anna dials 1003
10:03:00   anna is talking
10:03:00   chen rings
10:03:00   anna hears ringing
10:03:05 > anna hangs up
10:03:05   record unanswered
10:03:05   anna is ready
10:03:05   chen stops ringing
