# A caller waits although nobody is at work, hears the place again every half minute, and is taken by who comes.
10:00:00 > caller dials 4002
10:00:00   caller waits for sales, place 1, nobody is logged in
10:00:00   caller hears queue-next, please-wait
10:00:04   caller hears calm
10:00:30   caller hears queue-next, please-wait
10:00:34   caller hears calm
10:00:50 > dora is ready
10:00:50   dora hears agent-ready
10:00:50   dora is ready
10:00:50   caller is offered to dora, idle 0 s, 1 of 1
10:00:50   dora is reserved
10:00:50   dora is hung up on
10:00:50   dora rings
10:00:55 > dora answers
10:00:55   dora is talking
10:00:55   caller hears dora
10:00:55   dora hears caller
10:01:00 > caller hangs up
10:01:00   dora is in wrap-up
10:01:00   caller was recorded for 5 s
10:01:00   dora is hung up on
10:01:05 > dora goes home
10:01:05   dora is logged out
10:01:05   record handled, sales, waited 55 s, dora, talked 5 s, wrapped up 5 s
10:01:05   dora hears agent-logged-out
10:01:06   dora is hung up on
