# A recording belongs to its call: it goes on through a hold and a blind transfer, paused or not, and ends once.
10:00:00 > anna is ready
10:00:00 > anna answers after 2 s
10:00:00 > dora is ready
10:00:00 > dora answers after 2 s
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
10:00:12 > anna pauses the recording
10:00:12   caller has a recording that is paused, says anna
10:00:13 > anna holds
10:00:13   caller is on hold
10:00:13   anna hears nothing
10:00:13   caller hears calm
10:00:15 > anna resumes
10:00:15   caller is off hold
10:00:15   anna hears caller
10:00:15   caller hears anna
10:00:20 > anna passes on to 4002
10:00:20   anna is in wrap-up
10:00:20   caller is passed on to 4002
10:00:20   caller waits for sales, place 1
10:00:20   caller is offered to dora, idle 19 s, 1 of 1
10:00:20   dora is reserved
10:00:20   caller hears queue-next, please-wait
10:00:20   anna is hung up on
10:00:20   dora rings
10:00:22   dora is talking
10:00:22   caller hears dora
10:00:22   dora hears caller
10:00:30 > dora resumes the recording
10:00:30   caller has a recording that is running, says dora
10:00:30   anna is ready
10:00:31 > dora resumes the recording
10:00:40 > dora masks the customer
10:00:40   caller has a recording that is customer masked, says dora
10:01:00 > caller hangs up
10:01:00   dora is in wrap-up
10:01:00   caller was recorded for 52 s
10:01:00   dora is hung up on
10:01:10   dora is ready
10:01:10   record handled, sales, waited 4 s, dora, talked 48 s, held 2 s, wrapped up 10 s
