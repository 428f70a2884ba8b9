//! The machine: its parts, and where each input goes.

use crate::account::Kept;
use crate::carriers::Carriers;
use crate::ladder::Story;
use crate::lamps::Lamps;
use crate::legs::Legs;
use crate::pass::Passes;
use crate::protection::Gate;
use crate::refusing::ReachedLimits;
use crate::{CarrierAddress, Input, Output, Prompts, Settings};
use base::{Deadlines, IdSource, Instant, Now, SecretSource};
use media::{ConferenceKey, PortId};
use model::{CallLimit, LegId, SipUser, TrunkId};
use sip::registrar::Removed;
use sip::{
    AddressOfRecord, Authenticator, Destination, Registrar, RegistrarEvent, RegistrationId, SavedBinding,
    SessionId, UserAgent, UserAgentOutput,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What telephony waits for, besides SIP itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// A dialled leg has rung long enough.
    Ring(LegId),
    /// The carrier that is tried has said nothing for long enough.
    Word(LegId),
    /// The browser of a leg has not checked for too long to be waited for any more.
    Silent(LegId),
    /// A carrier is to be asked whether it is there.
    Probe(TrunkId),
    /// It has had enough time to answer.
    ProbeOverdue(TrunkId),
    /// What the name service said of this carrier is old.
    Resolve(CarrierAddress),
    /// A port that was to be closed has not said so.
    PortClosing(LegId),
    /// The last messages of a dialog that is over have come.
    Forget(SessionId),
    /// Calls that a limit turned away are to be told of.
    Unsaid(CallLimit),
}

/// Telephony. See the crate's page for how to drive it.
#[derive(Debug)]
pub struct Telephony {
    pub(crate) settings: Settings,
    pub(crate) prompts: Prompts,
    pub(crate) ua: UserAgent,
    pub(crate) registrar: Registrar,
    pub(crate) authenticator: Authenticator,
    /// Phones that have registered by token.
    pub(crate) passes: Passes,
    pub(crate) gate: Gate,
    /// Limits of ours that have turned calls away.
    pub(crate) reached: ReachedLimits,
    /// How each carrier is.
    pub(crate) carriers: Carriers,
    /// What the name service said of them.
    pub(crate) resolved: BTreeMap<CarrierAddress, Vec<Destination>>,
    /// Those it does not answer for any more.
    pub(crate) stale: BTreeSet<CarrierAddress>,
    /// Registrations of ours at carriers.
    pub(crate) accounts: BTreeMap<TrunkId, Kept>,
    /// Whether no new calls are taken any more.
    pub(crate) draining: bool,
    /// Registrations of ours that are being taken back.
    pub(crate) leaving: BTreeSet<RegistrationId>,
    /// Whether the settings that it began with have taken effect.
    begun: bool,
    pub(crate) legs: Legs,
    pub(crate) by_session: BTreeMap<SessionId, LegId>,
    /// Whose story the messages of a dialog belong to, also after its end: BYE and its answer come later.
    pub(crate) stories: BTreeMap<SessionId, Story>,
    pub(crate) lamps: Lamps,
    pub(crate) by_port: BTreeMap<PortId, LegId>,
    pub(crate) rooms: BTreeMap<String, ConferenceKey>,
    pub(crate) deadlines: Deadlines<Timer>,
    pub(crate) ids: IdSource,
    /// The keys of sealed sound.
    pub(crate) secrets: SecretSource,
    /// Whether the operator knows that keys are sent where others can read them.
    pub(crate) bare_keys_told: bool,
    pub(crate) outputs: VecDeque<Output>,
}

