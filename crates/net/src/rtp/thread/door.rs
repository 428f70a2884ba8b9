//! Browsers on a thread: the door's takes what they send and knows where their ports are; the others have it from there.

use super::{DATAGRAM_MAX, Thread};
use crate::rtp::browser::Found;
use crate::rtp::browsing::{Browsing, Reception, Sent};
use crate::rtp::crossing::Corridor;
use base::{Instant, Now};
use browser_peer::{Pairing, Place};
use media::{Channel, Command, Event, PortId};

/// How many packets of browsers are taken at once. A flood of them leaves the other sockets their turns all the same.
const BROWSER_PACKETS_AT_ONCE: usize = 32;

impl Thread {
    fn reception(&mut self) -> Option<&mut Reception> {
        match &mut self.sockets.browsing {
            Browsing::Here(reception) => Some(reception),
            Browsing::There { .. } => None,
        }
    }

    /// A browser is expected at a port, wherever that is.
    pub(super) fn pair(&mut self, port: PortId, pairing: Pairing, home: usize, now: Now) {
        let mut found = None;
        self.guarded(Some((port, now)), |_, sockets| {
            if let Browsing::Here(reception) = &mut sockets.browsing {
                let home = reception.elsewhere(home);
                found = reception.browsers.pair(port, pairing, home, now.mono);
            }
        });
        self.configure(found, now);
    }

    /// What was agreed in SDP with a browser waits until there are keys.
    pub(super) fn agree(&mut self, command: Command, now: Now) {
        let Command::Configure { port, .. } = command else { return };
        let mut found = None;
        self.guarded(Some((port, now)), |_, sockets| {
            if let Browsing::Here(reception) = &mut sockets.browsing {
                found = reception.browsers.agree(port, command);
            }
        });
        self.configure(found, now);
    }

    /// The port of a browser has come to another thread. What is agreed may have gone to the one before.
    pub(super) fn settle(&mut self, port: PortId, home: usize, now: Now) {
        let Some(reception) = self.reception().filter(|reception| reception.browsers.has(port)) else {
            return;
        };
        let home = reception.elsewhere(home);
        reception.browsers.settle(port, home);
        let agreed = reception.browsers.configured(port);
        self.configure(agreed, now);
    }

    /// The port of a browser ends on another thread.
    pub(super) fn part_with(&mut self, port: PortId, now: Now) {
        if let Some(reception) = self.reception() {
            reception.browsers.part_with(port, now.mono);
        }
    }

    /// What is agreed with a browser goes to the engine of its port, on this thread or another one.
    fn configure(&mut self, command: Option<Command>, now: Now) {
        let Some(command) = command else { return };
        let Some(reception) = self.reception() else { return };
        match reception.deliver(command) {
            Ok(Some(command)) => {
                let port =
                    if let Command::Configure { port, .. } = command { Some((port, now)) } else { None };
                self.guarded(port, |engine, _| engine.handle_command(command, now));
            }
            Ok(None) => {}
            Err(port) => {
                tracing::error!(%port, "the thread of a browser's port is stuck and does not take its keys");
                self.tell(Event::Unsealable { port });
            }
        }
    }

    /// What was agreed with a browser comes from the thread of the door. It may not be one any more.
    pub(super) fn take_keys(&mut self, command: Command, now: Now) {
        let Command::Configure { port, .. } = command else { return };
        if self.sockets.browsing.has(port) {
            self.guarded(Some((port, now)), |engine, _| engine.handle_command(command, now));
        }
    }

    /// When browsers need something to be done.
    pub(super) fn browsers_timeout(&self) -> Option<Instant> {
        match &self.sockets.browsing {
            Browsing::Here(reception) => reception.browsers.poll_timeout(),
            Browsing::There { .. } => None,
        }
    }

    pub(super) fn let_time_pass_for_browsers(&mut self, now: Now) {
        while self.browsers_timeout().is_some_and(|at| at <= now.mono) {
            let mut found = None;
            self.guarded(None, |_, sockets| {
                if let Browsing::Here(reception) = &mut sockets.browsing {
                    found = reception.browsers.handle_timeout(now.mono);
                }
            });
            if found.is_none() {
                return;
            }
            self.configure(found, now);
        }
    }

    /// Takes what browsers have sent: as one socket is there for all of them, more than one packet in its turn.
    pub(super) fn take_from_browsers(&mut self, now: Now, buffer: &mut [u8; DATAGRAM_MAX]) {
        for _ in 0..BROWSER_PACKETS_AT_ONCE {
            let Some((source, length)) = self.sockets.receive_from_browser(buffer) else { return };
            self.take_from_browser(source, length, now, buffer);
        }
    }

