# The first call over a crowded radio link: datagrams are lost in rows, others overtake each other. Nobody notices.
09:59:58 > the network is gusty
10:00:00 > anna is ready
10:00:00   anna hears agent-ready
10:00:00   anna is ready
10:00:00   anna is hung up on
10:00:10 > caller dials 4000
10:00:10   caller hears welcome
10:00:13   caller hears menu-main
10:00:20 > caller presses 2
10:00:20   caller waits for support, place 1
10:00:20   caller is offered to anna, idle 19 s, 1 of 1
10:00:20   anna is reserved
10:00:20   caller hears queue-next, please-wait
10:00:20   anna rings
10:00:24 > anna answers
10:00:24   anna is talking
10:00:24   anna hears caller
10:00:24   caller hears anna
10:00:40 > caller hangs up
10:00:40   anna is in wrap-up
10:00:40   caller was recorded for 16 s
10:00:40   anna is hung up on
10:00:50   anna is ready
10:00:50   record handled, support, waited 4 s, anna, talked 16 s, wrapped up 10 s
