//! A center in memory behind the real routes, and a small client.

#![allow(dead_code, reason = "each test file uses its part of this")]

mod patch;

use access::{AuditEntry, Role, User};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::Response;
use base::{Duration, SecretSource, Timestamp};
use http_body_util::BodyExt;
use model::board::{AgentCounts, QueueFigures};
use model::conference::{ConferenceOrder, ConferenceRefused, ConferenceView, MemberView};
use model::query::{InteractionFilter, Page, SipMessage, Story};
use model::record::RecordingKind;
use model::timeline::LegRole;
use model::{
    AgentId, AgentState, AgentView, AgentWish, AlertId, BoardEvent, Channel, EndCause, InteractionId,
    InteractionRecord, InteractionState, InteractionView, KeptOut, KeptOutWhat, LegId, MonitorRefused,
    NotReadyReason, Outcome, Party, Quality, Queue, QueueId, QueueView, RecordingId, RecordingRecord,
    RecordingState, Supervision, TimelineEntry, TimelineEvent, WishRefused,
};
use patch::{Patch, PatchDoor};
use std::collections::BTreeMap;
use std::fs::File;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tower::ServiceExt;
use web::{
    Answer, Board, CenterDoor, Clock, ConferenceError, Credentials, Doors, Feed, LegSound, Library,
    LibraryError, Metrics, MonitorError, OpenSound, Opening, Peer, PhoneDoor, PhoneLine, PhonePass,
    Readiness, RecordingError, Session, SoundError, SoundForm, Sounds, Unavailable, Web, WebOptions,
    WishError,
};

/// When everything here happens.
pub(crate) const NOON: i64 = 1_794_484_800_000;
/// What everybody's password is.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// The token that opens the figures.
pub(crate) const METRICS_TOKEN: &str = "metrics-token";

/// A center in memory behind the real routes.
pub(crate) struct Desk {
    pub(crate) web: Web,
    pub(crate) router: axum::Router,
    pub(crate) library: Arc<Memory>,
    pub(crate) board: Board,
    pub(crate) feed: Feed,
    pub(crate) metrics: Metrics,
    pub(crate) center: Arc<Center>,
    pub(crate) time: Arc<AtomicI64>,
    pub(crate) phones: Arc<Switchboard>,
    pub(crate) lines: Arc<Patch>,
}

impl Desk {
    /// Anna has talked with a customer of `support`, dora with one of `sales`; sara looks after `support`.
    pub(crate) fn new() -> Self {
        Self::behind_a_proxy(true)
    }

    /// The same; whether passwords are taken over plain HTTP from other machines is said.
    pub(crate) fn behind_a_proxy(plain_login: bool) -> Self {
        Self::with(WebOptions { plain_login, ..WebOptions::default() })
    }