    /// Takes what a browser has sent over a connection, one turn of it.
    pub(super) fn take_from_stream(&mut self, number: usize, now: Now, buffer: &mut [u8; DATAGRAM_MAX]) {
        let goes_on = self.reception().is_some_and(|reception| reception.browsers.fill(number));
        while let Some((source, length)) =
            self.reception().and_then(|reception| reception.browsers.frame(number, buffer))
        {
            self.sockets.counts.received += 1;
            self.take_from_browser(source, length, now, buffer);
        }
        if !goes_on && let Some(reception) = self.reception() {
            reception.browsers.close(number);
        }
    }

    fn take_from_browser(&mut self, source: Place, length: usize, now: Now, buffer: &mut [u8; DATAGRAM_MAX]) {
        let datagram = &mut buffer[..length];
        // Whose it is says the address; a panic before that is nobody's.
        let port = self.reception().and_then(|reception| reception.browsers.sender(source));
        let mut found = None;
        self.guarded(port.map(|port| (port, now)), |engine, sockets| {
            let Browsing::Here(reception) = &mut sockets.browsing else { return };
            let (port, channel) = match reception.browsers.handle(source, datagram, now.mono) {
                Found::Media(port) => (port, Channel::Rtp),
                Found::Report(port) => (port, Channel::Rtcp),
                Found::Configure(command) => {
                    found = Some(*command);
                    return;
                }
                Found::Nothing => return,
            };
            if let Some(neighbor) = reception.abroad(port) {
                let sent = match neighbor.corridor.pass(port, channel, source.address(), datagram) {
                    true => Sent::Crossed,
                    false => Sent::Dropped,
                };
                return sockets.counts.note(sent);
            }
            match channel {
                Channel::Rtp => engine.handle_packet(port, source.address(), datagram, now, sockets),
                Channel::Rtcp => engine.handle_rtcp(port, source.address(), datagram, now),
            }
        });
        self.configure(found, now);
    }

    /// Whether packets of browsers are taken from other threads now. While ports are awaited, what browsers have sent waits as
    /// well, as it may be for them; what goes out by the door has no reason to.
    pub(super) fn takes_crossings(&self) -> bool {
        self.awaited.is_none() || matches!(self.sockets.browsing, Browsing::Here(_))
    }

    /// Takes packets of browsers that have come from other threads, so many from each at most. Returns how many there were.
    pub(super) fn take_crossings(&mut self, now: Now, most: usize) -> usize {
        let mut taken = 0;
        if !self.takes_crossings() {
            return taken;
        }
        match &mut self.sockets.browsing {
            Browsing::Here(reception) => {
                for thread in 0..reception.threads() {
                    for _ in 0..most {
                        let slot = reception.corridor(thread).and_then(Corridor::take);
                        let Some(mut slot) = slot else { break };
                        let sent = reception.send(slot.port, slot.datagram());
                        if let Some(corridor) = reception.corridor(thread) {
                            corridor.give_back(slot);
                        }
                        self.sockets.counts.note(sent);
                        taken += 1;
                    }
                }
            }
            Browsing::There { .. } => {
                while taken < most
                    && let Browsing::There { corridor, .. } = &self.sockets.browsing
                    && let Some(mut slot) = corridor.take()
                {
                    // It may have moved on, or be no browser's any more, since the packet was sent on its way.
                    if self.sockets.browsing.has(slot.port) {
                        self.guarded(Some((slot.port, now)), |engine, sockets| match slot.channel {
                            Channel::Rtp => {
                                engine.handle_packet(slot.port, slot.source, slot.datagram(), now, sockets)
                            }
                            Channel::Rtcp => engine.handle_rtcp(slot.port, slot.source, slot.datagram(), now),
                        });
                    }
                    if let Browsing::There { corridor, .. } = &self.sockets.browsing {
                        corridor.give_back(slot);
                    }
                    self.sockets.counts.crossed += 1;
                    taken += 1;
                }
            }
        }
        taken
    }

    /// Tells what there is to tell of browsers.
    pub(super) fn tell_of_browsers(&mut self) {
        while let Some(event) = self.reception().and_then(|reception| reception.browsers.poll_event()) {
            self.tell(event);
        }
    }

    /// The door is closed for good: those who came by it to ports of other threads have no keys and no way any more.
    pub(super) fn close_door(&mut self) {
        let Some(reception) = self.reception() else { return };
        let ports: Vec<PortId> = reception.browsers.ports().collect();
        for port in ports {
            self.tell(Event::Unsealable { port });
        }
    }
}
