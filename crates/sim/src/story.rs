//! One course of events, told in lines and checked line by line.
//!
//! A story holds what people do, marked with `>`, and what follows from it. [`run`] does the former and tells both;
//! the story is true when what is told is what it says.
//!
//! ```text
//! 10:00:00 > anna is ready
//! 10:00:00   anna hears agent-ready
//! 10:00:10 > caller dials 4001
//! …
//! ```
//!
//! What people can do: `is ready`, `is not ready`, `goes home` (an agent, from the phone), `dials NUMBER`,
//! `presses KEYS`, `answers`, `declines`, `hangs up`, `holds`, `resumes`, `pauses the recording`, `resumes the recording`,
//! `masks the customer`, `listens to AGENT`, `whispers to AGENT`, `barges in on AGENT`, `takes over from AGENT`, `leaves AGENT`
//! (a supervisor), `mutes CALLER in ROOM`, `unmutes CALLER in ROOM`, `removes CALLER from ROOM`, `pauses the recording in vain` (the order does not reach the sound); and beforehand `answers after 4 s`,
//! `passes on to NUMBER`, `joins the two` (its first and its last call);
//! `is muted` (its sound is lost on the way), `is heard again`;
//! `announces for 4 s` (and refuses), `is busy`, `is overloaded`, `is free`, for all calls that come, and `is cut off`, `is connected again` to the network;
//! `is behind a router`, which `gets another port` or `gets another address`, and `registers` anew. Somebody without a phone of the center's calls
//! from outside. The
//! line `> phones speak directly` lets them do so, `> the network is foul` (`gusty`, `fair`) changes the weather, `> the disk is full` (`low`, `empty`) takes the room for
//! recordings, `> nobody does anything` lets time pass.

