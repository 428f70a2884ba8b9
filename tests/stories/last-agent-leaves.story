# The last agent goes home while somebody waits: the caller keeps the place until somebody comes.
10:00:00 > dora is ready
10:00:05 > emil is ready
10:00:10 > dora is busy
10:00:10 > emil is busy
10:00:12 > caller dials 4002
10:00:20 > dora goes home
10:00:22 > emil goes home
10:01:00 > caller hangs up
