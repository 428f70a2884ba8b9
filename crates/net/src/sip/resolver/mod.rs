//! From the name of a SIP server to the addresses to be tried: RFC 3263.
//!
//! [`Search`] decides what to ask and in which order the answers are to be tried; [`Resolver`] asks, in tasks of its
//! own, and hands the answers back as something that came: whoever drives calls never waits for a name service. Answers
//! are kept by the name client for as long as they say themselves.
//!
//! ```text
//!  control thread ──ask──▶ Resolver ──spawns──▶ search ◀─▶ name service
//!        ▲                                        │
//!        └──────────────── answered ◀─────────────┘
//! ```

mod record;
mod search;

pub use record::{Naptr, Question, Records, Srv};
pub use search::{Found, Search, WAYS_MAX, Wanted};

use base::IdSource;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};
use sip::Transport;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Searches under way at once. One more is not begun.
pub const SEARCHES_MAX: usize = 64;

/// How long a search may take. What was not answered by then is not there.
const SEARCH_PATIENCE: Duration = Duration::from_secs(5);

/// How long one name server is waited for before the question is repeated, or another one asked.
const SERVER_PATIENCE: Duration = Duration::from_millis(1500);

/// Answers of the name service that are kept.
const KEPT_MAX: u64 = 1024;

/// An answer is believed for as long as it says, within these bounds: names that change every moment would make us ask
/// every moment, and nobody wants to wait a week for a change.
const GOOD_FOR: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(3600));

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameServers {
    /// Those of the machine (`/etc/resolv.conf`).
    System,
    /// These.
    These(Vec<SocketAddr>),
}

/// What we can use of what is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speaks {
    /// Transports, the one we like best first.
    pub transports: Vec<Transport>,
    /// Whether IPv4 addresses can be reached.
    pub ipv4: bool,
    /// Whether IPv6 addresses can be reached.
    pub ipv6: bool,
}

/// Why there is no resolver.
#[derive(Debug, thiserror::Error)]
#[error("the name service cannot be set up: {0}")]
pub struct ResolverError(#[from] NetError);

/// Why nothing was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// The name service knows no way there that we could take.
    #[error("the name service knows no server of that name that we could reach")]
    Nowhere,
    /// The name service did not answer, or not in time.
    #[error("the name service did not answer: {0}")]
    NoAnswer(String),
}

/// The end of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What was looked for.
    pub wanted: Wanted,
    /// The ways to try, the first one first: the next when one fails.
    pub found: Result<Vec<Found>, Unresolved>,
    /// How long this may be believed; ask again then.
    pub good_for: Duration,
}

/// Finds servers. See the module's page.
pub struct Resolver {
    names: TokioResolver,
    speaks: Arc<Speaks>,
    ids: IdSource,
    thread: Handle,
    places: Arc<Semaphore>,
    answers: mpsc::Receiver<Answer>,
    answered: mpsc::Sender<Answer>,
}

impl Resolver {
    /// Gets ready to ask. The asking is done on `thread`; `ids` bring the chance that spreads load over servers.
    pub fn start(
        thread: &Handle,
        servers: &NameServers,
        speaks: Speaks,
        ids: IdSource,
    ) -> Result<Self, ResolverError> {
        let _inside = thread.enter();
        let mut builder = match servers {
            NameServers::System => TokioResolver::builder_tokio()?,
            NameServers::These(servers) => {
                TokioResolver::builder_with_config(config(servers), TokioRuntimeProvider::default())
            }
        };
        let options = builder.options_mut();
        options.timeout = SERVER_PATIENCE;
        options.attempts = 2;
        options.cache_size = KEPT_MAX;
        let names = builder.build()?;
        let (answered, answers) = mpsc::channel(SEARCHES_MAX);
        Ok(Self {
            names,
            speaks: Arc::new(speaks),
            ids,
            thread: thread.clone(),
            places: Arc::new(Semaphore::new(SEARCHES_MAX)),
            answers,
            answered,
        })
    }

    /// Begins a search, whose end [`Resolver::answered`] tells. False if too many are under way.
    pub fn ask(&mut self, wanted: Wanted) -> bool {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return false };
        let (names, speaks, chance) = (self.names.clone(), Arc::clone(&self.speaks), self.ids.fork());
        let answered = self.answered.clone();
        self.thread.spawn(async move {
            let answer = search(&names, &speaks, wanted, chance).await;
            // When nobody waits any more, the program is ending.
            let _ = answered.send(answer).await;
            drop(place);
        });
        true
    }

    /// Waits for the end of a search. May be dropped at its await without losing anything.
    pub async fn answered(&mut self) -> Answer {
        match self.answers.recv().await {
            Some(answer) => answer,
            // This holds a sender itself.
            None => std::future::pending().await,
        }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("speaks", &self.speaks).finish_non_exhaustive()
    }
}

