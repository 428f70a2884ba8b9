# The carrier does not take a call, in three ways; the next trunk does, and whoever calls hears it ring.
10:00:00 > bert is ready
10:00:00   bert hears agent-ready
10:00:00   bert is ready
10:00:00   bert is hung up on
10:00:01 > reserve answers after 2 s
10:00:02 > carrier is overloaded
10:00:05 > anna dials 90055501
10:00:05   reserve rings
10:00:05   anna hears ringing
10:00:07   anna talks with 90055501
10:00:07   anna hears reserve
10:00:07   reserve hears anna
10:00:15 > anna hangs up
10:00:15   record direct
10:00:15   reserve is hung up on
10:00:30 > carrier is cut off
10:00:35 > anna dials 90055502
10:00:40   reserve rings
10:00:40   anna hears ringing
10:00:42   anna talks with 90055502
10:00:42   anna hears reserve
10:00:42   reserve hears anna
10:00:50 > anna hangs up
10:00:50   record direct
10:00:50   reserve is hung up on
10:01:00 > anna dials 90055503
10:01:00   reserve rings
10:01:00   anna hears ringing
10:01:02   anna talks with 90055503
10:01:02   anna hears reserve
10:01:02   reserve hears anna
10:01:10 > anna hangs up
10:01:10   record direct
10:01:10   reserve is hung up on
10:02:00 > carrier is connected again
10:03:00 > carrier answers after 2 s
10:03:10 > anna dials 90055504
10:03:10   carrier rings
10:03:10   anna hears ringing
10:03:12   anna talks with 90055504
10:03:12   anna hears carrier
10:03:12   carrier hears anna
10:03:20 > anna hangs up
10:03:20   record direct
10:03:20   carrier is hung up on
10:04:00 > carrier is busy
10:04:05 > anna dials 90055505
10:04:05   record unanswered
10:04:05   anna is refused, 486
10:05:00 > carrier is cut off
10:05:00 > reserve is cut off
10:05:05 > anna dials 90055506
10:05:15   record unanswered
10:05:15   anna is refused, 480
