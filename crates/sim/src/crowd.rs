//! Many callers at random: they come, press keys or not, lose patience, hang up at any moment; agents answer sooner
//! or later, decline, are busy, or never answer. Everything follows from the seed.

use crate::figures::Figures;
use crate::phone::{Habit, Told};
use crate::setup::Setup;
use crate::weather::Weather;
use crate::world::{CARRIER, EMERGENCY, NOWHERE, RESERVE, Sight, World};
use base::{Duration, IdSource, Instant, Timestamp};
use model::agent::AgentState;
use model::{AgentId, AgentWish, Record, Supervision, TimelineEvent};
use sip::SessionId;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// How a crowd behaves.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    /// How many call.
    pub calls: u64,
    /// The mean time between two calls.
    pub between: Duration,
    /// The network.
    pub weather: Weather,
    /// How often the invariants are looked at: after every so many steps. 1 is after each.
    pub check_every: u64,
    /// The share of callers who hang up at any moment, 0 to 1. The others have their patience.
    pub fickle: f64,
    /// The mean talk, which the agent or the caller ends.
    pub talk: Duration,
    /// The mean patience of those who wait.
    pub patience: Duration,
    /// How often an agent calls a colleague or somebody outside, for each call that comes.
    pub own_calls: f64,
    /// The share of offers that agents do not answer, decline, or are busy for.
    pub unwilling: f64,
}

impl Crowd {
    /// A crowd that gives the invariants a hard time.
    pub const WILD: Self = Self {
        calls: 40,
        between: Duration::from_secs(4),
        weather: Weather::FOUL,
        check_every: 1,
        fickle: 0.4,
        talk: Duration::from_secs(15),
        patience: Duration::from_secs(60),
        own_calls: 0.2,
        unwilling: 0.25,
    };

    /// The same in the weather of a seed: foul or gusty.
    pub const fn wild(seed: u64) -> Self {
        let weather = if seed.is_multiple_of(2) { Weather::FOUL } else { Weather::GUSTY };
        Self { weather, ..Self::WILD }
    }

    /// A crowd as on a working day.
    pub const ORDINARY: Self = Self {
        calls: 1000,
        between: Duration::from_secs(27),
        weather: Weather::FAIR,
        check_every: 1000,
        fickle: 0.03,
        talk: Duration::from_secs(180),
        patience: Duration::from_secs(240),
        own_calls: 0.02,
        unwilling: 0.03,
    };
}

/// What went wrong in a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("seed {seed}, after {steps} steps, at {at}: {}", .wrong.join("; "))]
pub struct Broken {
    /// The seed it happens with.
    pub seed: u64,
    /// How far it had come.
    pub steps: u64,
    /// The virtual time.
    pub at: Timestamp,
    /// What is wrong.
    pub wrong: Vec<String>,
}

/// The moment every run begins: a Thursday morning in UTC.
const BEGIN: Timestamp = Timestamp::from_millis(1_794_477_600_000);

/// How long after the last call everything must be over: the longest talk, wrap-up and SIP's longest timers.
const AFTERMATH: Duration = Duration::from_secs(3600);

/// The mean time for which an agent's phone is busy with somebody else.
const BUSY: Duration = Duration::from_secs(40);

/// What a caller does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Plan {
    Call,
    Press(SessionId, SocketAddr, char),
    HangUp(SessionId),
    ReserveHangsUp(SessionId),
    AgentHangsUp(usize),
    AgentReturns(usize),
    AgentIsFree(usize),
    AgentPassesOn(usize),
}

struct Run {
    world: World,
    crowd: Crowd,
    dice: IdSource,
    plans: BTreeMap<(Instant, u64), Plan>,
    planned: u64,
    agents: Vec<(AgentId, String)>,
    waiting: BTreeSet<SessionId>,
    figures: Figures,
    states: BTreeMap<AgentId, (AgentState, Instant)>,
    bytes: Vec<u8>,
}

