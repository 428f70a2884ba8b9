# A blind transfer to a colleague, to a queue, to somebody outside; one that nobody takes; an attended one.
10:00:00 > anna is ready
10:00:00 > anna answers after 2 s
10:00:00 > bert answers after 3 s
10:00:00 > dora is ready
10:00:00 > dora answers after 2 s
10:00:00 > carrier answers after 2 s
10:00:00   anna hears agent-ready
10:00:00   dora hears agent-ready
10:00:00   dora is ready
10:00:00   anna is ready
10:00:00   anna is hung up on
10:00:00   dora is hung up on
10:00:05 > caller dials 4001
10:00:05   caller waits for support, place 1
10:00:05   caller is offered to anna, idle 4 s, 1 of 1
10:00:05   anna is reserved
10:00:05   caller hears queue-next, please-wait
10:00:05   anna rings
10:00:07   anna is talking
10:00:07   anna hears caller
10:00:07   caller hears anna
10:00:15 > anna passes on to 1002
10:00:15   anna is in wrap-up
10:00:15   caller is passed on to 1002
10:00:15   caller hears ringback
10:00:15   anna is hung up on
10:00:15   bert rings
10:00:18   caller talks with 1002
10:00:18   bert hears caller
10:00:18   caller hears bert
10:00:25   anna is ready
10:00:30 > caller hangs up
10:00:30   caller was recorded for 22 s
10:00:30   record transferred, support, waited 2 s, anna, talked 7 s, wrapped up 0 s
10:00:30   bert is hung up on
10:01:00 > caller dials 4001
10:01:00   caller waits for support, place 1
10:01:00   caller is offered to anna, idle 35 s, 1 of 1
10:01:00   anna is reserved
10:01:00   caller hears queue-next, please-wait
10:01:00   anna rings
10:01:02   anna is talking
10:01:02   anna hears caller
10:01:02   caller hears anna
10:01:10 > anna passes on to 4002
10:01:10   anna is in wrap-up
10:01:10   caller is passed on to 4002
10:01:10   caller waits for sales, place 1
10:01:10   caller is offered to dora, idle 69 s, 1 of 1
10:01:10   dora is reserved
10:01:10   caller hears queue-next, please-wait
10:01:10   anna is hung up on
10:01:10   dora rings
10:01:12   dora is talking
10:01:12   caller hears dora
10:01:12   dora hears caller
10:01:20   anna is ready
10:01:30 > caller hangs up
10:01:30   dora is in wrap-up
10:01:30   caller was recorded for 27 s
10:01:30   dora is hung up on
10:01:40   dora is ready
10:01:40   record handled, sales, waited 4 s, dora, talked 25 s, wrapped up 10 s
10:02:00 > caller dials 4001
10:02:00   caller waits for support, place 1
10:02:00   caller is offered to anna, idle 40 s, 1 of 1
10:02:00   anna is reserved
10:02:00   caller hears queue-next, please-wait
10:02:00   anna rings
10:02:02   anna is talking
10:02:02   anna hears caller
10:02:02   caller hears anna
10:02:10 > anna passes on to 90055501
10:02:10   anna is in wrap-up
10:02:10   caller is passed on to 90055501
10:02:10   caller hears ringback
10:02:10   anna is hung up on
10:02:10   carrier rings
10:02:12   caller talks with 90055501
10:02:12   caller hears carrier
10:02:12   carrier hears caller
10:02:20 > carrier hangs up
10:02:20   anna is ready
10:02:20   caller was recorded for 17 s
10:02:20   record transferred, support, waited 2 s, anna, talked 7 s, wrapped up 0 s
10:02:20   caller is hung up on
10:03:00 > bert is busy
10:03:00 > caller dials 4001
10:03:00   caller waits for support, place 1
10:03:00   caller is offered to anna, idle 40 s, 1 of 1
10:03:00   anna is reserved
10:03:00   caller hears queue-next, please-wait
10:03:00   anna rings
10:03:02   anna is talking
10:03:02   anna hears caller
10:03:02   caller hears anna
10:03:10 > anna passes on to 1002
10:03:10   anna is in wrap-up
10:03:10   caller is passed on to 1002
10:03:10   caller hears ringback
10:03:10   anna is hung up on
10:03:10   caller waits for support, place 1, 0 talking, 1 in wrap-up, 0 not ready
10:03:10   caller hears queue-next, please-wait
10:03:14   caller hears calm
10:03:20   anna is ready
10:03:20   caller is offered to anna, idle 0 s, 1 of 1
10:03:20   anna is reserved
10:03:20   anna rings
10:03:22   anna is talking
10:03:22   anna hears caller
10:03:22   caller hears anna
10:03:30 > caller hangs up
10:03:30   anna is in wrap-up
10:03:30   caller was recorded for 27 s
10:03:30   anna is hung up on
10:03:40   anna is ready
10:03:40   record handled, support, waited 14 s, anna, talked 15 s, wrapped up 10 s
10:04:00 > bert is free
10:04:00 > bert answers after 2 s
10:04:00 > caller dials 4001
10:04:00   caller waits for support, place 1
10:04:00   caller is offered to anna, idle 20 s, 1 of 1
10:04:00   anna is reserved
10:04:00   caller hears queue-next, please-wait
10:04:00   anna rings
10:04:02   anna is talking
10:04:02   anna hears caller
10:04:02   caller hears anna
10:04:10 > anna holds
10:04:10   caller is on hold
10:04:10   anna hears nothing
10:04:10   caller hears calm
10:04:11 > anna dials 1002
10:04:11   bert rings
10:04:11   anna hears ringing
10:04:13   anna talks with 1002
10:04:13   anna hears bert
10:04:13   bert hears anna
10:04:20 > anna joins the two
10:04:20   anna is in wrap-up
10:04:20   caller is passed on to 1002
10:04:20   caller talks with 1002
10:04:20   record direct
10:04:20   bert hears caller
10:04:20   caller hears bert
10:04:20   anna is hung up on
10:04:20   anna is hung up on
10:04:30 > bert hangs up
10:04:30   anna is ready
10:04:30   caller was recorded for 27 s
10:04:30   record transferred, support, waited 2 s, anna, talked 7 s, held 10 s, wrapped up 0 s
10:04:30   caller is hung up on
10:05:00 > caller dials 4001
10:05:00   caller waits for support, place 1
10:05:00   caller is offered to anna, idle 30 s, 1 of 1
10:05:00   anna is reserved
10:05:00   caller hears queue-next, please-wait
10:05:00   anna rings
10:05:02   anna is talking
10:05:02   anna hears caller
10:05:02   caller hears anna
10:05:10 > anna passes on to 777
10:05:10   trouble the call was not passed on to 777: no dialplan, phone or carrier has this number
10:05:10   anna may not pass on, 404
10:05:15 > caller passes on to 90055501
10:05:15   trouble the call was not passed on to 90055501: this phone may not do that
10:05:15   caller may not pass on, 403
10:05:20 > caller hangs up
10:05:20   anna is in wrap-up
10:05:20   caller was recorded for 17 s
10:05:20   anna is hung up on
10:05:30   anna is ready
10:05:30   record handled, support, waited 2 s, anna, talked 17 s, wrapped up 10 s
10:06:00 > caller dials 4001
10:06:00   caller waits for support, place 1
10:06:00   caller is offered to anna, idle 30 s, 1 of 1
10:06:00   anna is reserved
10:06:00   caller hears queue-next, please-wait
10:06:00   anna rings
10:06:02   anna is talking
10:06:02   anna hears caller
10:06:02   caller hears anna
10:06:10 > anna passes on to 1099
10:06:10   anna is in wrap-up
10:06:10   caller is passed on to 1099
10:06:10   caller waits for support, place 1, 0 talking, 1 in wrap-up, 0 not ready
10:06:10   caller hears queue-next, please-wait
10:06:10   anna is hung up on
10:06:14   caller hears calm
10:06:15 > bert dials 1099
10:06:15   record unanswered
10:06:15   bert is refused, 480
10:06:20   anna is ready
10:06:20   caller is offered to anna, idle 0 s, 1 of 1
10:06:20   anna is reserved
10:06:20   anna rings
10:06:22   anna is talking
10:06:22   anna hears caller
10:06:22   caller hears anna
10:06:40 > caller hangs up
10:06:40   anna is in wrap-up
10:06:40   caller was recorded for 37 s
10:06:40   anna is hung up on
10:06:50   anna is ready
10:06:50   record handled, support, waited 14 s, anna, talked 25 s, wrapped up 10 s
10:07:00 > bert is ready
10:07:00   bert hears agent-ready
10:07:00   bert is ready
10:07:00   bert is hung up on
10:07:05 > chen answers after 2 s
10:07:10 > anna dials 1002
10:07:10   anna is talking
10:07:10   bert rings
10:07:10   anna hears ringing
10:07:12   anna talks with 1002
10:07:12   bert is talking
10:07:12   anna hears bert
10:07:12   bert hears anna
10:07:20 > anna passes on to 1003
10:07:20   anna is ready
10:07:20   anna is passed on to 1003
10:07:20   bert hears ringback
10:07:20   anna is hung up on
10:07:20   chen rings
10:07:22   anna talks with 1003
10:07:22   bert hears chen
10:07:22   chen hears bert
10:07:30 > caller dials 4001
10:07:30   caller waits for support, place 1
10:07:30   caller is offered to anna, idle 10 s, 1 of 1
10:07:30   anna is reserved
10:07:30   caller hears queue-next, please-wait
10:07:30   anna rings
10:07:32   anna is talking
10:07:32   anna hears caller
10:07:32   caller hears anna
10:07:40 > chen hangs up
10:07:40   record direct
10:07:40   bert is ready
10:07:40   bert is hung up on
10:07:50 > caller hangs up
10:07:50   anna is in wrap-up
10:07:50   caller was recorded for 17 s
10:07:50   anna is hung up on
10:08:00   anna is ready
10:08:00   record handled, support, waited 2 s, anna, talked 17 s, wrapped up 10 s