    /// The same with options of its own.
    pub(crate) fn with(options: WebOptions) -> Self {
        let time = Arc::new(AtomicI64::new(NOON));
        let library = Arc::new(Memory::default());
        for (login, role, queues) in [
            ("anna", Role::Agent, None),
            ("sara", Role::Supervisor, Some(vec![QueueId::new("support")])),
            ("paul", Role::Planner, None),
            ("mona", Role::Marketing, None),
            ("root", Role::Admin, None),
        ] {
            library.add(login, role, queues);
        }
        library.fill();
        let board = Board::new();
        board.apply([
            agent("anna", AgentState::NotReady(NotReadyReason::LoggedIn)),
            agent("dora", AgentState::Ready),
            queue("support"),
            queue("sales"),
            live(1, "support"),
            live(2, "sales"),
        ]);
        let center = Arc::new(Center {
            readiness: Mutex::new(Readiness::Ready),
            alerts: Mutex::new([AlertId::from_u64(1)].into()),
            logins_over: Mutex::default(),
            kept_of_recordings: Mutex::default(),
            monitors: Mutex::default(),
            is_stuck: AtomicBool::default(),
            kept_out: Mutex::new(vec![KeptOut {
                address: IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9)),
                what: KeptOutWhat::User("1001".into()),
                why: "tried 10 wrong passwords".into(),
                since: Timestamp::from_millis(NOON),
                until: Timestamp::from_millis(NOON + 900_000),
            }]),
        });
        let phones = Arc::new(Switchboard::default());
        let lines = Arc::new(Patch::default());
        let doors = Doors {
            library: library.clone(),
            sounds: Arc::new(Tape::new()),
            center: center.clone(),
            phones: phones.clone(),
            lines: Arc::new(PatchDoor(lines.clone())),
            board: board.clone(),
            feed: Feed::new(),
            metrics: Metrics::default(),
        };
        let options = WebOptions { metrics_token: Some(METRICS_TOKEN.into()), ..options };
        let clock = {
            let time = Arc::clone(&time);
            Clock::new(move || Timestamp::from_millis(time.load(Ordering::SeqCst)))
        };
        let (feed, metrics) = (doors.feed.clone(), doors.metrics.clone());
        let web = Web::new(doors, options, SecretSource::fixed(7), clock);
        let router = web::router(web.clone());
        Self { web, router, library, board, feed, metrics, center, time, phones, lines }
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: Duration) {
        self.time.fetch_add(time.as_millis() as i64, Ordering::SeqCst);
    }

    /// Asks and reads the whole answer.
    pub(crate) async fn ask(&self, request: Request<Body>) -> Reply {
        let response = self.send(request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the body is whole").to_bytes().to_vec();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// Asks and does not read the answer, which may have no end.
    pub(crate) async fn send(&self, mut request: Request<Body>) -> Response {
        if request.extensions().get::<Peer>().is_none() {
            request.extensions_mut().insert(from(1));
        }
        self.router.clone().oneshot(request).await.expect("a router always answers")
    }

    /// Asks as somebody.
    pub(crate) async fn get(&self, login: &str, path: &str) -> Reply {
        self.ask(as_user(login, "GET", path).body(Body::empty()).unwrap()).await
    }

    /// Posts JSON without being anybody.
    pub(crate) async fn post(&self, path: &str, body: serde_json::Value) -> Reply {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        self.ask(request.body(body.to_string().into()).unwrap()).await
    }
}

/// An answer that was read.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: impl axum::http::header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The word of a refusal, after checking that it has the one shape of all refusals.
    pub(crate) fn code(&self) -> String {
        let json = self.json();
        let error = json["error"].as_object().unwrap_or_else(|| panic!("{json}"));
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{json}");
        let known = ["code", "message", "field", "retry_after_ms"];
        assert!(error.keys().all(|key| known.contains(&key.as_str())), "{json}");
        error["code"].as_str().unwrap().to_owned()
    }
}

/// A request with somebody's token.
pub(crate) fn as_user(login: &str, method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer token-{login}"))
}

/// One of many addresses.
pub(crate) fn from(host: u8) -> Peer {
    Peer {
        address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)),
        port: 40_000,
        local: SocketAddr::from(([192, 0, 2, 254], 80)),
        encrypted: false,
    }
}

/// Where phones are connected: what they say comes out at one end, what they are to hear goes in at the other.
#[derive(Default)]
pub(crate) struct Switchboard {
    /// The ends of a phone that is about to connect; without them it finds no room.
    pub(crate) next: Mutex<Option<Wire>>,
    /// From where phones came.
    pub(crate) peers: Mutex<Vec<Peer>>,
}

/// The switchboard's end of a phone's line.
pub(crate) struct Wire {
    said: mpsc::Sender<Bytes>,
    to_hear: mpsc::Receiver<Bytes>,
}

impl Switchboard {
    /// Makes room for one phone. What it says comes out of the one, what it is to hear goes into the other.
    pub(crate) fn expect(&self) -> (mpsc::Receiver<Bytes>, mpsc::Sender<Bytes>) {
        let (said, hears) = mpsc::channel(4);
        let (speaks, to_hear) = mpsc::channel(4);
        *self.next.lock().unwrap() = Some(Wire { said, to_hear });
        (hears, speaks)
    }
}

impl PhoneDoor for Switchboard {
    fn open(&self, peer: Peer) -> Opening<'_> {
        self.peers.lock().unwrap().push(peer);
        let line = self.next.lock().unwrap().take().map(|wire| Box::new(wire) as Box<dyn PhoneLine>);
        Box::pin(std::future::ready(line))
    }
}