fn config(servers: &[SocketAddr]) -> ResolverConfig {
    let server = |address: &SocketAddr| {
        let mut server = NameServerConfig::udp_and_tcp(address.ip());
        server.connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()]
            .map(|mut connection| {
                connection.port = address.port();
                connection
            })
            .into();
        server
    };
    ResolverConfig::from_name_servers(servers.iter().map(server).collect())
}

async fn search(names: &TokioResolver, speaks: &Speaks, wanted: Wanted, mut chance: IdSource) -> Answer {
    let mut search = Search::new(&wanted, &speaks.transports);
    let mut good_until = Instant::now() + GOOD_FOR.1;
    let mut trouble = None;
    let asking = async {
        loop {
            let mut asked = JoinSet::new();
            for question in search.questions() {
                let (names, speaks) = (names.clone(), speaks.clone());
                asked.spawn(async move {
                    let said = ask(&names, &speaks, &question).await;
                    (question, said)
                });
            }
            if asked.is_empty() {
                return;
            }
            while let Some(said) = asked.join_next().await {
                // A task that did not end well leaves its question open, and the time-out ends the search.
                let Ok((question, said)) = said else { continue };
                good_until = good_until.min(said.good_until);
                trouble = trouble.take().or(said.trouble);
                search.answer(&question, said.records, &mut chance);
            }
        }
    };
    if timeout(SEARCH_PATIENCE, asking).await.is_err() {
        trouble = Some(format!("nothing within {} s", SEARCH_PATIENCE.as_secs()));
    }
    let found = match (search.found().filter(|found| !found.is_empty()), trouble) {
        (Some(found), _) => Ok(found),
        (None, Some(trouble)) => Err(Unresolved::NoAnswer(trouble)),
        (None, None) => Err(Unresolved::Nowhere),
    };
    let good_for = match found {
        Ok(_) => good_until.saturating_duration_since(Instant::now()).max(GOOD_FOR.0),
        Err(_) => GOOD_FOR.0,
    };
    Answer { wanted, found, good_for }
}

/// What the name service said to one question.
struct Said {
    records: Records,
    good_until: Instant,
    trouble: Option<String>,
}

async fn ask(names: &TokioResolver, speaks: &Speaks, question: &Question) -> Said {
    match question {
        Question::Naptr(name) => {
            let (lookup, trouble) = look(names, name, RecordType::NAPTR).await;
            said(Records::Naptr(records(&lookup).filter_map(naptr).collect()), &[lookup], trouble)
        }
        Question::Srv(name) => {
            let (lookup, trouble) = look(names, name, RecordType::SRV).await;
            said(Records::Srv(records(&lookup).filter_map(srv).collect()), &[lookup], trouble)
        }
        Question::Addresses(name) => {
            let family = async |spoken, kind| match spoken {
                true => look(names, name, kind).await,
                false => (None, None),
            };
            let ((v4, v4_trouble), (v6, v6_trouble)) =
                tokio::join!(family(speaks.ipv4, RecordType::A), family(speaks.ipv6, RecordType::AAAA),);
            let addresses = records(&v4).chain(records(&v6)).filter_map(address).collect();
            said(Records::Addresses(addresses), &[v4, v6], v4_trouble.or(v6_trouble))
        }
    }
}

fn said(records: Records, lookups: &[Option<Lookup>], trouble: Option<String>) -> Said {
    let until = lookups.iter().flatten().map(Lookup::valid_until).min();
    Said { records, good_until: until.unwrap_or_else(|| Instant::now() + GOOD_FOR.1), trouble }
}

/// That there is no such name or record is no trouble.
async fn look(names: &TokioResolver, name: &str, kind: RecordType) -> (Option<Lookup>, Option<String>) {
    // With a dot at its end a name means itself, and not one in the machine's own domain.
    let whole = if name.contains('.') { format!("{name}.") } else { name.to_owned() };
    match names.lookup(whole, kind).await {
        Ok(lookup) => (Some(lookup), None),
        Err(error) if error.is_no_records_found() => (None, None),
        Err(error) => (None, Some(error.to_string())),
    }
}

fn records(lookup: &Option<Lookup>) -> impl Iterator<Item = &RData> {
    lookup.iter().flat_map(|lookup| lookup.answers()).map(|record| &record.data)
}

fn naptr(data: &RData) -> Option<Naptr> {
    let RData::NAPTR(naptr) = data else { return None };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(Naptr {
        order: naptr.order,
        preference: naptr.preference,
        flags: text(&naptr.flags),
        services: text(&naptr.services),
        replacement: naptr.replacement.to_ascii(),
    })
}

fn srv(data: &RData) -> Option<Srv> {
    let RData::SRV(srv) = data else { return None };
    Some(Srv { priority: srv.priority, weight: srv.weight, port: srv.port, target: srv.target.to_ascii() })
}

fn address(data: &RData) -> Option<IpAddr> {
    match data {
        RData::A(address) => Some(address.0.into()),
        RData::AAAA(address) => Some(address.0.into()),
        _ => None,
    }
}
