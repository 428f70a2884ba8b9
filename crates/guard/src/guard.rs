//! The guard: its tables, and how they decide together. See the crate's page for how to drive it.

use crate::asked::{Asked, Kind, Outcome, Standing, Verdict, Way};
use crate::ban::{Ban, Bans, Why};
use crate::bucket::{Bucket, Rate};
use crate::lane::{Lane, Severity};
use crate::place::Place;
use crate::scanner;
use crate::settings::Settings;
use crate::suspicion;
use crate::valve::{Pressure, Valve};
use crate::visitor::{KNOWN_MAX, STRANGERS_MAX, Visitors, fingerprint};
use base::{Duration, IdSource, Instant, Now};
use std::collections::VecDeque;
use std::net::IpAddr;

/// How long a place is known after a phone has proven itself from there. Phones refresh their registration sooner.
pub const KNOWN_FOR: Duration = Duration::from_secs(24 * 3600);

/// How long a silent stranger is remembered.
const REMEMBERED_FOR: Duration = suspicion::WINDOW;

/// Forgetting may be late by so much, so that many places are forgotten at one wake.
const FORGETTING_SLACK: Duration = Duration::from_secs(60);

/// Emergency calls from strangers that pass all limits. More than these are counted like anything else, because anybody
/// can write an emergency number on a flood.
const STRANGERS_EMERGENCIES: Rate = Rate { per_second: 20, burst: 50 };

/// Bans that are told one by one. When there are more, the next one that is told says how many there were.
const TOLD: Rate = Rate { per_second: 1, burst: 10 };

/// The shortest time after which something shed may be tried again …
const RETRY_AFTER_S_MIN: u64 = 5;

/// … and how much longer it may be: by chance, so that not all come back at once.
const RETRY_AFTER_S_SPREAD: u64 = 15;

/// The severity from which the operator hears of it: half of all strangers are turned away.
const ALARMING: Severity = 500;

/// What the guard tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A place is kept out from now on.
    Banned {
        /// Which.
        ban: Ban,
        /// How many more were since the last one that was told.
        unsaid: u32,
    },
    /// A place is let in again.
    Lifted {
        /// What is over.
        ban: Ban,
    },
    /// There is more to do than can be done: things are shed.
    Overloaded(Pressure),
    /// Nothing is shed any more.
    Relieved,
}

/// What was done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages dropped unread: their place is banned or denied.
    pub kept_out: u64,
    /// Requests beyond a rate.
    pub limited: u64,
    /// Requests shed under pressure.
    pub shed: u64,
    /// Answers to strangers that were larger than what they sent.
    pub unanswered: u64,
    /// Places banned.
    pub banned: u64,
}

/// A look inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Strangers' places that are remembered.
    pub strangers: usize,
    /// Places of phones.
    pub known: usize,
    /// Places that are kept out.
    pub bans: usize,
    /// How much is shed.
    pub severity: Severity,
}

/// The guard.
#[derive(Clone, Debug)]
pub struct Guard {
    settings: Settings,
    bans: Bans,
    strangers: Visitors,
    known: Visitors,
    newcomers: Bucket,
    returning: Bucket,
    emergencies: Bucket,
    told: Bucket,
    unsaid: u32,
    valve: Valve,
    is_overloaded: bool,
    ids: IdSource,
    tally: Tally,
    outputs: VecDeque<Output>,
}

