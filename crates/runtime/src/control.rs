//! The control thread: drives telephony and the center with real time and real sockets.
//!
//! It waits for whatever comes first (a message, an event of sound, a request, a deadline), hands it to the machine
//! it is for, and carries on until nothing is left to be done. It never waits for a disk, a database or a peer.
//!
//! ```text
//!            messages, ports, media events            wishes, settings
//!                       │                                    │
//!                       ▼            LegEvent                ▼
//!   sockets ◀── telephony ──────────────────────────────▶ center ──▶ writer, board
//!                       ▲ ◀─────────────────────────────── │
//!                       │           LegCommand             └──▶ journal
//!                  media threads
//! ```

use crate::carriers::{self, Carriers};
use crate::clock::Clock;
use crate::journal::JournalWriter;
use crate::lines::Lines;
use crate::port_troubles::PortTroubles;
use crate::request::{Load, Request};
use base::{Now, Timestamp};
use center::{Center, Effect, Input};
use media::PortId;
use model::{
    AgentId, BoardEvent, LegEvent, MonitorRefused, RecordingId, RecordingMark, SipUser, WishRefused,
};
use net::rtp::{CommandError, MediaThreads};
use net::sip::{Arrived, SipSockets};
use sip::{SavedBinding, Transmit};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use telephony::{CarrierAddress, Output, Telephony};
use tokio::sync::mpsc;
use web::{PhonePass, RecordingError};

/// Requests that may wait for the control thread. A request that finds it full waits at its sender.
pub const REQUESTS_WAITING_MAX: usize = 1024;

/// Requests taken at one wake before other work gets its turn.
const REQUESTS_PER_WAKE: usize = 32;

/// Media events taken at one wake before other work gets its turn.
const MEDIA_EVENTS_PER_WAKE: usize = 256;

/// Where what the center says goes.
pub trait Audience {
    /// A record is to be stored, a message to be kept. Must not wait.
    fn record(&mut self, record: model::Record);
    /// A SIP message belongs to a leg's story. Must not wait.
    fn sip_message(&mut self, message: model::query::SipMessage);
    /// Rows of the board changed. Must not wait.
    fn board(&mut self, events: Vec<BoardEvent>);
    /// A recording begins. Must not wait. Returns why it cannot be.
    fn recording_begins(&mut self, recording: RecordingId, stereo: bool, at: Timestamp) -> Option<String>;
    /// Something is to be written into a recording. Must not wait.
    fn recording_mark(&mut self, recording: RecordingId, mark: RecordingMark, at: Timestamp);
    /// A user has a phone that can be rung, or none any more. Must not wait.
    fn registration(&mut self, user: &SipUser, registered: bool);
    /// Where a user's phones are, for the next process. Must not wait.
    fn bindings(&mut self, user: SipUser, saved: Vec<SavedBinding>);
    /// Whose phone is whose, from now on.
    fn phones(&mut self, phones: BTreeMap<SipUser, AgentId>);
}

/// Everything the control thread owns.
pub struct Control<A> {
    clock: Clock,
    telephony: Telephony,
    center: Center,
    sockets: SipSockets,
    carriers: Carriers,
    media: MediaThreads,
    /// Programs that hear and speak.
    lines: Lines,
    port_troubles: PortTroubles,
    journal: JournalWriter,
    audience: A,
    requests: mpsc::Receiver<Request>,
    media_events: mpsc::Receiver<media::Event>,
    transmits: Vec<Transmit>,
    to_telephony: VecDeque<telephony::Input>,
    to_center: VecDeque<Input>,
    board: Vec<BoardEvent>,
    counters: Arc<crate::Counters>,
}

/// What [`Control::new`] is made of.
pub struct Parts<A> {
    /// The clocks.
    pub clock: Clock,
    /// Telephony, with its settings and sounds.
    pub telephony: Telephony,
    /// The center, with its settings.
    pub center: Center,
    /// SIP's sockets.
    pub sockets: SipSockets,
    /// Where carriers are found.
    pub carriers: Carriers,
    /// The media threads.
    pub media: MediaThreads,
    /// The journal, begun with `center` as it is.
    pub journal: JournalWriter,
    /// Where what the center says goes.
    pub audience: A,
    /// Requests of other threads.
    pub requests: mpsc::Receiver<Request>,
    /// Events of the media threads.
    pub media_events: mpsc::Receiver<media::Event>,
    /// What is counted.
    pub counters: Arc<crate::Counters>,
    /// The center's first inputs: its settings, what became of recordings cut by a crash.
    pub first: Vec<Input>,
}