impl PhoneLine for Wire {
    fn deliver(&mut self, message: Bytes) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        Box::pin(async move { self.said.send(message).await.is_ok() })
    }

    fn next(&mut self) -> Pin<Box<dyn Future<Output = Option<Bytes>> + Send + '_>> {
        Box::pin(self.to_hear.recv())
    }
}

/// A library in memory.
#[derive(Default)]
pub(crate) struct Memory {
    users: Mutex<BTreeMap<String, Credentials>>,
    pub(crate) sessions: Mutex<BTreeMap<String, Session>>,
    interactions: Mutex<Vec<InteractionRecord>>,
    recordings: Mutex<Vec<RecordingRecord>>,
    pub(crate) lines: Mutex<Vec<TimelineEntry>>,
    ladder: Mutex<Vec<SipMessage>>,
    pub(crate) audit: Mutex<Vec<AuditEntry>>,
    pub(crate) away: AtomicBool,
}

impl Memory {
    pub(crate) fn add(&self, login: &str, role: Role, queues: Option<Vec<QueueId>>) {
        let user = User {
            login: login.into(),
            name: login.to_uppercase(),
            role,
            queues,
            created_at: Timestamp::from_millis(NOON),
            disabled: false,
        };
        let credentials = Credentials { user, password_hash: hash() };
        self.users.lock().unwrap().insert(login.into(), credentials);
        let token_hash = web::session::hash(&format!("token-{login}"));
        let session = Session {
            token_hash: token_hash.clone(),
            login: login.into(),
            created_at: Timestamp::from_millis(NOON),
            expires_at: Timestamp::from_millis(NOON + 3_600_000),
        };
        self.sessions.lock().unwrap().insert(token_hash, session);
    }

    pub(crate) fn disable(&self, login: &str) {
        self.users.lock().unwrap().get_mut(login).unwrap().user.disabled = true;
    }

    pub(crate) fn write(&self, line: TimelineEntry) {
        self.lines.lock().unwrap().push(line);
    }

    fn fill(&self) {
        *self.interactions.lock().unwrap() =
            vec![record(1, "support", "anna"), record(2, "sales", "dora"), record(3, "support", "bert")];
        *self.recordings.lock().unwrap() = vec![
            recording(10, 1, RecordingKind::Message, Some(Duration::from_secs(1))),
            recording(11, 1, RecordingKind::Call, Some(Duration::from_secs(2))),
            recording(30, 3, RecordingKind::Call, None),
        ];
        *self.lines.lock().unwrap() =
            (1..=3).map(|seq| TimelineEntry { seq, ..line(seq, Some(1)) }).collect();
        *self.ladder.lock().unwrap() = vec![SipMessage {
            leg: LegId::from_u64(1),
            at: Timestamp::from_millis(NOON + 1),
            sent: false,
            transport: "udp".into(),
            remote: "192.0.2.9:5060".into(),
            text: "INVITE sip:4001@hotline.test SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n".into(),
        }];
    }

    fn answer<'a, T: Send + 'a>(&'a self, value: impl FnOnce() -> T) -> Answer<'a, T> {
        let answer =
            if self.away.load(Ordering::SeqCst) { Err(LibraryError("away".into())) } else { Ok(value()) };
        Box::pin(std::future::ready(answer))
    }
}

impl Library for Memory {
    fn interactions<'a>(&'a self, filter: &'a InteractionFilter) -> Answer<'a, Page<InteractionRecord>> {
        self.answer(|| {
            let fits = |row: &&InteractionRecord| {
                filter.agent.as_ref().is_none_or(|agent| row.agent.as_ref() == Some(agent))
                    && filter.queue.as_ref().is_none_or(|queue| row.queue.as_ref() == Some(queue))
                    && filter.outcome.is_none_or(|outcome| row.outcome == Some(outcome))
                    && filter.from.is_none_or(|from| row.arrived_at >= from)
                    && filter.cursor.is_none_or(|cursor| row.id > cursor.id)
                    && filter
                        .queues_allowed
                        .as_ref()
                        .is_none_or(|queues| row.queue.as_ref().is_none_or(|queue| queues.contains(queue)))
            };
            let mut rows: Vec<_> = self.interactions.lock().unwrap().iter().filter(fits).cloned().collect();
            let more = rows.len() > filter.limit as usize;
            rows.truncate(filter.limit as usize);
            let next = rows
                .last()
                .filter(|_| more)
                .map(|row| model::query::Cursor { arrived_at: row.arrived_at, id: row.id });
            Page { rows, next }
        })
    }

