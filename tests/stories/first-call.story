# The first call: greeting, menu, queue, agent, both talk, both are let go.
10:00:00 > anna is ready
10:00:10 > caller dials 4000
10:00:20 > caller presses 2
10:00:24 > anna answers
10:00:40 > caller hangs up
