# Two callers, one agent: the second one is told the place and comes after the first one's wrap-up.
10:00:00 > anna answers after 3 s
10:00:00 > anna is ready
10:00:00   anna hears agent-ready
10:00:00   anna is ready
10:00:00   anna is hung up on
10:00:10 > first dials 4001
10:00:10   first waits for support, place 1
10:00:10   first is offered to anna, idle 9 s, 1 of 1
10:00:10   anna is reserved
10:00:10   first hears queue-next, please-wait
10:00:10   anna rings
10:00:11 > second dials 4001
10:00:11   second waits for support, place 2, 1 talking, 0 in wrap-up, 0 not ready
10:00:11   second hears queue-position, number-2, queue-position-end, please-wait
10:00:13   anna is talking
10:00:13   anna hears first
10:00:13   first hears anna
10:00:16   second hears calm
10:00:30 > first hangs up
10:00:30   anna is in wrap-up
10:00:30   first was recorded for 16 s
10:00:30   anna is hung up on
10:00:40   anna is ready
10:00:40   record handled, support, waited 3 s, anna, talked 16 s, wrapped up 10 s
10:00:40   second is offered to anna, idle 0 s, 1 of 1
10:00:40   anna is reserved
10:00:40   anna rings
10:00:41   second hears queue-next, please-wait
10:00:43   anna is talking
10:00:43   anna hears second
10:00:43   second hears anna
10:00:55 > second hangs up
10:00:55   anna is in wrap-up
10:00:55   second was recorded for 11 s
10:00:55   anna is hung up on
10:01:05   anna is ready
10:01:05   record handled, support, waited 32 s, anna, talked 11 s, wrapped up 10 s