    fn interaction(&self, id: InteractionId) -> Answer<'_, Option<InteractionRecord>> {
        self.answer(|| self.interactions.lock().unwrap().iter().find(|row| row.id == id).cloned())
    }

    fn story(&self, id: InteractionId) -> Answer<'_, Option<Story>> {
        self.answer(|| {
            let interaction = self.interactions.lock().unwrap().iter().find(|row| row.id == id).cloned()?;
            let lines = self.lines.lock().unwrap();
            Some(Story {
                ladder: self.ladder.lock().unwrap().clone(),
                lines: lines.iter().filter(|line| line.interaction == Some(id)).cloned().collect(),
                interaction,
            })
        })
    }

    fn recordings<'a>(&'a self, interactions: &'a [InteractionId]) -> Answer<'a, Vec<RecordingRecord>> {
        self.answer(|| {
            let recordings = self.recordings.lock().unwrap();
            recordings.iter().filter(|one| interactions.contains(&one.interaction)).cloned().collect()
        })
    }

    fn recording(&self, id: RecordingId) -> Answer<'_, Option<RecordingRecord>> {
        self.answer(|| self.recordings.lock().unwrap().iter().find(|one| one.id == id).cloned())
    }

    fn timeline_after(&self, seq: u64, limit: u32) -> Answer<'_, Vec<TimelineEntry>> {
        self.answer(|| {
            let lines = self.lines.lock().unwrap();
            lines.iter().filter(|line| line.seq > seq).take(limit as usize).cloned().collect()
        })
    }

    fn last_seq(&self) -> Answer<'_, u64> {
        self.answer(|| self.lines.lock().unwrap().last().map_or(0, |line| line.seq))
    }

    fn user<'a>(&'a self, login: &'a str) -> Answer<'a, Option<Credentials>> {
        self.answer(|| self.users.lock().unwrap().get(&login.to_lowercase()).cloned())
    }

    fn open_session<'a>(&'a self, session: &'a Session) -> Answer<'a, ()> {
        self.answer(|| {
            self.sessions.lock().unwrap().insert(session.token_hash.clone(), session.clone());
        })
    }

    fn session<'a>(&'a self, token_hash: &'a str, now: Timestamp) -> Answer<'a, Option<(User, Session)>> {
        self.answer(|| {
            let session = self.sessions.lock().unwrap().get(token_hash).cloned()?;
            let user = self.users.lock().unwrap().get(&session.login)?.user.clone();
            (session.expires_at > now && !user.disabled).then_some((user, session))
        })
    }

    fn close_session<'a>(&'a self, token_hash: &'a str) -> Answer<'a, ()> {
        self.answer(|| {
            self.sessions.lock().unwrap().remove(token_hash);
        })
    }

    fn audit<'a>(&'a self, entry: &'a AuditEntry) -> Answer<'a, ()> {
        self.answer(|| self.audit.lock().unwrap().push(entry.clone()))
    }
}

/// A center that grants every wish of an agent it knows.
pub(crate) struct Center {
    pub(crate) readiness: Mutex<Readiness>,
    pub(crate) alerts: Mutex<std::collections::BTreeSet<AlertId>>,
    /// Log-ins of which it was told that they have ended.
    pub(crate) logins_over: Mutex<Vec<u64>>,
    pub(crate) kept_out: Mutex<Vec<KeptOut>>,
    /// What the recordings were told to keep, and by whom. Of the second interaction there is none.
    pub(crate) kept_of_recordings: Mutex<Vec<(InteractionId, RecordingState, String)>>,
    /// What supervisors asked for.
    pub(crate) monitors: Mutex<Vec<String>>,
    /// Whether orders do not reach the sound.
    pub(crate) is_stuck: AtomicBool,
}