/// Runs a crowd through a center. The same seed gives the same figures.
pub fn run(setup: Setup, crowd: Crowd, seed: u64) -> Result<Figures, Box<Broken>> {
    let mut dice = IdSource::new(seed ^ 0x5eed_0fca_fe00);
    let agents: Vec<_> = setup
        .center
        .agents
        .iter()
        .filter_map(|agent| agent.phone.as_ref().map(|phone| (agent.id.clone(), phone.to_string())))
        .collect();
    let passwords = setup.phones.clone();
    let mut world = World::new(setup, seed, Weather::FAIR, BEGIN, false);
    world.add_phone(CARRIER, CARRIER, None);
    world.add_phone(RESERVE, RESERVE, None).habit = Habit::Answers(Duration::from_secs(3));
    for (_, phone) in &agents {
        let password =
            passwords.iter().find(|(user, _)| user.as_str() == phone).map(|(_, password)| password.as_str());
        world.add_phone(phone, phone, password);
        world.act(phone, |phone, now| phone.register(now));
    }
    if seed.is_multiple_of(3) {
        world.let_phones_speak_directly();
    }
    let ready_by = world.now().mono + Duration::from_secs(2);
    while world.step(ready_by) {}
    world.set_weather(crowd.weather);
    let figures = Figures { seed, calls: crowd.calls, ..Figures::default() };
    let mut run = Run {
        world,
        crowd,
        dice: dice.fork(),
        plans: BTreeMap::new(),
        planned: 0,
        agents,
        waiting: BTreeSet::new(),
        figures,
        states: BTreeMap::new(),
        bytes: Vec::new(),
    };
    run.begin();
    run.go_on()
}

impl Run {
    fn begin(&mut self) {
        for (agent, phone) in self.agents.clone() {
            self.set_habit(&phone);
            self.world.tell_center(center::Input::Agent { agent, wish: AgentWish::Ready });
        }
        if self.crowd.calls > 0 {
            self.plan(Duration::ZERO, Plan::Call);
        }
    }

    /// What is left behind when every transaction has had its time.
    fn left_after_a_while(&mut self) -> Result<Vec<String>, Box<Broken>> {
        let end = self.world.now().mono + Duration::from_secs(40);
        while self.step(end)? {}
        self.see();
        Ok(self.world.left_behind())
    }

    fn go_on(mut self) -> Result<Figures, Box<Broken>> {
        let began = self.world.now().mono;
        let mut calls = 0;
        loop {
            self.see();
            let plan = self.plans.first_key_value().map(|((at, _), _)| *at);
            let Some(limit) = plan else {
                if !self.everything_is_over() {
                    let limit = self.world.now().mono + Duration::from_secs(60);
                    self.step(limit)?;
                    if self.world.now().mono.since(began)
                        > self.crowd.between * 4 * (self.crowd.calls as u32 + 1) + AFTERMATH * 4
                    {
                        return Err(self.broken(vec!["it does not come to an end".to_owned()]));
                    }
                    continue;
                }
                break;
            };
            if self.step(limit)? {
                continue;
            }
            if let Some((_, plan)) = self.plans.pop_first() {
                if plan == Plan::Call {
                    calls += 1;
                    if calls < self.crowd.calls {
                        let pause = self.exponential(self.crowd.between);
                        self.plan(pause, Plan::Call);
                    }
                }
                self.carry_out(plan);
                self.check()?;
            }
        }
        self.figures.span = self.world.now().mono.since(began);
        let mut left = self.left_after_a_while()?;
        // Phones register anew every half an hour, also while all is quiet: what they leave is gone a little later.
        if !left.is_empty() {
            left = self.left_after_a_while()?;
        }
        if !left.is_empty() {
            return Err(self.broken(left));
        }
        for (_, (state, since)) in std::mem::take(&mut self.states) {
            self.book(&state, self.world.now().mono.since(since));
        }
        Ok(self.figures)
    }

    fn everything_is_over(&mut self) -> bool {
        self.world.center().is_idle() && self.world.telephony().legs() == 0
    }

    fn step(&mut self, limit: Instant) -> Result<bool, Box<Broken>> {
        let happened = self.world.step(limit);
        self.figures.steps += 1;
        if self.figures.steps.is_multiple_of(self.crowd.check_every) {
            self.check()?;
        }
        self.see();
        Ok(happened)
    }

    fn check(&mut self) -> Result<(), Box<Broken>> {
        let wrong = self.world.wrong();
        if wrong.is_empty() { Ok(()) } else { Err(self.broken(wrong)) }
    }

    fn broken(&self, wrong: Vec<String>) -> Box<Broken> {
        Box::new(Broken {
            seed: self.figures.seed,
            steps: self.figures.steps,
            at: self.world.now().utc,
            wrong,
        })
    }

    fn plan(&mut self, after: Duration, plan: Plan) {
        self.planned += 1;
        self.plans.insert((self.world.now().mono + after, self.planned), plan);
    }

    fn exponential(&mut self, mean: Duration) -> Duration {
        let unit = self.dice.unit();
        mean.mul_f64((-(1.0 - unit).ln()).min(20.0))
    }