/// Whether the loop goes on.
enum Next {
    Go,
    Stop,
}

impl<A: Audience> Control<A> {
    /// Puts the parts together.
    pub fn new(parts: Parts<A>) -> Self {
        Self {
            clock: parts.clock,
            telephony: parts.telephony,
            center: parts.center,
            sockets: parts.sockets,
            carriers: parts.carriers,
            media: parts.media,
            lines: Lines::default(),
            port_troubles: PortTroubles::default(),
            journal: parts.journal,
            audience: parts.audience,
            requests: parts.requests,
            media_events: parts.media_events,
            transmits: Vec::new(),
            to_telephony: VecDeque::new(),
            to_center: parts.first.into(),
            board: Vec::new(),
            counters: parts.counters,
        }
    }

    /// Runs until somebody says stop. Returns the journal's and the media threads' ends, to be closed.
    pub async fn run(mut self) -> (JournalWriter, MediaThreads, A) {
        let mut arrived = Vec::new();
        self.follow_telephony(self.clock.now());
        self.settle();
        loop {
            let wake =
                [self.telephony.poll_timeout(), self.center.poll_timeout()].into_iter().flatten().min();
            let wake = wake.map(|wake| tokio::time::Instant::from_std(self.clock.when(wake)));
            let next = tokio::select! {
                biased;
                () = self.sockets.receive(&mut arrived) => {
                    self.take_arrived(&mut arrived);
                    Next::Go
                }
                Some(event) = self.media_events.recv() => {
                    self.take_media_event(event);
                    Next::Go
                }
                Some(request) = self.requests.recv() => self.take_request(request),
                answer = self.carriers.found() => {
                    self.to_telephony.push_back(carriers::told(answer, &mut self.sockets));
                    Next::Go
                }
                () = sleep_until(wake) => Next::Go,
            };
            // Whatever woke us, everybody has a turn: a flood of messages must not starve sound, nor people's wishes.
            self.take_media_events();
            let next = match next {
                Next::Go => self.take_requests(),
                Next::Stop => Next::Stop,
            };
            self.time_passes();
            self.settle();
            if let Next::Stop = next {
                return (self.journal, self.media, self.audience);
            }
        }
    }

    fn take_arrived(&mut self, arrived: &mut Vec<Arrived>) {
        let came = arrived.iter().filter_map(|one| match one {
            Arrived::Message { came_at, .. } => Some(*came_at),
            Arrived::Broken { .. } | Arrived::Closed { .. } | Arrived::Unsent { .. } => None,
        });
        if let Some(oldest) = came.min() {
            let pressure = guard::Pressure { oldest: oldest.elapsed(), waiting: self.sockets.waiting() };
            self.to_telephony.push_back(telephony::Input::Pressure(pressure));
        }
        for one in arrived.drain(..) {
            let input = match one {
                Arrived::Message { bytes, source, .. } => telephony::Input::Message { bytes, source },
                Arrived::Broken { error, source } => telephony::Input::Broken { error, source },
                Arrived::Closed { connection, remote } => {
                    telephony::Input::Unreachable { remote, connection: Some(connection) }
                }
                Arrived::Unsent { remote, error } => {
                    tracing::debug!(%remote, %error, "a datagram was not sent");
                    telephony::Input::Unreachable { remote, connection: None }
                }
            };
            self.to_telephony.push_back(input);
        }
    }

    fn take_requests(&mut self) -> Next {
        for _ in 0..REQUESTS_PER_WAKE {
            match self.requests.try_recv().map(|request| self.take_request(request)) {
                Ok(Next::Go) => {}
                Ok(Next::Stop) => return Next::Stop,
                Err(_) => break,
            }
        }
        Next::Go
    }