impl CenterDoor for Center {
    fn wish(
        &self,
        agent: AgentId,
        wish: AgentWish,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<AgentView, WishError>> + Send + '_>> {
        let granted = match agent.as_str() {
            "anna" => Ok(view(
                "anna",
                match wish {
                    AgentWish::Ready => AgentState::Ready,
                    AgentWish::NotReady(reason) => AgentState::NotReady(NotReadyReason::Chosen(reason)),
                    AgentWish::LogOut => AgentState::LoggedOut,
                },
            )),
            _ => Err(WishError::Refused(WishRefused::NoSuchAgent(agent))),
        };
        Box::pin(std::future::ready(granted))
    }

    fn close_alert(
        &self,
        alert: AlertId,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<bool, Unavailable>> + Send + '_>> {
        let was_there = self.alerts.lock().unwrap().remove(&alert);
        Box::pin(std::future::ready(Ok(was_there)))
    }

    fn sound(
        &self,
        _: InteractionId,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Vec<LegSound>, Unavailable>> + Send + '_>> {
        let quality = Quality { received: 500, lost: 5, mos_x100: 431, ..Quality::default() };
        let leg = LegSound { leg: LegId::from_u64(7), role: LegRole::Customer, quality };
        Box::pin(std::future::ready(Ok(vec![leg])))
    }

    fn keep_of_recording(
        &self,
        interaction: InteractionId,
        state: RecordingState,
        by: String,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<(), RecordingError>> + Send + '_>> {
        let done = match (interaction == id(1), self.is_stuck.load(Ordering::SeqCst)) {
            (false, _) => Err(RecordingError::NotRecording),
            (true, true) => Err(RecordingError::Unchanged),
            (true, false) => {
                self.kept_of_recordings.lock().unwrap().push((interaction, state, by));
                Ok(())
            }
        };
        Box::pin(std::future::ready(done))
    }

    fn conferences(
        &self,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Vec<ConferenceView>, Unavailable>> + Send + '_>> {
        let member = MemberView {
            interaction: id(1),
            from: Party::number("200"),
            moderator: false,
            muted: false,
            muted_by_order: false,
            speaks: true,
            since: Timestamp::from_millis(NOON),
        };
        let lobby = ConferenceView {
            room: "lobby".into(),
            locked: false,
            waits: false,
            members_max: 32,
            members: vec![member],
        };
        Box::pin(std::future::ready(Ok(vec![lobby])))
    }

    fn order_conference(
        &self,
        room: String,
        order: ConferenceOrder,
        by: String,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<(), ConferenceError>> + Send + '_>> {
        let there = match &order {
            ConferenceOrder::Mute { member, .. } | ConferenceOrder::Remove { member } => *member == id(1),
            ConferenceOrder::Lock(_) => true,
        };
        let answer = match (room == "lobby", there) {
            (false, _) => Err(ConferenceError::Refused(ConferenceRefused::NoSuchRoom)),
            (true, false) => Err(ConferenceError::Refused(ConferenceRefused::NoSuchMember)),
            (true, true) => {
                self.monitors.lock().unwrap().push(format!("{by} {order:?}"));
                Ok(())
            }
        };
        Box::pin(std::future::ready(answer))
    }

    fn monitor(
        &self,
        interaction: InteractionId,
        by: AgentId,
        mode: Supervision,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<(), MonitorError>> + Send + '_>> {
        let answer = match by.as_str() {
            "sara" => {
                self.monitors.lock().unwrap().push(format!("{by} {} {interaction}", mode.as_str()));
                Ok(())
            }
            _ => Err(MonitorError::Refused(MonitorRefused::NoPhone(by))),
        };
        Box::pin(std::future::ready(answer))
    }

    fn end_monitor(
        &self,
        interaction: InteractionId,
        by: AgentId,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<(), MonitorError>> + Send + '_>> {
        let mut monitors = self.monitors.lock().unwrap();
        let there = monitors.iter().any(|one| one.starts_with(by.as_str()));
        monitors.push(format!("{by} ends {interaction}"));
        let answer = if there { Ok(()) } else { Err(MonitorError::Refused(MonitorRefused::NotThere)) };
        Box::pin(std::future::ready(answer))
    }

