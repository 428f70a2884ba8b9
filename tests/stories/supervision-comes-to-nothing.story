# A supervisor's phone is not answered, or the call is over before it is; sound that does not come by here cannot be heard.
10:00:00 > anna is ready
10:00:00 > anna answers after 2 s
10:00:00   anna hears agent-ready
10:00:00   anna is ready
10:00:00   anna is hung up on
10:00:05 > caller dials 4001
10:00:05   caller waits for support, place 1
10:00:05   caller is offered to anna, idle 4 s, 1 of 1
10:00:05   anna is reserved
10:00:05   caller hears queue-next, please-wait
10:00:05   anna rings
10:00:07   anna is talking
10:00:07   anna hears caller
10:00:07   caller hears anna
10:00:10 > sara listens to anna
10:00:10   sara is rung to listen
10:00:10   sara rings
10:00:40   sara takes no part any more, no answer
10:00:40   sara stops ringing
10:00:45 > sara barges in on anna
10:00:45   sara is rung to barge
10:00:45   sara rings
10:00:47 > sara declines
10:00:47   sara takes no part any more, declined
10:00:50 > sara listens to anna
10:00:50   sara is rung to listen
10:00:50   sara rings
10:00:52 > caller hangs up
10:00:52   anna is in wrap-up
10:00:52   caller was recorded for 44 s
10:00:52   sara takes no part any more, released
10:00:52   anna is hung up on
10:00:52   sara stops ringing
10:01:02   anna is ready
10:01:02   record handled, support, waited 2 s, anna, talked 44 s, wrapped up 10 s
10:01:10 > phones speak directly
10:01:20 > emil answers after 1 s
10:01:20 > dora dials 1005
10:01:20   emil rings
10:01:20   dora hears ringing
10:01:21   dora talks with 1005
10:01:25 > sara answers after 1 s
10:01:26 > sara listens to emil
10:01:26   sara is rung to listen
10:01:26   sara rings
10:01:27   sara listens
10:01:27   trouble a supervisor cannot take part: the call's sound does not come by here
10:01:27   sara takes no part any more, released
10:01:27   sara is hung up on
10:01:40 > dora hangs up
10:01:40   emil is hung up on
10:01:40   record direct