    fn carry_out(&mut self, plan: Plan) {
        match plan {
            Plan::Call => self.call(),
            Plan::Press(session, address, key) => {
                if self.world.phone(CARRIER).is_some_and(|phone| phone.has(session)) {
                    self.world.press(address, key);
                }
            }
            Plan::HangUp(session) => {
                self.waiting.remove(&session);
                self.world.act(CARRIER, |phone, now| phone.hang_up(session, now));
            }
            Plan::ReserveHangsUp(session) => {
                self.world.act(RESERVE, |phone, now| phone.hang_up(session, now));
            }
            Plan::AgentHangsUp(agent) => {
                let phone = self.agents[agent].1.clone();
                self.world.act(&phone, |phone, now| {
                    let calls: Vec<_> = phone.calls().collect();
                    for call in calls {
                        phone.hang_up(call, now);
                    }
                });
            }
            Plan::AgentPassesOn(agent) => {
                let phone = self.agents[agent].1.clone();
                let number = match self.dice.below(5) {
                    0 => "90055502".to_owned(),
                    1 => "4001".to_owned(),
                    2 => NOWHERE.to_owned(),
                    _ => self.somebody().unwrap_or_default(),
                };
                self.world.act(&phone, |phone, now| {
                    let calls: Vec<_> = phone.calls().collect();
                    match calls[..] {
                        [] => {}
                        [only] => phone.pass_on(only, &number, None, now),
                        [first, .., second] => phone.pass_on(first, &number, Some(second), now),
                    }
                });
            }
            Plan::AgentIsFree(agent) => {
                let phone = self.agents[agent].1.clone();
                self.set_habit(&phone);
            }
            Plan::AgentReturns(agent) => {
                let agent = self.agents[agent].0.clone();
                self.world.tell_center(center::Input::Agent { agent, wish: AgentWish::Ready });
            }
        }
    }

    /// The phone of some agent.
    fn somebody(&mut self) -> Option<String> {
        let count = self.agents.len() as u64;
        (count > 0).then(|| self.agents[self.dice.below(count) as usize].1.clone())
    }

    /// An agent picks up the phone: for a colleague, somebody outside, or a number that nobody has.
    fn agent_dials(&mut self) {
        let agents = self.agents.len() as u64;
        if agents == 0 || self.dice.unit() >= self.crowd.own_calls {
            return;
        }
        let agent = self.dice.below(agents) as usize;
        if self.dice.below(4) == 0
            && let Some(carrier) = self.world.phone(CARRIER)
        {
            carrier.habit = Habit::IsOverloaded;
        }
        let number = match self.dice.below(6) {
            0 => "90055501".to_owned(),
            5 => EMERGENCY.to_owned(),
            1 => "777".to_owned(),
            2 => NOWHERE.to_owned(),
            _ => self.somebody().unwrap_or_default(),
        };
        let phone = self.agents[agent].1.clone();
        self.world.act(&phone, |phone, now| phone.dial(&number, None, now));
        let patience = Duration::from_secs(5) + self.exponential(Duration::from_secs(20));
        self.plan(patience, Plan::AgentHangsUp(agent));
    }

    /// Somebody takes part in a call of others, or does so in another way, or has had enough.
    fn agent_supervises(&mut self) {
        let agents = self.agents.len() as u64;
        if agents == 0 || self.dice.unit() >= self.crowd.own_calls {
            return;
        }
        let by = self.agents[self.dice.below(agents) as usize].0.clone();
        let open: Vec<_> = self.world.center().interactions().map(|live| live.record.id).collect();
        for interaction in open {
            let by = by.clone();
            let mode = Supervision::ALL[self.dice.below(4) as usize];
            let input = match self.dice.below(4) {
                0 => center::Input::EndMonitor { interaction, by },
                _ => center::Input::Monitor { interaction, by, mode },
            };
            self.world.tell_center(input);
        }
    }

    fn call(&mut self) {
        self.agent_dials();
        self.agent_supervises();
        const NUMBERS: [&str; 8] = ["4000", "4000", "4000", "4000", "4001", "4002", "4001", "4003"];
        let number = NUMBERS[self.dice.below(NUMBERS.len() as u64) as usize];
        let caller = format!("0555{:06}", self.dice.below(1_000_000));
        let session = self.world.act(CARRIER, |phone, now| phone.dial(number, Some(&caller), now));
        let Some(session) = session else { return };
        if self.dice.unit() < self.crowd.fickle {
            let moment = self.exponential(Duration::from_secs(12));
            self.plan(moment, Plan::HangUp(session));
        } else {
            let patience = Duration::from_secs(20) + self.exponential(self.crowd.patience);
            self.plan(patience, Plan::HangUp(session));
            self.waiting.insert(session);
        }
    }

