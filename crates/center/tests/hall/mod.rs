//! A small center with agents, a supervisor and a dialplan: who dials, what they press, and what is ordered for them.

#![allow(dead_code, reason = "each test file uses its part")]

use base::{Duration, IdSource, Now, Timestamp};
use center::{Center, Directory, Effect, Input, Settings};
use flow::{Source, World};
use model::{
    Agent, AgentId, AgentState, AgentWish, AlertId, AlertView, BoardEvent, EndCause, InteractionId,
    InteractionView, LegCommand, LegEvent, LegId, Origin, Party, Queue, Record, SipUser, Supervision, Target,
    TimelineEvent,
};
use std::collections::BTreeMap;

/// The center, what it ordered and told, and the time.
pub(crate) struct Hall {
    pub(crate) center: Center,
    pub(crate) commands: Vec<LegCommand>,
    pub(crate) told: Vec<(Option<InteractionId>, TimelineEvent)>,
    /// The alerts that stand on the board.
    pub(crate) alerts: BTreeMap<AlertId, AlertView>,
    /// The interactions as the board was last told of them.
    pub(crate) rows: BTreeMap<InteractionId, InteractionView>,
    pub(crate) now: Now,
    next_leg: u64,
}

impl Hall {
    /// A center with one dialplan; anna and bert serve `support`, sara is an agent who may listen, and nobody is there.
    pub(crate) fn new(dialplan: &str) -> Self {
        Self::with(dialplan, |_| {})
    }

    /// The same, with something else configured.
    pub(crate) fn with(dialplan: &str, configure: impl FnOnce(&mut Settings)) -> Self {
        let mut world = World::default();
        for prompt in ["conference-pin", "conference-pin-wrong", "welcome"] {
            world.add_sound("en", prompt);
        }
        world.add_sound(flow::MUSIC, "calm");
        world.add_sound(flow::TONES, "beep");
        world.queues.insert("support".into());
        let agents = [("anna", "1001"), ("bert", "1002"), ("chen", "1003"), ("sara", "1020")];
        let mut settings = Settings {
            queues: vec![Queue::new("support".into())],
            agents: agents.iter().map(|(login, phone)| agent(login, phone)).collect(),
            directory: Directory {
                phones: agents.iter().map(|(_, phone)| (SipUser::new(phone), true)).collect(),
                ..Directory::default()
            },
            language: "en".to_owned(),
            dialplans: vec![Source { name: "one.toml".to_owned(), text: dialplan.to_owned() }],
            world,
            ..Settings::default()
        };
        configure(&mut settings);
        let now = Now { utc: Timestamp::from_millis(1_794_441_600_000), ..Now::default() };
        let mut hall = Self {
            center: Center::new(IdSource::new(1), 0),
            commands: Vec::new(),
            told: Vec::new(),
            alerts: BTreeMap::new(),
            rows: BTreeMap::new(),
            now,
            next_leg: 1 << 32,
        };
        hall.tell(Input::Config(Box::new(settings)));
        hall
    }

    /// Hands in what happened, and looks whether everything is as it must be.
    pub(crate) fn tell(&mut self, input: Input) {
        self.center.handle(input, self.now);
        while let Some(effect) = self.center.poll_effect() {
            match effect {
                Effect::Leg(command) => self.commands.push(command),
                Effect::Persist(Record::Timeline(line)) => self.told.push((line.interaction, line.event)),
                Effect::Publish(BoardEvent::Alert(view)) => {
                    self.alerts.insert(view.id, *view);
                }
                Effect::Publish(BoardEvent::AlertGone(id)) => {
                    self.alerts.remove(&id);
                }
                Effect::Publish(BoardEvent::Interaction(view)) => {
                    self.rows.insert(view.id, *view);
                }
                Effect::Persist(_) | Effect::Publish(_) => {}
            }
        }
        assert_eq!(self.center.audit(), Vec::<String>::new());
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, seconds: u64) {
        let until = self.now.after(Duration::from_secs(seconds));
        while let Some(due) = self.center.poll_timeout().filter(|due| *due <= until.mono) {
            self.now = self.now.after(due.since(self.now.mono));
            self.tell(Input::Timeout);
        }
        self.now = until;
    }

