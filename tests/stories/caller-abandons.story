# A caller who hangs up while an agent is rung frees the agent, who keeps the place among those who wait for a call.
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
10:00:14   caller hears calm
10:00:15 > caller hangs up
10:00:15   anna is ready
10:00:15   record abandoned, support, waited 5 s
10:00:15   anna stops ringing
10:00:20 > caller dials 4001
10:00:20   caller waits for support, place 1
10:00:20   caller is offered to anna, idle 19 s, 1 of 1
10:00:20   anna is reserved
10:00:20   caller hears queue-next, please-wait
10:00:20   anna rings
10:00:21 > anna answers
10:00:21   anna is talking
10:00:21   anna hears caller
10:00:21   caller hears anna
10:00:25 > anna hangs up
10:00:25   anna is in wrap-up
10:00:25   caller was recorded for 4 s
10:00:25   caller is hung up on
10:00:35   anna is ready
10:00:35   record handled, support, waited 1 s, anna, talked 4 s, wrapped up 10 s