    fn kept_out(
        &self,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Vec<KeptOut>, Unavailable>> + Send + '_>> {
        Box::pin(std::future::ready(Ok(self.kept_out.lock().unwrap().clone())))
    }

    fn let_in(
        &self,
        address: IpAddr,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<bool, Unavailable>> + Send + '_>> {
        let mut kept_out = self.kept_out.lock().unwrap();
        let before = kept_out.len();
        kept_out.retain(|one| one.address != address);
        Box::pin(std::future::ready(Ok(kept_out.len() < before)))
    }

    fn phone_pass(
        &self,
        agent: AgentId,
        login: u64,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<PhonePass, WishError>> + Send + '_>> {
        let pass = match agent.as_str() {
            "anna" => Ok(PhonePass {
                user: "1001".into(),
                token: format!("token of {login}"),
                good_for: Duration::from_secs(60),
            }),
            "sara" => Err(WishError::Refused(WishRefused::NoPhone(agent))),
            _ => Err(WishError::Refused(WishRefused::NoSuchAgent(agent))),
        };
        Box::pin(std::future::ready(pass))
    }

    fn login_over(&self, login: u64) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.logins_over.lock().unwrap().push(login);
        Box::pin(std::future::ready(()))
    }

    fn readiness(&self) -> Readiness {
        self.readiness.lock().unwrap().clone()
    }
}

/// A thousand bytes that count upwards stand for every recording.
struct Tape {
    folder: tempfile::TempDir,
}

impl Tape {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("sound.wav"), sound()).unwrap();
        Self { folder }
    }
}

/// The bytes of every recording here.
pub(crate) fn sound() -> Vec<u8> {
    (0..100_000u32).map(|at| at as u8).collect()
}

impl Sounds for Tape {
    /// Kept as Opus, so to say: the same bytes under another name.
    fn open(&self, recording: &RecordingRecord) -> Result<OpenSound, SoundError> {
        let wav = self.open_wav(recording)?;
        Ok(OpenSound {
            form: if recording.id == RecordingId::from_u64(11) { SoundForm::Opus } else { wav.form },
            ..wav
        })
    }

    /// One of two was made before there were outlines.
    fn peaks(&self, recording: &RecordingRecord, points: usize) -> Result<Option<Vec<Vec<u8>>>, SoundError> {
        if recording.id == RecordingId::from_u64(11) {
            Ok(None)
        } else {
            self.outline(recording, points).map(Some)
        }
    }

    fn outline(&self, recording: &RecordingRecord, points: usize) -> Result<Vec<Vec<u8>>, SoundError> {
        self.open(recording)?;
        Ok(vec![vec![7; points], vec![9; points]])
    }

    fn manifest(&self, recording: &RecordingRecord) -> Result<Vec<u8>, SoundError> {
        self.open(recording)?;
        Ok(format!("{{\"recording\":\"{}\"}}", recording.id).into_bytes())
    }

    fn open_wav(&self, recording: &RecordingRecord) -> Result<OpenSound, SoundError> {
        if recording.id == RecordingId::from_u64(10) {
            return Err(SoundError::Missing);
        }
        let file = File::open(self.folder.path().join("sound.wav"))
            .map_err(|error| SoundError::Unreadable(error.to_string()))?;
        let decoded = recording.id == RecordingId::from_u64(11);
        Ok(OpenSound { bytes: Box::new(file), length: 100_000, form: SoundForm::Wav, decoded })
    }
}

pub(crate) fn id(number: u64) -> InteractionId {
    InteractionId::from_u64(number)
}

/// Sara's phone rings on this leg, because she wants to listen.
pub(crate) fn rung_to_listen(leg: u64, shown: bool) -> TimelineEvent {
    let (by, mode) = (AgentId::new("sara"), Supervision::Monitor);
    TimelineEvent::MonitorRung { by, mode, leg: LegId::from_u64(leg), shown }
}

pub(crate) fn ended(leg: u64, role: LegRole) -> TimelineEvent {
    TimelineEvent::LegEnded { leg: LegId::from_u64(leg), role, cause: EndCause::HungUp, quality: None }
}

