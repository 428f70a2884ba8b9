# A supervisor listens, whispers, barges in, follows a hold, and takes over; nobody else can be rung for it, and it ends with the call.
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
10:00:06 > sara answers after 3 s
10:00:07   anna is talking
10:00:07   anna hears caller
10:00:07   caller hears anna
10:00:08 > sara listens to anna
10:00:08   sara is rung to listen
10:00:08   sara rings
10:00:09 > anna listens to anna
10:00:09   anna may not: this is your own call
10:00:09 > paul listens to anna
10:00:09   paul may not: paul has no phone to listen on
10:00:11   sara listens
10:00:11   sara hears anna and caller
10:00:15 > sara whispers to anna
10:00:15   sara whispers
10:00:15   anna hears caller and sara
10:00:18 > sara barges in on anna
10:00:18   sara barges in
10:00:18   caller hears anna and sara
10:00:22 > anna holds
10:00:22   caller is on hold
10:00:22   anna hears nothing
10:00:22   caller hears calm
10:00:26 > anna resumes
10:00:26   caller is off hold
10:00:26   anna hears caller and sara
10:00:26   caller hears anna and sara
10:00:28 > sara listens to anna
10:00:28   sara listens
10:00:28   caller was recorded for 10 s
10:00:28   anna hears caller
10:00:28   caller hears anna
10:00:30 > sara leaves anna
10:00:30   sara takes no part any more, released
10:00:30   sara is hung up on
10:00:33 > sara barges in on anna
10:00:33   sara is rung to barge
10:00:33   sara rings
10:00:36   sara barges in
10:00:36   anna hears caller and sara
10:00:36   caller hears anna and sara
10:00:36   sara hears anna and caller
10:00:40 > caller hangs up
10:00:40   anna is in wrap-up
10:00:40   caller was recorded for 32 s
10:00:40   caller was recorded for 3 s
10:00:40   sara takes no part any more, released
10:00:40   anna is hung up on
10:00:40   sara is hung up on
10:00:50   anna is ready
10:00:50   record handled, support, waited 2 s, anna, talked 28 s, held 4 s, wrapped up 10 s
10:01:05 > other dials 4001
10:01:05   other waits for support, place 1
10:01:05   other is offered to anna, idle 15 s, 1 of 1
10:01:05   anna is reserved
10:01:05   other hears queue-next, please-wait
10:01:05   anna rings
10:01:07   anna is talking
10:01:07   anna hears other
10:01:07   other hears anna
10:01:10 > sara listens to anna
10:01:10   sara is rung to listen
10:01:10   sara rings
10:01:13   sara listens
10:01:13   sara hears other and anna
10:01:15 > anna passes on to 1002
10:01:15   anna is in wrap-up
10:01:15   other is passed on to 1002
10:01:15   other hears ringback
10:01:15   sara hears other
10:01:15   anna is hung up on
10:01:15   bert rings
10:01:18 > bert answers
10:01:18   other talks with 1002
10:01:18   bert hears other
10:01:18   other hears bert
10:01:18   sara hears other and bert
10:01:21 > sara whispers to bert
10:01:21   sara whispers
10:01:21   bert hears other and sara
10:01:25 > sara takes over from bert
10:01:25   sara takes over
10:01:25   other talks with 1020
10:01:25   other hears sara
10:01:25   sara hears other
10:01:25   bert is hung up on
10:01:25   anna is ready
10:01:40 > other hangs up
10:01:40   other was recorded for 32 s
10:01:40   record transferred, support, waited 2 s, anna, talked 7 s, wrapped up 0 s
10:01:40   sara is hung up on