    fn take_media_events(&mut self) {
        for _ in 0..MEDIA_EVENTS_PER_WAKE {
            match self.media_events.try_recv() {
                Ok(event) => self.take_media_event(event),
                Err(_) => return,
            }
        }
    }

    fn take_media_event(&mut self, event: media::Event) {
        if let media::Event::HearRefused { listener, speaker } = event
            && self.lines.unheard(listener, speaker, &self.media)
        {
            return;
        }
        self.to_telephony.push_back(telephony::Input::Media(event));
    }

    fn take_request(&mut self, request: Request) -> Next {
        match request {
            Request::Wish { agent, wish, reply } => {
                let answer = self.center.check_wish(&agent, &wish).and_then(|()| {
                    self.to_center.push_back(Input::Agent { agent: agent.clone(), wish });
                    self.settle();
                    self.center.agent_view(&agent).ok_or(WishRefused::NoSuchAgent(agent))
                });
                // Whoever asked may be gone; the wish is granted all the same.
                let _ = reply.send(answer);
            }
            Request::CloseAlert { alert, reply } => {
                let was_there = self.center.has_alert(alert);
                if was_there {
                    self.to_center.push_back(Input::AlertClosed(alert));
                }
                // Whoever asked may be gone; notice is taken all the same.
                let _ = reply.send(was_there);
            }
            Request::Sound { interaction, reply } => {
                let legs = self.center.legs_of(interaction).into_iter();
                let sound =
                    |(leg, role)| Some(web::LegSound { leg, role, quality: *self.telephony.quality(leg)? });
                let _ = reply.send(legs.filter_map(sound).collect());
            }
            Request::KeepOfRecording { interaction, state, by, reply } => {
                if self.center.recording_state(interaction).is_some() {
                    self.to_center.push_back(Input::Recording { interaction, state, by });
                    // Nothing may be recorded any more once whoever asked has the answer.
                    self.settle();
                }
                let _ = reply.send(match self.center.recording_state(interaction) {
                    Some(kept) if kept == state => Ok(()),
                    Some(_) => Err(RecordingError::Unchanged),
                    None => Err(RecordingError::NotRecording),
                });
            }
            Request::Monitor { interaction, by, mode, reply } => {
                let phone = self.center.check_supervision(interaction, &by, mode).cloned();
                let answer = phone.and_then(|phone| {
                    let rings =
                        self.center.is_monitoring(interaction, &by) || self.telephony.is_registered(&phone);
                    if rings { Ok(()) } else { Err(MonitorRefused::NotRegistered(phone)) }
                });
                if answer.is_ok() {
                    self.to_center.push_back(Input::Monitor { interaction, by, mode });
                    self.settle();
                }
                // Whoever asked may be gone; the phone rings all the same.
                let _ = reply.send(answer);
            }
            Request::Conferences(reply) => {
                let _ = reply.send(self.center.conferences());
            }
            Request::Conference { room, order, by, reply } => {
                let answer = self.center.check_conference(&room, &order);
                if answer.is_ok() {
                    self.to_center.push_back(Input::Conference { room, order, by });
                    self.settle();
                }
                // Whoever asked may be gone; it is done all the same.
                let _ = reply.send(answer);
            }
            Request::EndMonitor { interaction, by, reply } => {
                let there = self.center.is_monitoring(interaction, &by);
                if there {
                    self.to_center.push_back(Input::EndMonitor { interaction, by });
                    self.settle();
                }
                let _ = reply.send(if there { Ok(()) } else { Err(MonitorRefused::NotThere) });
            }
            Request::PhonePass { agent, login, reply } => {
                let now = self.clock.now();
                let phone = self.center.phone_of(&agent).cloned();
                let pass = phone.and_then(|user| {
                    let token = self.telephony.issue_token(&user, login, now);
                    let token = token.ok_or(WishRefused::NoPhone(agent))?;
                    Ok(PhonePass { user, token, good_for: sip::TOKEN_LIFETIME })
                });
                // A token that nobody waits for any more is worth nothing in a minute.
                let _ = reply.send(pass);
            }
            Request::LoginOver { login } => {
                self.to_telephony.push_back(telephony::Input::LoginOver { login });
            }
            Request::Registered { users, reply } => {
                let _ = reply.send(users.iter().map(|user| self.telephony.is_registered(user)).collect());
            }
            Request::OpenLine { interaction, wish, reply } => {
                let opened =
                    self.lines.open(interaction, wish, &self.center, &mut self.telephony, &self.media);
                if let Err(Ok((line, ..))) = reply.send(opened) {
                    // Nobody waits for it any more.
                    self.lines.close(line, &self.media);
                }
            }
            Request::CloseLine { line } => self.lines.close(line, &self.media),
            Request::KeptOut(reply) => {
                let _ = reply.send(self.telephony.kept_out(self.clock.now()));
            }
            Request::LetIn { address, reply } => {
                let now = self.clock.now();
                // Whoever asked may be gone; the address is let in all the same.
                let _ = reply.send(self.telephony.let_in(address, now));
                self.follow_telephony(now);
            }
            Request::RecordingRoom { room, free_bytes } => {
                self.to_center.push_back(Input::RecordingRoom { room, free_bytes });
            }
            Request::Recording(event) => self.to_center.push_back(Input::Leg(event)),
            Request::Reload(reload) => {
                self.audience.phones(phones_of(&reload.center));
                self.to_telephony.push_back(telephony::Input::Config(Box::new(reload.telephony)));
                self.to_telephony.push_back(telephony::Input::Prompts(reload.prompts));
                self.to_center.push_back(Input::Config(Box::new(reload.center)));
            }
            Request::Drain => {
                self.to_center.push_back(Input::Drain(true));
                self.to_telephony.push_back(telephony::Input::Drain);
            }
            Request::Load(reply) => {
                let _ = reply.send(self.load());
            }
            Request::Stop => return Next::Stop,
        }
        Next::Go
    }

