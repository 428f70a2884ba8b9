# An agent who does not answer loses the offer; the caller keeps the place and goes to the next agent.
10:00:00 > anna is ready
10:00:00   anna hears agent-ready
10:00:00   anna is ready
10:00:00   anna is hung up on
10:00:05 > bert is ready
10:00:05   bert hears agent-ready
10:00:05   bert is ready
10:00:05   bert is hung up on
10:00:10 > first dials 4001
10:00:10   first waits for support, place 1
10:00:10   first is offered to anna, idle 9 s, 1 of 2, not bert: idle 4 s
10:00:10   anna is reserved
10:00:10   first hears queue-next, please-wait
10:00:10   anna rings
10:00:12 > second dials 4001
10:00:12   second waits for support, place 2
10:00:12   second is offered to bert, idle 6 s, 1 of 1
10:00:12   bert is reserved
10:00:12   second hears queue-position, number-2, queue-position-end, please-wait
10:00:12   bert rings
10:00:14 > bert declines
10:00:14   second is not taken by bert, declined
10:00:14   bert is ready
10:00:14   first hears calm
10:00:17   second hears calm
10:00:19   second is offered to bert, idle 13 s, 1 of 1
10:00:19   bert is reserved
10:00:19   bert rings
10:00:25   first is not taken by anna, no answer
10:00:25   anna is not ready, no answer
10:00:25   anna stops ringing
10:00:30 > bert answers
10:00:30   bert is talking
10:00:30   bert hears second
10:00:30   second hears bert
10:00:40   first hears queue-next, please-wait
10:00:44   first hears calm
10:00:50 > first hangs up
10:00:50   record abandoned, support, waited 40 s
10:00:55 > second hangs up
10:00:55   bert is in wrap-up
10:00:55   second was recorded for 25 s
10:00:55   bert is hung up on
10:01:05   bert is ready
10:01:05   record handled, support, waited 18 s, bert, talked 25 s, wrapped up 10 s