    /// Takes in what could be seen since the last look.
    fn see(&mut self) {
        while let Some((_, sight)) = self.world.poll_sight() {
            match sight {
                Sight::Phone(name, told) if name == CARRIER => self.caller_sees(told),
                Sight::Phone(name, Told::IsUp(session, _)) if name == RESERVE => {
                    let talk = self.exponential(self.crowd.talk);
                    self.plan(talk, Plan::ReserveHangsUp(session));
                }
                Sight::Phone(name, told) => self.agent_sees(&name, &told),
                Sight::Record(record) => self.read(&record),
                Sight::Board(_) | Sight::Alarm(_) | Sight::Hears(..) | Sight::Bridged(..) => {}
            }
        }
    }

    fn caller_sees(&mut self, told: Told) {
        match told {
            // Somebody outside who was called has had enough at some time, too.
            Told::IsUp(session, _)
                if self.world.phone(CARRIER).is_some_and(|phone| phone.was_called(session)) =>
            {
                let talk = self.exponential(self.crowd.talk);
                self.plan(talk, Plan::HangUp(session));
            }
            Told::IsUp(session, address) => {
                const KEYS: [Option<char>; 8] =
                    [Some('1'), Some('2'), Some('2'), Some('2'), Some('3'), Some('7'), None, Some('1')];
                if let Some(key) = KEYS[self.dice.below(KEYS.len() as u64) as usize] {
                    let after = Duration::from_millis(200 + self.dice.below(9_000));
                    self.plan(after, Plan::Press(session, address, key));
                }
            }
            Told::Rings(_) | Told::StopsRinging(_) => {
                let patience = Duration::from_millis(500 + self.dice.below(8_000));
                let announces = self.dice.below(6) == 0;
                if let Some(phone) = self.world.phone(CARRIER) {
                    phone.habit =
                        if announces { Habit::Announces(patience) } else { Habit::Answers(patience) };
                }
            }
            Told::Refused(session, _) | Told::IsHungUpOn(session) => {
                self.waiting.remove(&session);
            }
            _ => {}
        }
    }

    fn agent_sees(&mut self, name: &str, told: &Told) {
        let Some(agent) = self.agents.iter().position(|(_, phone)| phone == name) else { return };
        match told {
            Told::Rings(_) | Told::StopsRinging(_) => self.set_habit(name),
            Told::IsUp(..) => {
                let talk = self.exponential(self.crowd.talk);
                self.plan(talk, Plan::AgentHangsUp(agent));
                if self.dice.unit() < self.crowd.own_calls {
                    let moment = talk.mul_f64(self.dice.unit());
                    self.plan(moment, Plan::AgentPassesOn(agent));
                }
            }
            _ => {}
        }
    }

    /// What the phone will do at the next call.
    fn set_habit(&mut self, phone: &str) {
        let patience = Duration::from_millis(500 + self.dice.below(8_000));
        let Some(agent) = self.agents.iter().position(|(_, own)| own == phone) else { return };
        let habit = if self.dice.unit() < self.crowd.unwilling {
            match self.dice.below(3) {
                0 => Habit::Waits,
                1 => {
                    // Somebody else is on the line, for a while.
                    let call = self.exponential(BUSY);
                    self.plan(call, Plan::AgentIsFree(agent));
                    Habit::IsBusy
                }
                _ => Habit::Declines(patience),
            }
        } else {
            Habit::Answers(patience)
        };
        if let Some(phone) = self.world.phone(phone) {
            phone.habit = habit;
        }
    }

    fn read(&mut self, record: &Record) {
        self.bytes = postcard::to_extend(record, std::mem::take(&mut self.bytes)).unwrap_or_default();
        for byte in self.bytes.drain(..) {
            // FNV-1a, over every record as it is stored.
            self.figures.fingerprint =
                (self.figures.fingerprint ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        match record {
            Record::Interaction(record) if record.closed_at.is_some() => self.figures.add(record),
            Record::Timeline(line) => {
                self.figures.lines += 1;
                if let TimelineEvent::AgentChanged { agent, to, lasted: _, .. } = &line.event {
                    let now = self.world.now().mono;
                    if let Some((state, since)) = self.states.insert(agent.clone(), (to.clone(), now)) {
                        self.book(&state, now.since(since));
                    }
                    if let AgentState::NotReady(_) = to
                        && let Some(agent) = self.agents.iter().position(|(id, _)| id == agent)
                    {
                        let pause = Duration::from_secs(20 + self.dice.below(60));
                        let phone = self.agents[agent].1.clone();
                        self.set_habit(&phone);
                        self.plan(pause, Plan::AgentReturns(agent));
                    }
                }
            }
            _ => {}
        }
    }

    fn book(&mut self, state: &AgentState, time: Duration) {
        match state {
            AgentState::Ready => self.figures.ready += time,
            AgentState::Reserved(_) | AgentState::Talking(_) | AgentState::WrapUp(_) => {
                self.figures.busy += time
            }
            AgentState::LoggedOut | AgentState::NotReady(_) => {}
        }
    }
}
