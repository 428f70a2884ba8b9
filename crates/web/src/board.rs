//! The live board: the rows as they stand, and what changed since somebody last looked.
//!
//! Every change gets a number. Whoever watches remembers the number of what was seen, and asks for what came after it:
//! rows that changed many times in between come once, as they are now. So a slow watcher costs no memory and holds
//! nobody up; one who was away for too long is given everything anew.

use crate::json::{
    AgentJson, AlertJson, GoneInteractionJson, GoneJson, LiveInteractionJson, LiveMessage, QueueJson,
    TrunkJson,
};
use access::Reach;
use base::Timestamp;
use model::{
    AgentId, AgentView, AlertId, AlertView, BoardEvent, InteractionId, InteractionView, Outcome, QueueId,
    QueueView, TrunkId, TrunkView,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// How many rows that went away are remembered; who has missed more is given everything anew.
pub const GONE_MAX: usize = 4_096;

/// The live board. A clone is another handle on the same one.
#[derive(Clone, Debug)]
pub struct Board(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    rows: Mutex<Rows>,
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Rows {
    /// The number of the last change.
    version: u64,
    agents: BTreeMap<AgentId, Row<AgentView>>,
    queues: BTreeMap<QueueId, Row<QueueView>>,
    interactions: BTreeMap<InteractionId, Row<InteractionView>>,
    trunks: BTreeMap<TrunkId, Row<TrunkView>>,
    alerts: BTreeMap<AlertId, Row<AlertView>>,
    phones: BTreeMap<AgentId, bool>,
    /// The rows by the number of their last change.
    changes: BTreeMap<u64, Key>,
    gone: VecDeque<(u64, Gone)>,
    /// The number of the last change that fell out of `gone`.
    forgotten: u64,
}

#[derive(Debug)]
struct Row<T> {
    version: u64,
    view: T,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Agent(AgentId),
    Queue(QueueId),
    Interaction(InteractionId),
    Trunk(TrunkId),
    Alert(AlertId),
}

#[derive(Clone, Debug)]
enum Gone {
    Agent(AgentId),
    Queue(QueueId),
    Interaction(InteractionId, Outcome),
    Trunk(TrunkId),
    Alert(AlertId),
}

/// What a watcher sees besides agents, queues and interactions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Also {
    /// The trunks.
    pub trunks: bool,
    /// The alerts.
    pub alerts: bool,
    /// The agent that the watcher is: who takes calls sees the own one, from whatever queue it comes.
    pub own: Option<AgentId>,
}

/// Somebody who watches, and what was seen.
#[derive(Debug)]
pub struct Watcher {
    board: Board,
    changed: watch::Receiver<u64>,
    reach: Reach,
    also: Also,
    seen: Option<u64>,
    /// Interactions shown so far, for those whose reach has limits: one that moves out of reach must disappear.
    shown: std::collections::BTreeSet<InteractionId>,
}

impl Default for Board {
    fn default() -> Self {
        Self(Arc::new(Inner { rows: Mutex::default(), changed: watch::Sender::new(0) }))
    }
}

impl Board {
    /// An empty board.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts rows in their new form. Takes a lock for as long as that takes, never waits for anybody who watches.
    pub fn apply(&self, events: impl IntoIterator<Item = BoardEvent>) {
        let version = {
            let mut rows = self.rows();
            for event in events {
                rows.apply(event);
            }
            rows.version
        };
        self.0.changed.send_replace(version);
    }

    /// Says whether an agent's phone is registered.
    pub fn set_phone_registered(&self, agent: &AgentId, registered: bool) {
        let version = {
            let mut rows = self.rows();
            if rows.phones.insert(agent.clone(), registered) == Some(registered) {
                return;
            }
            rows.touch_agent(agent);
            rows.version
        };
        self.0.changed.send_replace(version);
    }

    /// Every agent. Which interaction others are in is told only to whom the board shows them: it would tell who listens.
    pub fn agents(&self, reach: &Reach) -> Vec<AgentJson> {
        let rows = self.rows();
        let told = |id: &AgentId, row: AgentJson| match sees_agent(reach, id) {
            true => row,
            false => AgentJson { interaction: None, ..row },
        };
        rows.agents.keys().filter_map(|id| rows.agent(id).map(|row| told(id, row))).collect()
    }

    /// One agent.
    pub fn agent(&self, agent: &AgentId) -> Option<AgentJson> {
        self.rows().agent(agent)
    }

    /// An agent as the center just described it, with what is known of the phone.
    pub fn describe(&self, agent: &AgentView) -> AgentJson {
        AgentJson::new(agent, self.rows().phones.get(&agent.id).copied())
    }

    /// The queues within reach.
    pub fn queues(&self, reach: &Reach) -> Vec<QueueJson> {
        let rows = self.rows();
        rows.queues
            .iter()
            .filter(|(queue, _)| sees_queue(reach, Some(queue)))
            .map(|(_, row)| (&row.view).into())
            .collect()
    }

    /// The queue an open interaction waits in or came from, and the agents who have it; `None` if it is not open.
    pub fn hands_of(&self, interaction: InteractionId) -> Option<(Option<QueueId>, Vec<AgentId>)> {
        let rows = self.rows();
        let view = &rows.interactions.get(&interaction)?.view;
        Some((view.queue.clone(), view.agents.clone()))
    }

    /// The queue that an open interaction waits in or came from; `None` if it is not open.
    pub fn queue_of(&self, interaction: InteractionId) -> Option<Option<QueueId>> {
        self.rows().interactions.get(&interaction).map(|row| row.view.queue.clone())
    }

    /// The trunks.
    pub fn trunks(&self) -> Vec<TrunkJson> {
        self.rows().trunks.values().map(|row| (&row.view).into()).collect()
    }

    /// The alerts, the oldest first.
    pub fn alerts(&self) -> Vec<AlertJson> {
        self.rows().alerts()
    }

    /// Begins to watch what is within reach.
    pub fn watch(&self, reach: Reach, also: Also) -> Watcher {
        Watcher {
            board: self.clone(),
            changed: self.0.changed.subscribe(),
            reach,
            also,
            seen: None,
            shown: std::collections::BTreeSet::new(),
        }
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher {
    /// Waits until something changed after what was seen. Can be dropped and asked again at any time.
    pub async fn changed(&mut self) {
        // The board lives as long as this handle on it, so that waiting cannot fail.
        let _ = self.changed.changed().await;
    }

    /// What there is to tell, if anything: everything at first, then what changed.
    pub fn look(&mut self, now: Timestamp) -> Option<LiveMessage> {
        let board = self.board.clone();
        let rows = board.rows();
        self.changed.mark_unchanged();
        let at = now.as_millis();
        let seen = self.seen.replace(rows.version);
        match seen {
            Some(seen) if seen == rows.version => None,
            Some(seen) if seen >= rows.forgotten => {
                let message = self.delta(&rows, seen, at);
                message_or_nothing(message)
            }
            _ => Some(self.snapshot(&rows, at)),
        }
    }

    fn snapshot(&mut self, rows: &Rows, at: i64) -> LiveMessage {
        self.shown.clear();
        let interactions: Vec<&InteractionView> = rows
            .interactions
            .values()
            .map(|row| &row.view)
            .filter(|view| sees_interaction(&self.reach, self.also.own.as_ref(), view))
            .collect();
        if self.is_limited() {
            self.shown.extend(interactions.iter().map(|view| view.id));
        }
        LiveMessage::Snapshot {
            at,
            agents: rows
                .agents
                .keys()
                .filter(|agent| sees_agent(&self.reach, agent))
                .filter_map(|agent| rows.agent(agent))
                .collect(),
            queues: rows
                .queues
                .iter()
                .filter(|(queue, _)| sees_queue(&self.reach, Some(queue)))
                .map(|(_, row)| (&row.view).into())
                .collect(),
            interactions: interactions.into_iter().map(|view| self.shown_as(view)).collect(),
            trunks: match self.also.trunks {
                true => rows.trunks.values().map(|row| (&row.view).into()).collect(),
                false => Vec::new(),
            },
            alerts: if self.also.alerts { rows.alerts() } else { Vec::new() },
        }
    }

    fn delta(&mut self, rows: &Rows, seen: u64, at: i64) -> LiveMessage {
        let (mut agents, mut queues, mut interactions) = (Vec::new(), Vec::new(), Vec::new());
        let (mut trunks, mut alerts) = (Vec::new(), Vec::new());
        let mut gone = GoneJson::default();
        for key in rows.changes.range(seen + 1..).map(|(_, key)| key) {
            match key {
                Key::Agent(agent) if sees_agent(&self.reach, agent) => agents.extend(rows.agent(agent)),
                Key::Agent(_) => {}
                Key::Queue(queue) => {
                    if let Some(row) = rows.queues.get(queue)
                        && sees_queue(&self.reach, Some(queue))
                    {
                        queues.push(QueueJson::from(&row.view));
                    }
                }
                Key::Trunk(trunk) => {
                    let row = rows.trunks.get(trunk).filter(|_| self.also.trunks);
                    trunks.extend(row.map(|row| TrunkJson::from(&row.view)));
                }
                Key::Alert(alert) => {
                    let row = rows.alerts.get(alert).filter(|_| self.also.alerts);
                    alerts.extend(row.map(|row| AlertJson::from(&row.view)));
                }
                Key::Interaction(id) => {
                    let Some(row) = rows.interactions.get(id) else { continue };
                    if sees_interaction(&self.reach, self.also.own.as_ref(), &row.view) {
                        if self.is_limited() {
                            self.shown.insert(*id);
                        }
                        interactions.push(self.shown_as(&row.view));
                    } else if self.shown.remove(id) {
                        let outcome = Outcome::Transferred.as_str();
                        gone.interactions.push(GoneInteractionJson { id: id.to_string(), outcome });
                    }
                }
            }
        }
        for (_, left) in rows.gone.iter().rev().take_while(|(version, _)| *version > seen) {
            match left {
                Gone::Agent(agent) if !rows.agents.contains_key(agent) && sees_agent(&self.reach, agent) => {
                    gone.agents.push(agent.to_string());
                }
                Gone::Queue(queue)
                    if !rows.queues.contains_key(queue) && sees_queue(&self.reach, Some(queue)) =>
                {
                    gone.queues.push(queue.to_string());
                }
                Gone::Interaction(id, outcome) if !self.is_limited() || self.shown.remove(id) => {
                    gone.interactions
                        .push(GoneInteractionJson { id: id.to_string(), outcome: outcome.as_str() });
                }
                Gone::Trunk(trunk) if !rows.trunks.contains_key(trunk) && self.also.trunks => {
                    gone.trunks.push(trunk.to_string());
                }
                Gone::Alert(alert) if self.also.alerts => gone.alerts.push(alert.to_string()),
                Gone::Agent(_) | Gone::Queue(_) | Gone::Interaction(..) | Gone::Trunk(_) | Gone::Alert(_) => {
                }
            }
        }
        LiveMessage::Delta { at, agents, queues, interactions, trunks, alerts, gone }
    }

    /// An interaction as this watcher sees it.
    fn shown_as(&self, view: &InteractionView) -> LiveInteractionJson {
        match &self.reach {
            Reach::Own(_) => LiveInteractionJson::for_agent(view),
            Reach::Everything | Reach::Queues(_) | Reach::Nothing => view.into(),
        }
    }

    const fn is_limited(&self) -> bool {
        matches!(self.reach, Reach::Queues(_) | Reach::Own(_) | Reach::Nothing)
    }
}

/// A change out of reach is nothing to tell.
fn message_or_nothing(message: LiveMessage) -> Option<LiveMessage> {
    match &message {
        LiveMessage::Delta { agents, queues, interactions, trunks, alerts, gone, .. }
            if agents.is_empty()
                && queues.is_empty()
                && interactions.is_empty()
                && trunks.is_empty()
                && alerts.is_empty()
                && gone.is_empty() =>
        {
            None
        }
        _ => Some(message),
    }
}

/// Whether a queue is within reach; what is in no queue is seen by all who look after queues.
fn sees_queue(reach: &Reach, queue: Option<&QueueId>) -> bool {
    match reach {
        Reach::Everything => true,
        Reach::Queues(queues) => queue.is_none_or(|queue| queues.contains(queue)),
        Reach::Own(_) | Reach::Nothing => false,
    }
}

/// Whether an agent is within reach. Agents may serve queues of several supervisors, and all of them see the agent.
fn sees_agent(reach: &Reach, agent: &AgentId) -> bool {
    match reach {
        Reach::Everything | Reach::Queues(_) => true,
        Reach::Own(me) => me == agent,
        Reach::Nothing => false,
    }
}

/// Whether an interaction is within reach. An agent sees what is offered to, handled or written up by that agent, from
/// the first ring on, and what a colleague passed on to that agent; nothing of it after it went elsewhere. So does a
/// supervisor who takes calls as `own`. An interaction that was passed on belongs to the queue it came from.
fn sees_interaction(reach: &Reach, own: Option<&AgentId>, view: &InteractionView) -> bool {
    let has = |agent: &AgentId| view.agents.contains(agent);
    match reach {
        Reach::Own(me) => has(me),
        Reach::Everything | Reach::Queues(_) | Reach::Nothing => {
            sees_queue(reach, view.queue.as_ref()) || own.is_some_and(has)
        }
    }
}

impl Rows {
    fn apply(&mut self, event: BoardEvent) {
        self.version += 1;
        let version = self.version;
        match event {
            BoardEvent::Agent(view) => {
                let key = Key::Agent(view.id.clone());
                let before = self.agents.insert(view.id.clone(), Row { version, view: *view });
                self.note(before.map(|row| row.version), key);
            }
            BoardEvent::Queue(view) => {
                let key = Key::Queue(view.queue.id.clone());
                let before = self.queues.insert(view.queue.id.clone(), Row { version, view: *view });
                self.note(before.map(|row| row.version), key);
            }
            BoardEvent::Interaction(view) => {
                let key = Key::Interaction(view.id);
                let before = self.interactions.insert(view.id, Row { version, view: *view });
                self.note(before.map(|row| row.version), key);
            }
            BoardEvent::Trunk(view) => {
                let key = Key::Trunk(view.id.clone());
                let before = self.trunks.insert(view.id.clone(), Row { version, view: *view });
                self.note(before.map(|row| row.version), key);
            }
            BoardEvent::TrunkGone(trunk) => {
                let before = self.trunks.remove(&trunk);
                self.note_gone(before.map(|row| row.version), Gone::Trunk(trunk));
            }
            BoardEvent::Alert(view) => {
                let key = Key::Alert(view.id);
                let before = self.alerts.insert(view.id, Row { version, view: *view });
                self.note(before.map(|row| row.version), key);
            }
            BoardEvent::AlertGone(alert) => {
                let before = self.alerts.remove(&alert);
                self.note_gone(before.map(|row| row.version), Gone::Alert(alert));
            }
            BoardEvent::InteractionGone { id, outcome } => {
                let before = self.interactions.remove(&id);
                self.note_gone(before.map(|row| row.version), Gone::Interaction(id, outcome));
            }
            BoardEvent::AgentGone(agent) => {
                let before = self.agents.remove(&agent);
                self.phones.remove(&agent);
                self.note_gone(before.map(|row| row.version), Gone::Agent(agent));
            }
            BoardEvent::QueueGone(queue) => {
                let before = self.queues.remove(&queue);
                self.note_gone(before.map(|row| row.version), Gone::Queue(queue));
            }
        }
    }

    fn alerts(&self) -> Vec<AlertJson> {
        let mut alerts: Vec<_> = self.alerts.values().map(|row| &row.view).collect();
        alerts.sort_by_key(|view| (view.at, view.id));
        alerts.into_iter().map(Into::into).collect()
    }

    fn touch_agent(&mut self, agent: &AgentId) {
        let Some(row) = self.agents.get_mut(agent) else { return };
        self.version += 1;
        let before = std::mem::replace(&mut row.version, self.version);
        self.note(Some(before), Key::Agent(agent.clone()));
    }

    /// Notes that the row `key` changed just now, and last changed at `before`.
    fn note(&mut self, before: Option<u64>, key: Key) {
        if let Some(before) = before {
            self.changes.remove(&before);
        }
        self.changes.insert(self.version, key);
    }

    fn note_gone(&mut self, before: Option<u64>, gone: Gone) {
        // What was never shown cannot go away.
        let Some(before) = before else { return };
        self.changes.remove(&before);
        self.gone.push_back((self.version, gone));
        if self.gone.len() > GONE_MAX
            && let Some((version, _)) = self.gone.pop_front()
        {
            self.forgotten = version;
        }
    }

    fn agent(&self, agent: &AgentId) -> Option<AgentJson> {
        let row = self.agents.get(agent)?;
        Some(AgentJson::new(&row.view, self.phones.get(agent).copied()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{AgentState, InteractionState, Party, Queue};

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    #[test]
    fn the_first_look_shows_everything_and_the_next_what_changed() {
        let board = Board::new();
        board.apply([
            agent("anna", AgentState::Ready),
            agent("bert", AgentState::LoggedOut),
            queue("support"),
        ]);
        let mut watcher = board.watch(Reach::Everything, Also::default());
        match watcher.look(NOW).unwrap() {
            LiveMessage::Snapshot { at, agents, queues, interactions, .. } => {
                assert_eq!((at, agents.len(), queues.len(), interactions.len()), (1_000, 2, 1, 0));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(watcher.look(NOW), None);

        board.apply([agent("anna", AgentState::LoggedOut), agent("anna", AgentState::Ready)]);
        board.apply([interaction(1, "support")]);
        match watcher.look(NOW).unwrap() {
            LiveMessage::Delta { agents, queues, interactions, gone, .. } => {
                assert_eq!((agents.len(), queues.len(), interactions.len()), (1, 0, 1));
                assert_eq!((agents[0].id.as_str(), agents[0].state), ("anna", "ready"));
                assert!(gone.is_empty());
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_came_and_went_between_two_looks_is_only_gone() {
        let board = Board::new();
        let mut watcher = board.watch(Reach::Everything, Also::default());
        watcher.look(NOW);
        board.apply([interaction(1, "support"), gone(1)]);
        board.apply([BoardEvent::InteractionGone {
            id: InteractionId::from_u64(9),
            outcome: Outcome::Handled,
        }]);
        match watcher.look(NOW).unwrap() {
            LiveMessage::Delta { interactions, gone, .. } => {
                assert!(interactions.is_empty());
                assert_eq!(gone.interactions.len(), 1, "one that was never shown cannot go");
                assert_eq!(gone.interactions[0].outcome, "abandoned");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn who_was_away_for_too_long_is_given_everything_anew() {
        let board = Board::new();
        let mut watcher = board.watch(Reach::Everything, Also::default());
        watcher.look(NOW);
        board.apply((0..=GONE_MAX as u64).flat_map(|number| [interaction(number, "support"), gone(number)]));
        assert!(matches!(watcher.look(NOW), Some(LiveMessage::Snapshot { .. })));
        assert_eq!(board.rows().gone.len(), GONE_MAX);
        assert!(board.rows().changes.is_empty(), "nothing is kept of what is gone");
    }

    #[test]
    fn a_supervisor_of_one_queue_sees_nothing_of_another() {
        let board = Board::new();
        board.apply([queue("support"), queue("sales"), interaction(1, "support"), interaction(2, "sales")]);
        let reach = Reach::Queues(vec![QueueId::new("support")]);
        assert_eq!(board.queues(&reach).len(), 1);
        let mut watcher = board.watch(reach, Also::default());
        match watcher.look(NOW).unwrap() {
            LiveMessage::Snapshot { queues, interactions, .. } => {
                assert_eq!((queues.len(), interactions.len()), (1, 1));
            }
            other => panic!("{other:?}"),
        }
        board.apply([interaction(2, "sales"), queue("sales"), gone(2)]);
        assert_eq!(watcher.look(NOW), None);

        // Interaction 1 is transferred to a queue out of reach, and what happens to it there is not told.
        board.apply([interaction(1, "sales")]);
        match watcher.look(NOW).unwrap() {
            LiveMessage::Delta { interactions, gone, .. } => {
                assert!(interactions.is_empty());
                assert_eq!(gone.interactions[0].outcome, "transferred");
            }
            other => panic!("{other:?}"),
        }
        board.apply([gone(1)]);
        assert_eq!(watcher.look(NOW), None);
    }

    #[test]
    fn a_supervisor_who_takes_calls_sees_the_own_one_whatever_queue_it_comes_from() {
        let board = Board::new();
        board.apply([queue("sales"), interaction(1, "sales")]);
        let reach = Reach::Queues(vec![QueueId::new("support")]);
        let also = Also { own: Some(AgentId::new("sara")), ..Also::default() };
        let mut watcher = board.watch(reach, also);
        watcher.look(NOW);
        board.apply([offered(1, "sales", "sara")]);
        match watcher.look(NOW).unwrap() {
            LiveMessage::Delta { interactions, .. } => assert_eq!(interactions[0].state, "offered"),
            other => panic!("{other:?}"),
        }
        // It was not answered and rings at somebody else.
        board.apply([offered(1, "sales", "bert")]);
        match watcher.look(NOW).unwrap() {
            LiveMessage::Delta { interactions, gone, .. } => {
                assert_eq!((interactions.len(), gone.interactions.len()), (0, 1));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_call_that_was_passed_on_belongs_to_its_last_queue_and_to_whoever_has_it_now() {
        let board = Board::new();
        board.apply([passed_on(1, "sales", "bert")]);
        let (support, sales) = (QueueId::new("support"), QueueId::new("sales"));
        let bert = AgentId::new("bert");
        assert_eq!(
            board.hands_of(InteractionId::from_u64(1)),
            Some((Some(sales.clone()), vec![bert.clone()]))
        );
        for (reach, seen) in [
            (Reach::Queues(vec![sales]), 1),
            (Reach::Queues(vec![support]), 0),
            (Reach::Own(bert), 1),
            (Reach::Own(AgentId::new("anna")), 0),
        ] {
            match board.watch(reach.clone(), Also::default()).look(NOW).unwrap() {
                LiveMessage::Snapshot { interactions, .. } => {
                    assert_eq!(interactions.len(), seen, "{reach:?}")
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn an_agent_sees_the_own_row_and_the_interaction_that_names_the_agent_only() {
        let board = Board::new();
        board.apply([
            agent("anna", AgentState::Ready),
            agent("bert", AgentState::Ready),
            queue("support"),
            interaction(1, "support"),
            offered(2, "support", "bert"),
        ]);
        let mut watcher = board.watch(Reach::Own(AgentId::new("anna")), Also::default());
        match watcher.look(NOW).unwrap() {
            LiveMessage::Snapshot { agents, queues, interactions, .. } => {
                assert_eq!((agents.len(), queues.len(), interactions.len()), (1, 0, 0));
                assert_eq!(agents[0].id, "anna");
            }
            other => panic!("{other:?}"),
        }

        // The phone rings: who calls is told at once.
        board.apply([offered(1, "support", "anna")]);
        match watcher.look(NOW).unwrap() {
            LiveMessage::Delta { interactions, gone, .. } => {
                assert_eq!((interactions.len(), gone.is_empty()), (1, true));
                assert_eq!((interactions[0].state, interactions[0].from.number.as_str()), ("offered", "200"));
            }
            other => panic!("{other:?}"),
        }

        // It was not answered and rings at somebody else, where it ends.
        board.apply([offered(1, "support", "bert")]);
        match watcher.look(NOW).unwrap() {
            LiveMessage::Delta { interactions, gone, .. } => {
                assert_eq!((interactions.len(), gone.interactions.len()), (0, 1));
            }
            other => panic!("{other:?}"),
        }
        board.apply([gone(1), gone(2), agent("bert", AgentState::Ready), queue("support")]);
        board.apply([BoardEvent::AgentGone(AgentId::new("bert"))]);
        assert_eq!(watcher.look(NOW), None);
    }

    #[test]
    fn an_agent_is_shown_who_listens_only_where_agents_may_know() {
        let board = Board::new();
        let mut agent = board.watch(Reach::Own(AgentId::new("anna")), Also::default());
        let mut supervisor = board.watch(Reach::Everything, Also::default());
        agent.look(NOW);
        supervisor.look(NOW);
        for (shown, seen) in [(false, 0), (true, 1)] {
            board.apply([listened_to(1, "support", "anna", shown)]);
            for (watcher, seen) in [(&mut agent, seen), (&mut supervisor, 1)] {
                match watcher.look(NOW).unwrap() {
                    LiveMessage::Delta { interactions, .. } => {
                        assert_eq!(interactions[0].monitors.len(), seen, "{shown}");
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    #[test]
    fn a_phone_that_registers_is_a_change_of_its_agent() {
        let board = Board::new();
        let anna = AgentId::new("anna");
        board.set_phone_registered(&anna, true);
        board.apply([agent("anna", AgentState::Ready)]);
        assert_eq!(board.agent(&anna).unwrap().phone_registered, Some(true));
        let mut watcher = board.watch(Reach::Everything, Also::default());
        watcher.look(NOW);
        board.set_phone_registered(&anna, true);
        assert_eq!(watcher.look(NOW), None);
        board.set_phone_registered(&anna, false);
        assert!(matches!(watcher.look(NOW), Some(LiveMessage::Delta { agents, .. }) if agents.len() == 1));
    }

    #[tokio::test]
    async fn a_watcher_wakes_for_a_change() {
        let board = Board::new();
        let mut watcher = board.watch(Reach::Everything, Also::default());
        watcher.look(NOW);
        board.apply([queue("support")]);
        watcher.changed().await;
        assert!(watcher.look(NOW).is_some());
    }

    fn agent(name: &str, state: AgentState) -> BoardEvent {
        BoardEvent::Agent(Box::new(AgentView {
            id: AgentId::new(name),
            name: name.into(),
            state,
            since: NOW,
            until: None,
            next: None,
            queues: vec![QueueId::new("support")],
            skills: BTreeMap::new(),
            handled: 0,
        }))
    }

    fn queue(name: &str) -> BoardEvent {
        BoardEvent::Queue(Box::new(QueueView {
            queue: Queue::new(QueueId::new(name)),
            waiting: 0,
            longest_since: None,
            agents: model::board::AgentCounts::default(),
            today: model::board::QueueFigures::default(),
        }))
    }

    fn interaction(number: u64, queue: &str) -> BoardEvent {
        BoardEvent::Interaction(Box::new(InteractionView {
            id: InteractionId::from_u64(number),
            state: InteractionState::Queued(QueueId::new(queue)),
            since: NOW,
            arrived_at: NOW,
            from: Party::number("200"),
            to: "4001".into(),
            position: Some(1),
            queued_at: Some(NOW),
            why: None,
            recording: None,
            queue: Some(QueueId::new(queue)),
            agents: Vec::new(),
            monitors: Vec::new(),
            with: None,
            talks: Vec::new(),
        }))
    }

    fn offered(number: u64, queue: &str, agent: &str) -> BoardEvent {
        let BoardEvent::Interaction(mut view) = interaction(number, queue) else { unreachable!() };
        view.state = InteractionState::Offered(QueueId::new(queue), AgentId::new(agent));
        view.agents = vec![AgentId::new(agent)];
        BoardEvent::Interaction(view)
    }

    fn listened_to(number: u64, queue: &str, agent: &str, shown: bool) -> BoardEvent {
        let BoardEvent::Interaction(mut view) = offered(number, queue, agent) else { unreachable!() };
        view.monitors = vec![model::MonitorView {
            by: AgentId::new("sara"),
            mode: model::Supervision::Monitor,
            rings: false,
            since: NOW,
            shown,
        }];
        BoardEvent::Interaction(view)
    }

    fn passed_on(number: u64, queue: &str, agent: &str) -> BoardEvent {
        let BoardEvent::Interaction(mut view) = offered(number, queue, agent) else { unreachable!() };
        view.state = InteractionState::Transferred("1002".into());
        BoardEvent::Interaction(view)
    }

    fn gone(number: u64) -> BoardEvent {
        BoardEvent::InteractionGone { id: InteractionId::from_u64(number), outcome: Outcome::Abandoned }
    }
}
