# A meeting waits for its moderator; keys mute and lock, a supervisor removes; a wrong number is asked for again.
10:00:00 > ada dials 4603
10:00:00   ada hears conference-pin
10:00:03   ada hears nothing
10:00:05 > ada presses 2468#
10:00:05   ada is in conference meeting
10:00:05   ada hears calm
10:00:06 > ben dials 4603
10:00:06   ben hears conference-pin
10:00:08 > ben presses 1111#
10:00:08   ben hears nothing
10:00:08   ben hears conference-pin-wrong, conference-pin
10:00:12 > ben presses 2468#
10:00:12   ben hears nothing
10:00:12   ben is in conference meeting
10:00:12   ben hears calm
10:00:20 > mod dials 4603
10:00:20   mod hears conference-pin
10:00:23   mod hears nothing
10:00:24 > mod presses 135790#
10:00:24   mod is in conference meeting, as moderator
10:00:24   ada hears the conference
10:00:24   ben hears the conference
10:00:24   mod hears the conference
10:00:30 > ada presses *6
10:00:30   ada is not heard in meeting, says ada
10:00:30   ada hears beep
10:00:30   ada hears the conference
10:00:32 > ada presses *6
10:00:32   ada is heard in meeting, says ada
10:00:32   ada hears beep
10:00:32   ada hears the conference
10:00:35 > mod presses *1
10:00:35   ada is not heard in meeting, says mod
10:00:35   ben is not heard in meeting, says mod
10:00:35   mod hears beep
10:00:35   mod hears the conference
10:00:38 > mod presses *1
10:00:38   ada is heard in meeting, says mod
10:00:38   ben is heard in meeting, says mod
10:00:38   mod hears beep
10:00:38   mod hears the conference
10:00:40 > mod presses *2
10:00:40   mod hears beep
10:00:40   mod hears the conference
10:00:42 > cam dials 4603
10:00:42   cam hears conference-pin
10:00:45 > cam presses 2468#
10:00:45   cam hears nothing
10:00:45   cam is not in conference meeting: locked
10:00:45   cam hears conference-locked
10:00:48   record self served
10:00:48   cam is hung up on
10:00:52 > mod presses *2
10:00:52   mod hears beep
10:00:52   mod hears the conference
10:00:54 > sara mutes ben in meeting
10:00:54   ben is not heard in meeting, says sara
10:00:56 > sara removes ben from meeting
10:00:56   ben is not in conference meeting: removed, says sara
10:00:56   ada hears beep
10:00:56   ben hears conference-removed
10:00:56   mod hears beep
10:00:56   ada hears the conference
10:00:56   mod hears the conference
10:00:59   record self served
10:00:59   ben is hung up on
10:01:02 > ben dials 4603
10:01:02   ben hears conference-pin
10:01:05 > ben presses 2468#
10:01:05   ben hears nothing
10:01:05   ben is in conference meeting
10:01:05   ada hears beep
10:01:05   ben hears the conference
10:01:05   mod hears beep
10:01:05   ada hears the conference
10:01:05   mod hears the conference
10:01:08 > mod presses *3
10:01:08   ben is not in conference meeting: removed, says mod
10:01:08   ada hears beep
10:01:08   ben hears conference-removed
10:01:08   mod hears beep
10:01:08   ada hears the conference
10:01:08   mod hears the conference
10:01:11   record self served
10:01:11   ben is hung up on
10:01:15 > mod hangs up
10:01:15   record self served
10:01:15   ada hears calm
10:01:20 > ada hangs up
10:01:20   record self served
10:01:30 > eve dials 4603
10:01:30   eve hears conference-pin
10:01:31 > eve presses 1#
10:01:31   eve hears nothing
10:01:31   eve hears conference-pin-wrong, conference-pin
10:01:36 > eve presses 2#
10:01:36   eve hears nothing
10:01:36   eve hears conference-pin-wrong, conference-pin
10:01:40 > eve presses 3#
10:01:40   eve hears nothing
10:01:40   eve hears goodbye
10:01:42   record refused
10:01:42   eve is hung up on
