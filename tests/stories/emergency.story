# Help is called: by any trunk there is, past every dialplan and limit, and every supervisor knows.
10:00:01 > carrier answers after 2 s
10:00:02 > reserve answers after 2 s
10:00:05 > anna dials 112
10:00:05   supervisors are alerted: 1001 calls 112
10:00:05   carrier rings
10:00:05   anna hears ringing
10:00:07   anna talks with 112
10:00:07   anna hears carrier
10:00:07   carrier hears anna
10:00:15 > anna hangs up
10:00:15   record direct
10:00:15   carrier is hung up on
10:01:00 > carrier is overloaded
10:01:05 > anna dials 112
10:01:05   supervisors are alerted: 1001 calls 112
10:01:05   reserve rings
10:01:05   anna hears ringing
10:01:07   anna talks with 112
10:01:07   anna hears reserve
10:01:07   reserve hears anna
10:01:15 > anna hangs up
10:01:15   record direct
10:01:15   reserve is hung up on
10:02:00 > carrier is cut off
10:02:05 > anna dials 112
10:02:05   supervisors are alerted: 1001 calls 112
10:02:10   reserve rings
10:02:10   anna hears ringing
10:02:12   anna talks with 112
10:02:12   anna hears reserve
10:02:12   reserve hears anna
10:02:20 > anna hangs up
10:02:20   record direct
10:02:20   reserve is hung up on