    fn load(&self) -> Load {
        Load {
            interactions: self.center.open_interactions(),
            legs: self.telephony.legs(),
            registrations: self.telephony.registrations(),
            connections: self.sockets.connections(),
            signalling: self.telephony.signalling_left(),
            carriers: self.telephony.carriers_left(),
        }
    }

    fn time_passes(&mut self) {
        let now = self.clock.now().mono;
        if self.telephony.poll_timeout().is_some_and(|due| due <= now) {
            self.to_telephony.push_back(telephony::Input::Timeout);
        }
        if self.center.poll_timeout().is_some_and(|due| due <= now) {
            self.to_center.push_back(Input::Timeout);
        }
    }

    /// Lets the machines talk until nothing is left to be said, then hands out what they want done.
    fn settle(&mut self) {
        let now = self.clock.now();
        self.media.gather();
        loop {
            if let Some(input) = self.to_telephony.pop_front() {
                self.telephony.handle(input, now);
                self.follow_telephony(now);
            } else if let Some(input) = self.to_center.pop_front() {
                self.journal.add(&input, now);
                self.center.handle(input, now);
                self.follow_center();
            } else {
                break;
            }
        }
        self.lines.follow(&self.center, &self.telephony, &self.media);
        // What was decided is on its way to the disk before anybody hears of it.
        self.journal.commit(&self.center, now);
        for transmit in self.transmits.drain(..) {
            self.sockets.send(&transmit);
        }
        self.media.release();
        if !self.board.is_empty() {
            self.audience.board(std::mem::take(&mut self.board));
        }
        self.counters.set_load(self.load());
        self.counters.set_media(self.media.moved(), self.media.cross_full());
        let (tally, guarded) = self.telephony.guarded();
        self.counters.set_guarded(tally, guarded);
    }

