# The menu: a choice that is none, a message left, and somebody who presses nothing.
10:00:00 > wrong dials 4000
10:00:00   wrong hears welcome
10:00:03   wrong hears menu-main
10:00:04 > wrong presses 7
10:00:04   wrong hears invalid-choice, menu-main
10:00:12 > wrong hangs up
10:00:12   record self served
10:01:00 > message dials 4000
10:01:00   message hears welcome
10:01:03   message hears menu-main
10:01:04 > message presses 3
10:01:04   message hears leave-message, after-the-tone, beep
10:01:11   message hears nothing
10:01:20 > message presses #
10:01:20   message was recorded for 8 s
10:01:20   message hears message-saved, goodbye
10:01:25   record voicemail
10:01:25   message is hung up on
10:02:00 > silent dials 4000
10:02:00   silent hears welcome
10:02:03   silent hears menu-main
10:02:12   silent hears nothing
10:02:17   silent hears menu-main
10:02:26   silent hears nothing
10:02:31   silent hears menu-main
10:02:40   silent hears nothing
10:02:45   silent waits for support, place 1, nobody is logged in
10:02:45   silent hears queue-next, please-wait
10:02:50 > silent hangs up
10:02:50   record abandoned, support, waited 4 s
