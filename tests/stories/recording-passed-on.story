# A recorded call that is passed on to a colleague is the colleague's: whoever talks now pauses its recording.
10:00:00 > anna is ready
10:00:00 > anna answers after 2 s
10:00:00 > bert answers after 2 s
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
10:00:12 > anna pauses the recording
10:00:12   caller has a recording that is paused, says anna
10:00:14 > anna resumes the recording
10:00:14   caller has a recording that is running, says anna
10:00:20 > anna passes on to 1002
10:00:20   anna is in wrap-up
10:00:20   caller is passed on to 1002
10:00:20   caller hears ringback
10:00:20   anna is hung up on
10:00:20   bert rings
10:00:22   caller talks with 1002
10:00:22   bert hears caller
10:00:22   caller hears bert
10:00:25 > bert pauses the recording
10:00:25   caller has a recording that is paused, says bert
10:00:30 > bert resumes the recording
10:00:30   caller has a recording that is running, says bert
10:00:30   anna is ready
10:00:33 > bert pauses the recording in vain
10:00:33   caller has a recording that is paused, says bert
10:00:33   trouble the recording could not be changed: media thread 0 has ended
10:00:33   caller has a recording that is running, says hotline
10:00:40 > caller hangs up
10:00:40   caller was recorded for 32 s
10:00:40   record transferred, support, waited 2 s, anna, talked 12 s, wrapped up 0 s
10:00:40   bert is hung up on