impl Telephony {
    /// Telephony without legs and registrations.
    pub fn new(settings: Settings, mut ids: IdSource, mut secrets: SecretSource) -> Self {
        let ua = UserAgent::new(settings.user_agent(), ids.fork());
        let registrar = Registrar::new(settings.registrar());
        let authenticator = Authenticator::new(settings.authentication(), secrets.fork());
        let gate = Gate::new(settings.guard(std::iter::empty()), ids.fork());
        Self {
            settings,
            prompts: Prompts::default(),
            ua,
            registrar,
            authenticator,
            passes: Passes::default(),
            gate,
            reached: ReachedLimits::default(),
            carriers: Carriers::default(),
            resolved: BTreeMap::new(),
            stale: BTreeSet::new(),
            accounts: BTreeMap::new(),
            draining: false,
            leaving: BTreeSet::new(),
            begun: false,
            legs: Legs::default(),
            by_session: BTreeMap::new(),
            stories: BTreeMap::new(),
            lamps: Lamps::default(),
            by_port: BTreeMap::new(),
            rooms: BTreeMap::new(),
            deadlines: Deadlines::new(),
            ids,
            secrets,
            bare_keys_told: false,
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what happened. Poll all outputs before the next one.
    pub fn handle(&mut self, input: Input, now: Now) {
        if !std::mem::replace(&mut self.begun, true) {
            self.follow_trunks(&[], now);
        }
        match input {
            Input::Message { bytes, source } => self.message(bytes, source, now),
            Input::Broken { error, source } => self.broken(&error, source, now),
            Input::Unreachable { remote, connection } => {
                self.ua.handle_transport_error(remote, connection, now);
                // Who was reached over it is not reached any more, until the phone registers anew.
                if let Some(connection) = connection {
                    self.registrar.connection_closed(connection);
                    self.passes.connection_closed(connection);
                }
            }
            Input::Command(command) => self.command(command, now),
            Input::Media(event) => self.media_event(event, now),
            Input::PortOpened { port, address, door } => self.port_opened(port, address, door, now),
            Input::PortFailed { port, why } => self.port_failed(port, why, now),
            Input::Config(settings) => {
                self.ua.set_neighborhoods(settings.neighborhoods());
                self.registrar.configure(settings.registrar());
                let before = std::mem::replace(&mut self.settings, *settings);
                self.follow_trunks(&before.trunks, now);
                // After it: places of carriers that are gone are nobody's any more.
                self.guard_again();
            }
            Input::Resolved { address, found, good_for } => self.resolved(&address, found, good_for, now),
            Input::Drain => self.leave_carriers(now),
            Input::Prompts(prompts) => self.prompts = prompts,
            Input::Registrations(saved) => self.restore(saved, now),
            Input::LoginOver { login } => self.login_over(login, now),
            Input::Pressure(pressure) => self.press(pressure, now),
            Input::Timeout => {}
        }
        self.fire_timers(now);
        self.follow_user_agent(now);
        if self.lamps.is_due() {
            self.light_lamps(now);
            self.follow_user_agent(now);
        }
        self.follow_registrar(now);
        self.follow_guard(now);
        self.show_trunks();
    }

    /// The next thing to be done.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let own = self.deadlines.next();
        let registrar = self.registrar.poll_timeout();
        [own, registrar, self.ua.poll_timeout(), self.gate.poll_timeout()].into_iter().flatten().min()
    }

    /// How many legs there are, those on their way out included.
    pub fn legs(&self) -> usize {
        self.legs.len()
    }

    /// How many SIP transactions and dialogs live.
    pub fn signalling_left(&self) -> usize {
        self.ua.sessions() + self.ua.transactions()
    }

    /// How many registrations there are.
    pub fn registrations(&self) -> usize {
        self.registrar.locations().len()
    }

    /// How many carriers do not know yet that no calls are to come any more.
    pub fn carriers_left(&self) -> usize {
        self.leaving.len()
    }

    /// How many calls the trunks carry.
    pub fn trunk_calls(&self) -> u32 {
        self.carriers.calls()
    }

    /// Whether a user has a phone that can be rung.
    pub fn is_registered(&self, user: &SipUser) -> bool {
        self.registrar.locations().bindings(&self.address_of(user)).next().is_some()
    }

    pub(crate) fn address_of(&self, user: &SipUser) -> AddressOfRecord {
        AddressOfRecord::new(user.as_str(), &self.settings.domain)
    }

    fn fire_timers(&mut self, now: Now) {
        self.ua.handle_timeout(now);
        self.registrar.handle_timeout(now);
        while let Some(timer) = self.deadlines.expire(now.mono) {
            match timer {
                Timer::Ring(leg) => self.rang_long_enough(leg, now),
                Timer::Word(leg) => self.no_word(leg, now),
                Timer::Silent(leg) => self.silent_long_enough(leg, now),
                Timer::Probe(trunk) => self.probe(&trunk, now),
                Timer::ProbeOverdue(trunk) => self.probe_failed(&trunk, "it does not answer OPTIONS", now),
                Timer::Resolve(address) => self.outputs.push_back(Output::Resolve { address }),
                Timer::PortClosing(leg) => self.gone(leg, None, now),
                Timer::Unsaid(limit) => self.tell_unsaid(limit, now),
                Timer::Forget(session) => {
                    self.stories.remove(&session);
                }
            }
        }
    }

    pub(crate) fn follow_user_agent(&mut self, now: Now) {
        while let Some(output) = self.ua.poll_output() {
            match output {
                UserAgentOutput::Transmit(transmit) => self.send(transmit, now),
                UserAgentOutput::Session { session, event } => self.session_event(session, event, now),
                UserAgentOutput::Request { tx, request, source } => self.request(tx, request, source, now),
                UserAgentOutput::Trace(trace) => self.ladder(&trace, now),
                UserAgentOutput::Registration { registration, event } => {
                    self.account_news(registration, &event, now);
                }
                // What we ask outside of calls is whether carriers are there.
                UserAgentOutput::Response { tx, response } => self.probe_answered(tx, response.status(), now),
                UserAgentOutput::Failed { tx, .. } => self.probe_unanswered(tx, now),
                UserAgentOutput::Proxy { session, event } => self.proxied(session, &event, now),
                UserAgentOutput::Subscription { subscription, event } => {
                    self.subscription(subscription, event, now);
                }
            }
        }
    }

    /// Takes back what an earlier process knew, as far as the phones are ours still.
    fn restore(&mut self, saved: Vec<SavedBinding>, now: Now) {
        let known = saved.into_iter().filter(|saved| {
            self.settings.phones.contains_key(&SipUser::new(saved.aor.user()))
                && self.address_of(&SipUser::new(saved.aor.user())) == saved.aor
        });
        let known: Vec<_> = known.collect();
        for saved in &known {
            self.acquaint(saved.binding.source.remote.ip(), now);
        }
        let users: BTreeSet<_> = known.iter().map(|saved| SipUser::new(saved.aor.user())).collect();
        self.registrar.locations_mut().restore(known, now);
        for user in users {
            let registered = self.is_registered(&user);
            self.outputs.push_back(Output::Registration { user, registered });
        }
    }

    /// A user's phones changed: the next process will want to know.
    pub(crate) fn keep_bindings(&mut self, aor: &AddressOfRecord, now: Now) {
        let saved = self.registrar.locations().saved(aor, now);
        self.outputs.push_back(Output::Bindings { user: SipUser::new(aor.user()), saved });
    }

    fn follow_registrar(&mut self, now: Now) {
        while let Some(event) = self.registrar.poll_output() {
            // What a REGISTER changed is kept when it is answered; the rest happens by itself.
            let aor = match event {
                RegistrarEvent::BindingAdded { aor, contact, device, source } => {
                    self.calls_follow(&SipUser::new(aor.user()), &contact, &device, source);
                    aor
                }
                RegistrarEvent::BindingMoved { aor, contact, device, source } => {
                    self.calls_follow(&SipUser::new(aor.user()), &contact, &device, source);
                    continue;
                }
                RegistrarEvent::BindingRemoved { aor, why, .. } => {
                    if matches!(why, Removed::Expired | Removed::Disconnected) {
                        self.keep_bindings(&aor, now);
                    }
                    aor
                }
            };
            let user = SipUser::new(aor.user());
            let registered = self.is_registered(&user);
            self.outputs.push_back(Output::Registration { user, registered });
        }
    }

    pub(crate) fn tell(&mut self, event: model::LegEvent) {
        self.outputs.push_back(Output::Leg(event));
    }

    pub(crate) fn trouble(&mut self, what: String) {
        self.outputs.push_back(Output::Trouble(what));
    }

    pub(crate) fn alarm(&mut self, what: String) {
        self.outputs.push_back(Output::Alarm(what));
    }

    pub(crate) fn news(&mut self, what: String) {
        self.outputs.push_back(Output::News(what));
    }

    pub(crate) fn sound(&mut self, command: media::Command) {
        let playing = match &command {
            media::Command::Play { port, play, .. } => Some((*port, Some(*play))),
            media::Command::StopPlay { port } => Some((*port, None)),
            _ => None,
        };
        if let Some((port, playing)) = playing
            && let Some(leg) = self.by_port.get(&port).and_then(|leg| self.legs.get_mut(leg))
        {
            leg.playing = playing;
        }
        self.outputs.push_back(Output::Media(command));
    }
}