    /// Somebody outside calls, or a phone of ours.
    pub(crate) fn dials(&mut self, who: &str, number: &str) -> LegId {
        self.next_leg += 1;
        let leg = LegId::from_u64(self.next_leg);
        let phone = self.center.phone_of(&AgentId::new(who)).ok().cloned();
        let origin = match &phone {
            Some(phone) => Origin::User(phone.clone()),
            None => Origin::Trunk("carrier".into()),
        };
        let from = match phone {
            Some(phone) => Party { user: Some(phone.clone()), ..Party::number(phone.to_string()) },
            None => Party::number(who.to_owned()),
        };
        self.leg(LegEvent::Arrived { leg, from, to: number.to_owned(), origin });
        leg
    }

    pub(crate) fn leg(&mut self, event: LegEvent) {
        self.tell(Input::Leg(event));
    }

    pub(crate) fn presses(&mut self, leg: LegId, keys: &str) {
        for digit in keys.chars() {
            self.leg(LegEvent::Digit { leg, digit });
        }
    }

    pub(crate) fn answers(&mut self, leg: LegId) {
        self.leg(LegEvent::Answered { leg });
    }

    /// A leg that was ordered away, or whose party hung up, is gone.
    pub(crate) fn ends(&mut self, leg: LegId) {
        self.leg(LegEvent::Ended { leg, cause: EndCause::HungUp, quality: None });
    }

    pub(crate) fn wishes(&mut self, agent: &str, wish: AgentWish) {
        self.tell(Input::Agent { agent: agent.into(), wish });
    }

    pub(crate) fn supervises(&mut self, interaction: InteractionId, by: &str, mode: Supervision) {
        self.tell(Input::Monitor { interaction, by: by.into(), mode });
    }

    /// Who passes a call on, to whom.
    pub(crate) fn passes_on(&mut self, leg: LegId, to: &str) {
        self.leg(LegEvent::Refer { leg, refer: 1, to: to.to_owned(), replaces: None });
    }

    pub(crate) fn state(&self, agent: &str) -> AgentState {
        let mut desks = self.center.desks();
        desks.find(|desk| desk.agent.id.as_str() == agent).unwrap().state.clone()
    }

    /// An interaction as the board shows it.
    pub(crate) fn shown(&self, id: InteractionId) -> InteractionView {
        let live = self.center.interactions().find(|live| live.record.id == id).unwrap();
        self.center.interaction_view(live)
    }

    /// The interaction that began with this leg.
    pub(crate) fn interaction(&self, leg: LegId) -> InteractionId {
        let mut interactions = self.center.interactions();
        interactions.find(|live| live.record.legs.first() == Some(&leg)).unwrap().record.id
    }

    /// The leg dialled last, and that it was dialled for this phone.
    pub(crate) fn dialed(&self, phone: &str) -> LegId {
        let last = self.commands.iter().rev().find_map(|command| match command {
            LegCommand::Dial { leg, target, .. } => Some((*leg, target.clone())),
            _ => None,
        });
        let (leg, target) = last.unwrap();
        assert_eq!(target, Target::User(SipUser::new(phone)));
        leg
    }

    /// What was last ordered to be played to a leg, with commas.
    pub(crate) fn last_play(&self, to: LegId) -> Option<String> {
        self.commands.iter().rev().find_map(|command| match command {
            LegCommand::Play { leg, prompts, .. } if *leg == to => {
                let names: Vec<_> = prompts.iter().map(|one| one.prompt.to_string()).collect();
                Some(names.join(", "))
            }
            _ => None,
        })
    }

    /// Whether a leg was ordered away.
    pub(crate) fn is_hung_up_on(&self, one: LegId) -> bool {
        self.commands.iter().any(|command| matches!(command, LegCommand::HangUp { leg } if *leg == one))
    }
}

fn agent(login: &str, phone: &str) -> Agent {
    Agent {
        id: login.into(),
        name: login.to_owned(),
        phone: Some(phone.into()),
        queues: vec!["support".into()],
        skills: BTreeMap::new(),
        ready_with_phone: false,
    }
}