use crate::phone::{Habit, Told};
use crate::setup::Setup;
use crate::weather::Weather;
use crate::world::{Sight, World};
use base::{Duration, Instant, Timestamp};
use core::fmt::Write;
use model::decision::PassedOver;
use model::{
    AgentId, AgentState, Alert, BoardEvent, ConferenceOrder, InteractionId, InteractionRecord, LegEvent,
    NotReadyReason, OfferReason, Record, RecordingRoom, RecordingState, SoundWay, Supervision, TimelineEvent,
    WaitReason,
};
use sip::SessionId;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Why a story cannot be told, or is not true.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrue {
    /// A line that nobody understands.
    #[error("line {line}: {what}")]
    Unclear {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// An invariant broke.
    #[error("at {at}: {}", .wrong.join("; "))]
    Broken {
        /// The time of the story.
        at: String,
        /// What is wrong.
        wrong: Vec<String>,
    },
    /// It came out otherwise.
    #[error("the story comes out otherwise; told was:\n{told}")]
    Otherwise {
        /// How it came out.
        told: String,
    },
}

/// The first second of the day of every story: Thursday, 12 November 2026, UTC.
const MIDNIGHT: Timestamp = Timestamp::from_millis(1_794_441_600_000);

/// How long before the first line phones begin to register.
const PRELUDE: Duration = Duration::from_secs(10);

/// How long after the last line the story goes on: the longest that anything may still take.
const EPILOGUE: Duration = Duration::from_secs(120);

struct Line {
    number: usize,
    at: Duration,
    actor: String,
    action: String,
}

/// Does what people do in the story, and checks that what follows is what it says.
pub fn check(text: &str, setup: Setup, seed: u64) -> Result<(), Untrue> {
    let told = run(text, setup, seed)?;
    let lines = |text: &str| {
        text.lines().map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let said: Vec<_> = lines(text).into_iter().filter(|line| !line.starts_with('#')).collect();
    if said == lines(&told) { Ok(()) } else { Err(Untrue::Otherwise { told }) }
}

/// Does what people do in the story, and tells what follows.
pub fn run(text: &str, setup: Setup, seed: u64) -> Result<String, Untrue> {
    let lines = actions(text)?;
    let Some(first) = lines.first() else { return Ok(String::new()) };
    let begin = MIDNIGHT + first.at.saturating_sub(PRELUDE);
    let mut teller = Teller::new(setup, seed, begin, first.at.saturating_sub(PRELUDE));
    for line in &lines {
        teller.wait_until(line.at)?;
        teller.act(line)?;
    }
    teller.finish()
}

fn actions(text: &str) -> Result<Vec<Line>, Untrue> {
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let number = number + 1;
        let unclear = |what: &str| Untrue::Unclear { line: number, what: what.to_owned() };
        let Some((time, action)) = line.split_once('>') else { continue };
        if line.starts_with('#') {
            continue;
        }
        let at = time_of(time.trim()).ok_or_else(|| unclear("a time looks like 10:00:00"))?;
        let (actor, action) =
            action.trim().split_once(' ').ok_or_else(|| unclear("say who does what: anna is ready"))?;
        lines.push(Line { number, at, actor: actor.to_owned(), action: action.trim().to_owned() });
    }
    Ok(lines)
}

fn time_of(text: &str) -> Option<Duration> {
    let mut parts = text.split(':').map(|part| part.parse::<u64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    (parts.next().is_none() && hours < 24 && minutes < 60 && seconds < 60)
        .then(|| Duration::from_secs(hours * 3600 + minutes * 60 + seconds))
}

struct Teller {
    world: World,
    /// The world's monotonic time at midnight of the story's day, in microseconds before its beginning.
    begin: (Instant, Duration),
    /// Agents by login, with their phones.
    phones: BTreeMap<String, String>,
    calls: BTreeMap<String, (SessionId, Option<SocketAddr>)>,
    customers: BTreeMap<InteractionId, String>,
    told: String,
}

impl Teller {
    fn new(setup: Setup, seed: u64, begin: Timestamp, since_midnight: Duration) -> Self {
        let agents: Vec<_> = setup
            .center
            .agents
            .iter()
            .filter_map(|agent| agent.phone.clone().map(|phone| (agent.id.to_string(), phone)))
            .collect();
        let supervisors = setup.center.supervisors.iter();
        let agents: Vec<_> = agents
            .into_iter()
            .chain(supervisors.map(|(login, phone)| (login.to_string(), phone.clone())))
            .collect();
        let passwords = setup.phones.clone();
        let mut world = World::new(setup, seed, Weather::FAIR, begin, true);
        let mut phones = BTreeMap::new();
        for (login, user) in agents {
            let password = passwords.get(&user).map(String::as_str);
            world.add_phone(&login, user.as_str(), password);
            world.act(&login, |phone, now| phone.register(now));
            phones.insert(login, user.to_string());
        }
        let begin = (world.now().mono, since_midnight);
        Self { world, begin, phones, calls: BTreeMap::new(), customers: BTreeMap::new(), told: String::new() }
    }

    fn clock(&self) -> String {
        let seconds = (self.begin.1 + self.world.now().mono.since(self.begin.0)).as_secs();
        format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }

    fn wait_until(&mut self, at: Duration) -> Result<(), Untrue> {
        let until = self.begin.0 + at.saturating_sub(self.begin.1);
        loop {
            let happened = self.world.step(until);
            self.see();
            self.watch()?;
            if !happened {
                return Ok(());
            }
        }
    }

    fn watch(&self) -> Result<(), Untrue> {
        let wrong = self.world.wrong();
        if wrong.is_empty() { Ok(()) } else { Err(Untrue::Broken { at: self.clock(), wrong }) }
    }

    fn finish(mut self) -> Result<String, Untrue> {
        let limit = self.world.now().mono + EPILOGUE;
        loop {
            let happened = self.world.step(limit);
            self.see();
            self.watch()?;
            if !happened {
                break;
            }
        }
        let left = self.world.left_behind();
        if left.is_empty() { Ok(self.told) } else { Err(Untrue::Broken { at: self.clock(), wrong: left }) }
    }

    fn act(&mut self, line: &Line) -> Result<(), Untrue> {
        let _ = writeln!(self.told, "{} > {} {}", self.clock(), line.actor, line.action);
        let unclear = |what: String| Untrue::Unclear { line: line.number, what };
        let actor = line.actor.as_str();
        let words: Vec<_> = line.action.split_whitespace().collect();
        if let ("the", ["network", "is", how]) = (actor, words.as_slice()) {
            self.world.set_weather(match *how {
                "foul" => Weather::FOUL,
                "gusty" => Weather::GUSTY,
                "fair" => Weather::FAIR,
                _ => return Err(unclear(format!("a network is fair, foul or gusty, not {how}"))),
            });
            return Ok(());
        }
        if let ("the", ["disk", "is", how]) = (actor, words.as_slice()) {
            let (room, free_bytes) = match *how {
                "full" => (RecordingRoom::Full, 0),
                "low" => (RecordingRoom::Low, 500_000_000),
                "empty" => (RecordingRoom::Enough, 9_000_000_000),
                _ => return Err(unclear(format!("a disk is full, low or empty, not {how}"))),
            };
            self.world.tell_center(center::Input::RecordingRoom { room, free_bytes });
            self.see();
            return Ok(());
        }
        if actor == "phones" && words == ["speak", "directly"] {
            self.world.let_phones_speak_directly();
            return Ok(());
        }
        if actor == "nobody" {
            return Ok(());
        }
        if self.world.phone(actor).is_none() {
            self.world.add_phone(actor, actor, None);
        }
        match words.as_slice() {
            ["is", "ready"] => self.dial(actor, "*50"),
            ["is", "not", "ready"] => self.dial(actor, "*51"),
            ["goes", "home"] => self.dial(actor, "*52"),
            ["dials", number] => self.dial(actor, number),
            ["is", "busy"] => self.set_habit(actor, Habit::IsBusy),
            ["announces", "for", seconds, "s"] => {
                let seconds =
                    seconds.parse().map_err(|_| unclear(format!("{seconds} is no number of seconds")))?;
                self.set_habit(actor, Habit::Announces(Duration::from_secs(seconds)));
            }
            ["is", "overloaded"] => self.set_habit(actor, Habit::IsOverloaded),
            ["is", "cut", "off"] => self.world.cut_off(actor, true),
            ["is", "connected", "again"] => self.world.cut_off(actor, false),
            ["is", "behind", "a", "router"] | ["gets", "another", "address"] => {
                self.world.change_address(actor)
            }
            ["gets", "another", "port"] => self.world.change_port(actor),
            ["registers"] => {
                self.world.act(actor, |phone, now| phone.register(now));
            }
            ["is", "free"] => self.set_habit(actor, Habit::Waits),
            ["answers", "after", seconds, "s"] => {
                let seconds =
                    seconds.parse().map_err(|_| unclear(format!("{seconds} is no number of seconds")))?;
                self.set_habit(actor, Habit::Answers(Duration::from_secs(seconds)));
            }
            ["passes", "on", "to", number] => {
                let session = self.world.phone(actor).and_then(|phone| phone.calls().last());
                let session = session.ok_or_else(|| unclear(format!("{actor} is in no call")))?;
                self.world.act(actor, |phone, now| phone.pass_on(session, number, None, now));
            }
            ["joins", "the", "two"] => {
                let calls: Vec<_> =
                    self.world.phone(actor).map(|phone| phone.calls().collect()).unwrap_or_default();
                let [first, .., second] = calls[..] else {
                    return Err(unclear(format!("{actor} is not in two calls")));
                };
                self.world.act(actor, |phone, now| phone.pass_on(first, actor, Some(second), now));
            }
            ["is", "muted"] | ["is", "heard", "again"] => {
                let address =
                    self.sound_of(actor).ok_or_else(|| unclear(format!("{actor} is in no call")))?;
                self.world.mute(address, words[1] == "muted");
            }
            [
                verb @ ("pauses" | "resumes" | "masks"),
                "the",
                what @ ("recording" | "customer"),
                vain @ ..,
            ] if vain.is_empty() || vain == ["in", "vain"] => {
                let state = match (*verb, *what) {
                    ("pauses", "recording") => RecordingState::Paused,
                    ("resumes", "recording") => RecordingState::Running,
                    ("masks", "customer") => RecordingState::CustomerMasked,
                    _ => return Err(unclear(format!("nobody can do this: {}", line.action))),
                };
                let center = self.world.center();
                let talks = |live: &&center::interaction::Interaction| {
                    center.interaction_view(live).agents.iter().any(|agent| agent.as_str() == actor)
                };
                let talk = center.interactions().find(talks).map(|live| (live.record.id, live.recording));
                let (interaction, running) =
                    talk.ok_or_else(|| unclear(format!("{actor} talks with nobody")))?;
                let by = actor.to_owned();
                self.world.tell_center(center::Input::Recording { interaction, state, by });
                if let Some(recording) = running.map(|running| running.id).filter(|_| !vain.is_empty()) {
                    let why = "media thread 0 has ended".to_owned();
                    let unchanged = LegEvent::RecordingUnchanged { recording, why };
                    self.world.tell_center(center::Input::Leg(unchanged));
                }
            }
            ["listens", "to", agent]
            | ["whispers", "to", agent]
            | ["barges", "in", "on", agent]
            | ["takes", "over", "from", agent]
            | ["leaves", agent] => {
                let center = self.world.center();
                let talks = |live: &&center::interaction::Interaction| {
                    center.interaction_view(live).agents.iter().any(|one| one.as_str() == *agent)
                };
                let talk = center.interactions().find(talks).map(|live| live.record.id);
                let interaction = talk.ok_or_else(|| unclear(format!("{agent} talks with nobody")))?;
                let by = AgentId::new(actor);
                let mode = match words[0] {
                    "listens" => Some(Supervision::Monitor),
                    "whispers" => Some(Supervision::Whisper),
                    "barges" => Some(Supervision::Barge),
                    "takes" => Some(Supervision::TakeOver),
                    _ => None,
                };
                let checked = mode.map(|mode| center.check_supervision(interaction, &by, mode).map(|_| mode));
                match checked {
                    Some(Err(refused)) => {
                        let _ = writeln!(self.told, "{}   {actor} may not: {refused}", self.clock());
                    }
                    Some(Ok(mode)) => {
                        self.world.tell_center(center::Input::Monitor { interaction, by, mode });
                    }
                    None => self.world.tell_center(center::Input::EndMonitor { interaction, by }),
                }
            }
            ["removes", member, "from", room]
            | ["mutes", member, "in", room]
            | ["unmutes", member, "in", room] => {
                let center = self.world.center();
                let caller = |live: &&center::interaction::Interaction| live.record.from.number == *member;
                let member = center.interactions().find(caller).map(|live| live.record.id);
                let member = member.ok_or_else(|| unclear("there is no such caller".to_owned()))?;
                let order = match words[0] {
                    "removes" => ConferenceOrder::Remove { member },
                    verb => ConferenceOrder::Mute { member, muted: verb == "mutes" },
                };
                let (room, by) = ((*room).to_owned(), actor.to_owned());
                self.world.tell_center(center::Input::Conference { room, order, by });
            }
            ["presses", keys] => {
                let address =
                    self.sound_of(actor).ok_or_else(|| unclear(format!("{actor} is in no call")))?;
                for key in keys.chars() {
                    self.world.press(address, key);
                }
            }
            ["answers" | "declines" | "holds" | "resumes"] | ["hangs", "up"] => {
                let session = self.world.phone(actor).and_then(|phone| phone.calls().last());
                let session = session.ok_or_else(|| unclear(format!("{actor} is in no call")))?;
                self.world.act(actor, |phone, now| match words[0] {
                    "answers" => phone.answer(session, now),
                    "declines" => phone.decline(session, now),
                    "holds" => phone.hold(session, true, now),
                    "resumes" => phone.hold(session, false, now),
                    _ => phone.hang_up(session, now),
                });
            }
            _ => return Err(unclear(format!("nobody can do this: {}", line.action))),
        }
        self.see();
        Ok(())
    }

    fn dial(&mut self, actor: &str, number: &str) {
        let is_agent = self.phones.contains_key(actor);
        let caller = (!is_agent).then_some(actor);
        if let Some(session) = self.world.act(actor, |phone, now| phone.dial(number, caller, now)) {
            self.calls.insert(actor.to_owned(), (session, None));
        }
    }

    /// Where the sound of somebody's call comes to us.
    fn sound_of(&self, actor: &str) -> Option<SocketAddr> {
        self.calls.get(actor).and_then(|(_, address)| *address)
    }

    fn set_habit(&mut self, actor: &str, habit: Habit) {
        if let Some(phone) = self.world.phone(actor) {
            phone.habit = habit;
        }
    }

    fn see(&mut self) {
        while let Some((_, sight)) = self.world.poll_sight() {
            if let Some((who, what)) = self.understand(&sight) {
                let _ = writeln!(self.told, "{}   {who} {what}", self.clock());
            }
        }
    }

    /// Who, and what happened to whom.
    fn understand(&mut self, sight: &Sight) -> Option<(String, String)> {
        match sight {
            Sight::Phone(name, told) => {
                let what = match told {
                    Told::Rings(_) => "rings".to_owned(),
                    Told::StopsRinging(_) => "stops ringing".to_owned(),
                    Told::HearsRinging(_) => "hears ringing".to_owned(),
                    Told::IsUp(session, address) => {
                        self.calls.insert(name.clone(), (*session, Some(*address)));
                        return None;
                    }
                    Told::Refused(_, status) => format!("is refused, {status}"),
                    Told::IsHungUpOn(_) => "is hung up on".to_owned(),
                    Told::MayNotPassOn(status) => format!("may not pass on, {status}"),
                    Told::NotRegistered(status) => format!("cannot register, {status}"),
                    Told::Registered => return None,
                };
                Some((name.clone(), what))
            }
            Sight::Hears(name, what) => Some((name.clone(), format!("hears {what}"))),
            Sight::Record(Record::Timeline(line)) => self.line(line.interaction, &line.event),
            Sight::Record(Record::Interaction(record)) if record.closed_at.is_some() => {
                Some(("record".to_owned(), closed(record)))
            }
            Sight::Alarm(what) => Some(("alarm".to_owned(), what.clone())),
            Sight::Board(BoardEvent::Alert(view)) => {
                let what = match &view.alert {
                    Alert::Emergency { from, number, .. } => format!("{} calls {number}", from.number),
                    Alert::OneWay { from, way: SoundWay::In, .. } => format!("{} is not heard", from.number),
                    Alert::OneWay { from, .. } => format!("{} does not hear", from.number),
                    Alert::RecordingsLow { free_bytes } => {
                        format!("{} MB are left for recordings", free_bytes / 1_000_000)
                    }
                    Alert::RecordingsFull => "nothing is recorded any more".to_owned(),
                    Alert::LimitReached { limit, calls } => {
                        format!("{limit} turned away {calls}")
                    }
                };
                Some(("supervisors".to_owned(), format!("are alerted: {what}")))
            }
            Sight::Board(BoardEvent::AlertGone(_)) => {
                Some(("supervisors".to_owned(), "need not look any more".to_owned()))
            }
            Sight::Record(_) | Sight::Board(_) | Sight::Bridged(..) => None,
        }
    }

    fn line(
        &mut self,
        interaction: Option<InteractionId>,
        event: &TimelineEvent,
    ) -> Option<(String, String)> {
        let customer = |teller: &Self| {
            interaction
                .and_then(|id| teller.customers.get(&id).cloned())
                .unwrap_or_else(|| "somebody".to_owned())
        };
        match event {
            TimelineEvent::Arrived { from, .. } => {
                let name =
                    self.phones.iter().find(|(_, phone)| **phone == from.number).map(|(login, _)| login);
                let name = name.cloned().unwrap_or_else(|| from.number.clone());
                self.customers.insert(interaction?, name);
                None
            }
            TimelineEvent::Queued { queue, position, why } => {
                let why = why.as_ref().map(wait_reason).map(|why| format!(", {why}")).unwrap_or_default();
                Some((customer(self), format!("waits for {queue}, place {position}{why}")))
            }
            TimelineEvent::Offered { agent, why, .. } => {
                Some((customer(self), format!("is offered to {agent}, {}", offer_reason(why))))
            }
            TimelineEvent::NotTaken { agent, cause } => Some((
                customer(self),
                format!("is not taken by {agent}, {}", cause.as_str().replace('_', " ")),
            )),
            TimelineEvent::AgentChanged { agent, to, .. } => Some((agent.to_string(), state(to))),
            TimelineEvent::Held => Some((customer(self), "is on hold".to_owned())),
            TimelineEvent::Resumed => Some((customer(self), "is off hold".to_owned())),
            TimelineEvent::PassedOn { to, .. } => Some((customer(self), format!("is passed on to {to}"))),
            TimelineEvent::Transferred { number } => Some((customer(self), format!("talks with {number}"))),
            TimelineEvent::Trouble { what } => Some(("trouble".to_owned(), what.clone())),
            TimelineEvent::RecordingStopped { length, .. } => {
                Some((customer(self), format!("was recorded for {} s", length.as_secs())))
            }
            TimelineEvent::RecordingChanged { state, by, .. } => {
                let state = state.as_str().replace('_', " ");
                Some((customer(self), format!("has a recording that is {state}, says {by}")))
            }
            TimelineEvent::Conferring { room, moderator } => {
                let how = if *moderator { ", as moderator" } else { "" };
                Some((customer(self), format!("is in conference {room}{how}")))
            }
            TimelineEvent::ConferenceMuted { room, muted, by } => {
                let heard = if *muted { "is not heard" } else { "is heard" };
                Some((customer(self), format!("{heard} in {room}, says {by}")))
            }
            TimelineEvent::LeftConference { room, why, by } => {
                let by = by.as_ref().map(|by| format!(", says {by}")).unwrap_or_default();
                Some((customer(self), format!("is not in conference {room}: {}{by}", why.as_str())))
            }
            TimelineEvent::MonitorRung { by, mode, .. } => {
                Some((by.to_string(), format!("is rung to {}", mode.as_str().replace('_', " "))))
            }
            TimelineEvent::Monitored { by, mode, .. } => Some((by.to_string(), takes_part(*mode).to_owned())),
            TimelineEvent::MonitorEnded { by, cause, .. } => Some((
                by.to_string(),
                format!("takes no part any more, {}", cause.as_str().replace('_', " ")),
            )),
            _ => None,
        }
    }
}

fn takes_part(mode: Supervision) -> &'static str {
    match mode {
        Supervision::Monitor => "listens",
        Supervision::Whisper => "whispers",
        Supervision::Barge => "barges in",
        Supervision::TakeOver => "takes over",
    }
}

fn state(state: &AgentState) -> String {
    match state {
        AgentState::LoggedOut => "is logged out".to_owned(),
        AgentState::NotReady(NotReadyReason::Chosen(None)) => "is not ready".to_owned(),
        AgentState::NotReady(reason) => format!("is not ready, {}", reason.as_str().replace('_', " ")),
        AgentState::Ready => "is ready".to_owned(),
        AgentState::Reserved(_) => "is reserved".to_owned(),
        AgentState::Talking(_) => "is talking".to_owned(),
        AgentState::WrapUp(_) => "is in wrap-up".to_owned(),
    }
}

fn wait_reason(why: &WaitReason) -> String {
    match why {
        WaitReason::NobodyLoggedIn => "nobody is logged in".to_owned(),
        WaitReason::NobodyFits { skill, needed } => format!("nobody has {skill} {needed}"),
        WaitReason::AllBusy { talking, wrap_up, not_ready } => {
            format!("{talking} talking, {wrap_up} in wrap-up, {not_ready} not ready")
        }
    }
}

fn offer_reason(why: &OfferReason) -> String {
    let mut told = format!("idle {} s, 1 of {}", why.idle.as_secs(), why.candidates);
    for skill in &why.skills {
        let _ = write!(told, ", {} {} of {}", skill.skill, skill.has, skill.needed);
    }
    for (agent, passed) in &why.passed_over {
        let _ = match passed {
            PassedOver::IdleLess { idle } => write!(told, ", not {agent}: idle {} s", idle.as_secs()),
            PassedOver::Lacks { skill, needed, has } => {
                write!(told, ", not {agent}: {skill} {has} of {needed}")
            }
            PassedOver::AskedBefore => write!(told, ", not {agent}: asked before"),
        };
    }
    told
}

fn closed(record: &InteractionRecord) -> String {
    let mut told = record.outcome.map_or("open", |outcome| outcome.as_str()).replace('_', " ");
    if let Some(queue) = &record.queue {
        let _ = write!(told, ", {queue}, waited {} s", record.waited.as_secs());
    }
    if let Some(agent) = &record.agent {
        let _ = write!(told, ", {agent}, talked {} s", record.talked.as_secs());
        if !record.held.is_zero() {
            let _ = write!(told, ", held {} s", record.held.as_secs());
        }
        let _ = write!(told, ", wrapped up {} s", record.wrapped_up.as_secs());
    }
    told
}
