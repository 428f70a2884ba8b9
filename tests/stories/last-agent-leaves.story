# The last agent goes home while somebody waits: the caller keeps the place until somebody comes.
10:00:00 > dora is ready
10:00:00   dora hears agent-ready
10:00:00   dora is ready
10:00:00   dora is hung up on
10:00:05 > emil is ready
10:00:05   emil hears agent-ready
10:00:05   emil is ready
10:00:05   emil is hung up on
10:00:10 > dora is busy
10:00:10 > emil is busy
10:00:12 > caller dials 4002
10:00:12   caller waits for sales, place 1
10:00:12   caller is offered to dora, idle 11 s, 1 of 2, not emil: idle 6 s
10:00:12   dora is reserved
10:00:12   caller hears queue-next, please-wait
10:00:12   caller is not taken by dora, busy
10:00:12   dora is ready
10:00:12   caller is offered to emil, idle 6 s, 1 of 1, not dora: asked before
10:00:12   emil is reserved
10:00:12   caller is not taken by emil, busy
10:00:12   emil is ready
10:00:16   caller hears calm
10:00:17   caller is offered to dora, idle 16 s, 1 of 1, not emil: asked before
10:00:17   dora is reserved
10:00:17   caller is not taken by dora, busy
10:00:17   dora is ready
10:00:17   caller is offered to emil, idle 11 s, 1 of 1, not dora: asked before
10:00:17   emil is reserved
10:00:17   caller is not taken by emil, busy
10:00:17   emil is ready
10:00:20 > dora goes home
10:00:20   dora is logged out
10:00:20   dora hears agent-logged-out
10:00:21   dora is hung up on
10:00:22 > emil goes home
10:00:22   emil is logged out
10:00:22   emil hears agent-logged-out
10:00:23   emil is hung up on
10:00:42   caller hears queue-next, please-wait
10:00:46   caller hears calm
10:01:00 > caller hangs up
10:01:00   record abandoned, sales, waited 48 s