pub(crate) fn line(seq: u64, interaction: Option<u64>) -> TimelineEntry {
    TimelineEntry {
        seq,
        at: Timestamp::from_millis(NOON + seq as i64),
        interaction: interaction.map(InteractionId::from_u64),
        event: match seq {
            1 => TimelineEvent::Arrived {
                leg: LegId::from_u64(1),
                from: Party::number("200"),
                to: "4001".into(),
                origin: "trunk:carrier".into(),
            },
            _ => TimelineEvent::Digit { digit: '2' },
        },
    }
}

pub(crate) fn agent(name: &str, state: AgentState) -> BoardEvent {
    BoardEvent::Agent(Box::new(view(name, state)))
}

pub(crate) fn view(name: &str, state: AgentState) -> AgentView {
    AgentView {
        id: AgentId::new(name),
        name: name.to_uppercase(),
        state,
        since: Timestamp::from_millis(NOON),
        until: None,
        next: None,
        queues: vec![QueueId::new("support")],
        skills: BTreeMap::new(),
        handled: 0,
    }
}

pub(crate) fn queue(name: &str) -> BoardEvent {
    BoardEvent::Queue(Box::new(QueueView {
        queue: Queue::new(QueueId::new(name)),
        waiting: 1,
        longest_since: None,
        agents: AgentCounts::default(),
        today: QueueFigures::default(),
    }))
}

pub(crate) fn live(number: u64, queue: &str) -> BoardEvent {
    BoardEvent::Interaction(Box::new(InteractionView {
        id: id(number),
        state: InteractionState::Queued(QueueId::new(queue)),
        since: Timestamp::from_millis(NOON),
        arrived_at: Timestamp::from_millis(NOON),
        from: Party { number: "200".into(), display: Some("<script>alert(1)</script>".into()), user: None },
        to: "4001".into(),
        position: Some(1),
        queued_at: Some(Timestamp::from_millis(NOON)),
        why: None,
        recording: None,
        queue: Some(QueueId::new(queue)),
        agents: Vec::new(),
        monitors: Vec::new(),
        with: None,
        talks: Vec::new(),
    }))
}

pub(crate) fn offered(number: u64, queue: &str, agent: &str) -> BoardEvent {
    let BoardEvent::Interaction(mut view) = live(number, queue) else { unreachable!() };
    view.state = InteractionState::Offered(QueueId::new(queue), AgentId::new(agent));
    view.agents = vec![AgentId::new(agent)];
    BoardEvent::Interaction(view)
}

/// A call that waited in `queue` and was passed on to the phone of `agent`.
pub(crate) fn passed_on(number: u64, queue: &str, agent: &str) -> BoardEvent {
    let BoardEvent::Interaction(mut view) = offered(number, queue, agent) else { unreachable!() };
    view.state = InteractionState::Transferred("1002".into());
    BoardEvent::Interaction(view)
}

fn record(number: u64, queue: &str, agent: &str) -> InteractionRecord {
    InteractionRecord {
        id: id(number),
        channel: Channel::Voice,
        state: "closed".into(),
        from: Party::number("200"),
        to: "4001".into(),
        origin: "trunk:carrier".into(),
        arrived_at: Timestamp::from_millis(NOON + number as i64),
        queue: Some(QueueId::new(queue)),
        queued_at: None,
        agent: Some(AgentId::new(agent)),
        connected_at: None,
        ended_at: None,
        closed_at: None,
        outcome: Some(Outcome::Handled),
        waited: Duration::from_millis(5),
        talked: Duration::ZERO,
        held: Duration::ZERO,
        wrapped_up: Duration::ZERO,
        offers: 1,
        legs: vec![LegId::from_u64(1)],
    }
}

fn recording(
    number: u64,
    interaction: u64,
    kind: RecordingKind,
    length: Option<Duration>,
) -> RecordingRecord {
    RecordingRecord {
        id: RecordingId::from_u64(number),
        interaction: id(interaction),
        kind,
        started_at: Timestamp::from_millis(NOON),
        bytes: length.map(|_| 100_000),
        length,
    }
}

/// Hashing takes long by design, so it is done once.
fn hash() -> String {
    static HASH: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| web::password::hash(PASSWORD, &mut SecretSource::fixed(3)).unwrap());
    HASH.clone()
}