    fn follow_telephony(&mut self, now: Now) {
        while let Some(output) = self.telephony.poll_output() {
            match output {
                Output::Send(transmit) => self.transmits.push(transmit),
                Output::OpenPort { port, group } => self.open_port(port, group),
                Output::Pair { port, pairing } => {
                    if let Err(error) = self.media.pair(port, pairing) {
                        tracing::warn!(%error, "a browser cannot be paired");
                        self.to_telephony
                            .push_back(telephony::Input::Media(media::Event::Unsealable { port }));
                    }
                }
                Output::Unpair { port } => {
                    if let Err(error) = self.media.unpair(port) {
                        tracing::warn!(%error, "a browser cannot be parted from its port");
                    }
                }
                Output::Media(command) => {
                    let refused = match &command {
                        media::Command::Hear { listener, speaker, on: true } => {
                            Some(media::Event::HearRefused { listener: *listener, speaker: *speaker })
                        }
                        media::Command::Join { port, conference, .. } => {
                            Some(media::Event::JoinRefused { port: *port, conference: *conference })
                        }
                        media::Command::Bridge { a, b } => Some(media::Event::BridgeRefused { a: *a, b: *b }),
                        _ => None,
                    };
                    let masked = match &command {
                        media::Command::MaskRecord { recording, .. } => Some(*recording),
                        _ => None,
                    };
                    match self.media.command(command) {
                        // A port that is gone needs no command.
                        Ok(()) | Err(CommandError::NotOpen(_)) => {}
                        Err(error) => {
                            tracing::error!(%error, "a media command was not passed on");
                            let unchanged = masked.map(|recording| LegEvent::RecordingUnchanged {
                                recording: RecordingId::from_u64(recording.as_u64()),
                                why: error.to_string(),
                            });
                            self.to_center.extend(unchanged.map(Input::Leg));
                            self.to_telephony.extend(refused.map(telephony::Input::Media));
                        }
                    }
                }
                Output::RecordingBegins { recording, stereo } => {
                    if let Some(why) = self.audience.recording_begins(recording, stereo, now.utc) {
                        self.to_center.push_back(Input::Leg(LegEvent::RecordingFailed { recording, why }));
                    }
                }
                Output::RecordingMark { recording, mark } => {
                    self.audience.recording_mark(recording, mark, now.utc);
                }
                Output::Registration { user, registered } => {
                    self.audience.registration(&user, registered);
                    self.to_center.push_back(Input::Phone { user, registered });
                }
                Output::Bindings { user, saved } => self.audience.bindings(user, saved),
                Output::Leg(LegEvent::Digit { leg, digit }) => {
                    self.lines.digit(leg, digit, &self.center);
                    self.to_center.push_back(Input::Leg(LegEvent::Digit { leg, digit }));
                }
                Output::Leg(event) => self.to_center.push_back(Input::Leg(event)),
                Output::Resolve { address } => self.resolve(address),
                Output::Trunk(view) => self.board.push(BoardEvent::Trunk(view)),
                Output::TrunkGone(trunk) => self.board.push(BoardEvent::TrunkGone(trunk)),
                Output::Ladder(message) => self.audience.sip_message(message),
                Output::News(what) => tracing::info!("{what}"),
                Output::Alarm(what) | Output::Trouble(what) => tracing::warn!("{what}"),
            }
        }
    }

    fn resolve(&mut self, address: CarrierAddress) {
        if let Some(found) = self.carriers.find(address, &self.sockets) {
            self.to_telephony.push_back(found);
        }
    }

    fn open_port(&mut self, port: PortId, group: u64) {
        let input = match self.media.open(port, group) {
            Ok(address) => telephony::Input::PortOpened { port, address, door: Some(self.media.door()) },
            Err(error) => {
                let why = self.port_troubles.failed(&error, self.clock.now().mono);
                telephony::Input::PortFailed { port, why }
            }
        };
        self.to_telephony.push_back(input);
    }

    fn follow_center(&mut self) {
        while let Some(effect) = self.center.poll_effect() {
            match effect {
                Effect::Leg(command) => self.to_telephony.push_back(telephony::Input::Command(command)),
                Effect::Persist(record) => self.audience.record(record),
                Effect::Publish(event) => self.board.push(event),
            }
        }
    }
}

async fn sleep_until(wake: Option<tokio::time::Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake).await,
        None => std::future::pending().await,
    }
}

/// Whose phone is whose.
pub(crate) fn phones_of(settings: &center::Settings) -> BTreeMap<SipUser, AgentId> {
    let agents = settings.agents.iter();
    agents.filter_map(|agent| agent.phone.clone().map(|phone| (phone, agent.id.clone()))).collect()
}