impl Guard {
    /// A guard that knows nobody yet.
    pub fn new(settings: Settings, ids: IdSource) -> Self {
        let start = Instant::START;
        Self {
            bans: Bans::default(),
            strangers: Visitors::new(STRANGERS_MAX),
            known: Visitors::new(KNOWN_MAX),
            newcomers: Bucket::full(settings.limits.strangers, start),
            returning: Bucket::full(settings.limits.strangers, start),
            emergencies: Bucket::full(STRANGERS_EMERGENCIES, start),
            told: Bucket::full(TOLD, start),
            unsaid: 0,
            valve: Valve::open(),
            is_overloaded: false,
            settings,
            ids,
            tally: Tally::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Replaces the settings. Whoever is trusted now is not banned any more.
    pub fn configure(&mut self, settings: Settings) {
        self.settings = settings;
        let trusted: Vec<IpAddr> =
            self.bans.all().map(|ban| ban.place).filter(|place| self.trusts(*place).is_some()).collect();
        for place in trusted {
            self.lift(place);
        }
    }

    /// Whether a message may be read at all, and who its sender is by the address. To be asked before anything else.
    pub fn knock(&mut self, from: IpAddr, way: Way, bytes: usize, now: Now) -> Option<Standing> {
        if let Some(trusted) = self.trusts(from) {
            return Some(trusted);
        }
        if self.settings.deny.contains(from) {
            self.tally.kept_out += 1;
            return None;
        }
        let place = Place::from(from);
        if self.known.contains(place) {
            return Some(Standing::Known);
        }
        if self.bans.of(place).is_some_and(|ban| ban.proven || way == Way::Datagram) {
            self.tally.kept_out += 1;
            return None;
        }
        if way == Way::Datagram {
            let visitor = self.strangers.seen(place, self.settings.limits.place, now.mono);
            visitor.heard(u32::try_from(bytes).unwrap_or(u32::MAX));
        }
        Some(Standing::Stranger)
    }

    /// Whether nobody vouches for an address: it is no carrier's, not allowed, and no phone has proven itself there.
    pub fn is_stranger(&self, from: IpAddr) -> bool {
        self.trusts(from).is_none() && !self.known.contains(from.into())
    }

    /// Whether [`Guard::admit`] could say anything but [`Verdict::Pass`] to somebody of this standing now. If not, it need not
    /// be asked.
    pub fn minds(&self, standing: Standing) -> bool {
        !matches!(standing, Standing::Trunk | Standing::Allowed) || self.valve.severity() > 0
    }

    /// What is to be done with a request.
    pub fn admit(&mut self, asked: &Asked<'_>, now: Now) -> Verdict {
        if asked.belongs {
            return Verdict::Pass;
        }
        let is_stranger = asked.standing == Standing::Stranger;
        if asked.emergency && (!is_stranger || self.emergencies.take(STRANGERS_EMERGENCIES, now.mono)) {
            return Verdict::Pass;
        }
        let place = Place::from(asked.from);
        if is_stranger && let Some(mark) = scanner::mark(asked.device) {
            self.ban(place, Why::Scanner(mark), asked.way, now);
            return Verdict::Drop;
        }
        if !self.is_within_rates(asked, place, now.mono) {
            self.tally.limited += 1;
            return match asked.way {
                // A datagram that is honest comes again by itself. An answer would go to whoever is named on it.
                Way::Datagram => Verdict::Drop,
                Way::Stream => self.refuse(),
            };
        }
        let shed = Lane::of(asked).shed(self.valve.severity());
        if shed > 0 && self.ids.below(1000) < u64::from(shed) {
            self.tally.shed += 1;
            return self.refuse();
        }
        Verdict::Pass
    }

    fn is_within_rates(&mut self, asked: &Asked<'_>, place: Place, now: Instant) -> bool {
        let limits = self.settings.limits;
        let name = (fingerprint(asked.identity, asked.kind), limits.name);
        match asked.standing {
            Standing::Trunk | Standing::Allowed => true,
            Standing::Known => {
                self.known.get(place).is_none_or(|visitor| visitor.take(name, limits.office, now))
            }
            // The place first: one that is loud does not use up what all have together.
            Standing::Stranger => {
                let visitor = self.strangers.seen(place, limits.place, now);
                let is_true = visitor.comes_back() || asked.way == Way::Stream;
                let all = if is_true { &mut self.returning } else { &mut self.newcomers };
                visitor.take(name, limits.place, now) && all.take(limits.strangers, now)
            }
        }
    }

    fn refuse(&mut self) -> Verdict {
        let seconds = RETRY_AFTER_S_MIN + self.ids.below(RETRY_AFTER_S_SPREAD + 1);
        Verdict::Refuse { retry_after: Duration::from_secs(seconds) }
    }

    /// Takes in what a request was worth. `identity` is the one of [`Asked`].
    pub fn outcome(
        &mut self,
        from: IpAddr,
        way: Way,
        (kind, identity): (Kind, &str),
        outcome: Outcome,
        now: Now,
    ) {
        if self.trusts(from).is_some() {
            return;
        }
        let place = Place::from(from);
        let limits = self.settings.limits;
        if outcome == Outcome::Authenticated {
            self.acquaint(from, now);
            let name = (fingerprint(identity, kind), limits.name);
            if let Some(visitor) = self.known.get(place) {
                visitor.give_back(name, limits.office);
            }
        } else if !self.known.contains(place) {
            let visitor = self.strangers.seen(place, limits.place, now.mono);
            let user = fingerprint(identity, Kind::Question);
            if let Some(why) = visitor.suspicion.note(outcome, way, user, now.mono) {
                self.ban(place, why, way, now);
            }
        }
    }

    /// A phone of ours is there, as it has proven now or to an earlier process.
    pub fn acquaint(&mut self, from: IpAddr, now: Now) {
        if self.trusts(from).is_some() {
            return;
        }
        let place = Place::from(from);
        self.known.seen(place, self.settings.limits.office, now.mono);
        self.strangers.forget(place);
        self.lift(from);
    }

    /// Whether so many bytes may go back to where datagrams came from. Strangers get no more bytes than they sent: an
    /// answer that is larger waits for the repetition that a true sender makes.
    pub fn may_answer(&mut self, to: IpAddr, bytes: usize) -> bool {
        if self.trusts(to).is_some() {
            return true;
        }
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        // Whoever is not remembered has sent nothing: then it is we who write first.
        let may = self.strangers.get(to.into()).is_none_or(|visitor| visitor.may_answer(bytes));
        self.tally.unanswered += u64::from(!may);
        may
    }

    /// Takes in how the work goes.
    pub fn press(&mut self, pressure: Pressure, now: Now) {
        if self.settings.lag.is_zero() {
            return;
        }
        self.valve.press(pressure, self.settings.lag, now.mono);
        let severity = self.valve.severity();
        if !self.is_overloaded && severity >= ALARMING {
            self.is_overloaded = true;
            self.outputs.push_back(Output::Overloaded(pressure));
        } else if self.is_overloaded && severity == 0 {
            self.is_overloaded = false;
            self.outputs.push_back(Output::Relieved);
        }
    }

    /// Everybody who is kept out.
    pub fn bans(&self) -> impl Iterator<Item = &Ban> {
        self.bans.all()
    }

    /// Lets a place in again. Returns whether it was kept out.
    pub fn lift(&mut self, address: IpAddr) -> bool {
        let place = Place::from(address);
        let Some(ban) = self.bans.remove(place) else { return false };
        self.strangers.forget(place);
        self.tell_lifted(ban);
        true
    }

    /// What it has to tell.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`Guard::handle_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        let forgetting = [self.strangers.silent_at(REMEMBERED_FOR), self.known.silent_at(KNOWN_FOR)];
        let forgetting = forgetting.into_iter().flatten().min().map(|at| at + FORGETTING_SLACK);
        [self.bans.next(), forgetting].into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(ban) = self.bans.expire(now.mono) {
            self.tell_lifted(ban);
        }
        if self.strangers.silent_at(REMEMBERED_FOR).is_some_and(|at| at + FORGETTING_SLACK <= now.mono) {
            self.strangers.forget_silent(REMEMBERED_FOR, now.mono);
        }
        if self.known.silent_at(KNOWN_FOR).is_some_and(|at| at + FORGETTING_SLACK <= now.mono) {
            self.known.forget_silent(KNOWN_FOR, now.mono);
        }
    }

    /// What was done so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// A look inside.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            strangers: self.strangers.len(),
            known: self.known.len(),
            bans: self.bans.len(),
            severity: self.valve.severity(),
        }
    }

    fn trusts(&self, address: IpAddr) -> Option<Standing> {
        if self.settings.trunks.contains(address) {
            Some(Standing::Trunk)
        } else if self.settings.allow.contains(address) {
            Some(Standing::Allowed)
        } else {
            None
        }
    }

    /// Who heard of no ban need not hear of its end.
    fn tell_lifted(&mut self, ban: Ban) {
        if ban.told {
            self.outputs.push_back(Output::Lifted { ban });
        }
    }

    fn ban(&mut self, place: Place, why: Why, way: Way, now: Now) {
        if self.settings.ban.is_zero() {
            return;
        }
        let proven = match why {
            // These answered a challenge that only the true address has seen.
            Why::ManyUsers | Why::Guessing => true,
            Why::Scanner(_) | Why::ManyRefusals => way == Way::Stream,
        };
        let ban = Ban {
            place: place.into(),
            why,
            since: now.utc,
            until: now.utc + self.settings.ban,
            ends: now.mono + self.settings.ban,
            proven,
            told: self.told.take(TOLD, now.mono),
        };
        self.strangers.forget(place);
        self.tally.banned += 1;
        if ban.told {
            let unsaid = std::mem::take(&mut self.unsaid);
            self.outputs.push_back(Output::Banned { ban: ban.clone(), unsaid });
        } else {
            self.unsaid = self.unsaid.saturating_add(1);
        }
        if let Some(forgiven) = self.bans.add(ban) {
            self.tell_lifted(forgiven);
        }
    }
}
