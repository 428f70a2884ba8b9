//! A whole server: put together, running, taken apart.

use crate::audience::Listeners;
use crate::carriers::Carriers;
use crate::clock::Clock;
use crate::control::{Control, Parts, REQUESTS_WAITING_MAX, phones_of};
use crate::door::{Door, Phase};
use crate::journal::{JournalError, JournalWriter};
use crate::library::{ArchiveSounds, StoreLibrary};
use crate::occupancy::{self, Occupancy, Refused};
use crate::registrations::{self, Registrations};
use crate::request::{Reload, Request};
use crate::signalling::{Certificates, Phones, SipOptions, told_first};
use crate::{Counters, figures, past, recordings, seeds};
use archive::{Archive, ArchiveError, Recorder, RecorderOptions, SoundFormat};
use center::Input;
use model::{LegEvent, Record};
use net::rtp::MediaThreads;
use net::sip::resolver::NameServers;
use net::sip::{BindError, LineDoor, Listening, OwnAddress, Patience, SipSockets, Trust, TrustError};
use sip::{SavedBinding, Transport};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use store::{SpoolError, Store, StoreError, Writer, WriterOptions};
use telephony::{Prompts, Telephony};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use web::tls::{Identity, TlsError, TlsFiles};
use web::{Board, Doors, Feed, Listener, Metrics, Readiness, ServeLimits, Web, WebOptions};

/// Media events that may wait for the control thread. When more would, the control thread is stuck, and the media
/// thread waits: better late than a call that never ends.
const MEDIA_EVENTS_MAX: usize = 65_536;

/// How many legs of calls a media thread gets before the next one gets any, unless it is said otherwise.
pub const MEDIA_LEGS_PER_THREAD: usize = net::rtp::PORTS_PER_THREAD_FIRST;

/// How long the end of the program waits for records to be written.
const FLUSH_PATIENCE: Duration = Duration::from_secs(10);

/// How long a shutdown waits for carriers to answer that they know of it.
const CARRIERS_PATIENCE: Duration = Duration::from_secs(2);

/// The file, in the data folder, that holds the token of the operator's sub-commands.
pub const OPERATOR_TOKEN: &str = "operator.token";

/// HTTPS.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Certificate and key.
    pub files: TlsFiles,
}

/// Everything a server needs to know.
#[derive(Debug)]
pub struct Options {
    /// Where SIP listens.
    pub sip: SipOptions,
    /// The address sound is sent to, if it is another one than SIP's.
    pub media_advertise: Option<IpAddr>,
    /// The ports for RTP.
    pub media_ports: RangeInclusive<u16>,
    /// Where all browsers send their sound. 0: any free port.
    pub browser_port: u16,
    /// How packets of sound are marked for routers.
    pub media_dscp: net::Dscp,
    /// Threads that carry sound; 0 is one for each core.
    pub media_threads: usize,
    /// How many legs a thread gets before the next one gets any: [`MEDIA_LEGS_PER_THREAD`].
    pub media_legs_per_thread: usize,
    /// Where HTTP listens.
    pub http: SocketAddr,
    /// HTTPS, if there is any.
    pub https: Option<Tls>,
    /// The database.
    pub database: String,
    /// Recordings, journal and spool.
    pub data: PathBuf,
    /// How finished recordings are kept.
    pub recordings: SoundFormat,
    /// Below how many free bytes on their disk supervisors are warned.
    pub recordings_low_below: u64,
    /// The center.
    pub center: center::Settings,
    /// Phones and trunks; the addresses in it are filled in here.
    pub telephony: telephony::Settings,
    /// The sounds.
    pub prompts: Prompts,
    /// The web.
    pub web: WebOptions,
}

/// Why a server cannot start. Each is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A folder cannot be made or written.
    #[error("the folder {folder} cannot be written: {source}")]
    Folder {
        /// Which.
        folder: String,
        /// What the machine says.
        source: io::Error,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database's spool.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The recordings.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// SIP's sockets.
    #[error(transparent)]
    Sip(#[from] BindError),
    /// Another process works on this data.
    #[error("a center runs in {folder} already{}; stop that one first", .pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Occupied {
        /// The data folder.
        folder: String,
        /// The process.
        pid: Option<u32>,
    },
    /// A web listener's port is taken.
    #[error("cannot listen for HTTP on {0}: another program has this port; stop it, or choose another port")]
    HttpTaken(SocketAddr),
    /// A web listener.
    #[error("cannot listen for HTTP on {address}")]
    Http {
        /// Where.
        address: SocketAddr,
        /// What the machine says.
        source: io::Error,
    },
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The authorities that are believed.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A thread cannot be started.
    #[error("the machine gives no more threads: {0}")]
    Threads(io::Error),
}

/// Where a server can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// SIP over UDP and TCP.
    pub sip: SocketAddr,
    /// SIP over TLS.
    pub sips: Option<SocketAddr>,
    /// HTTP.
    pub http: SocketAddr,
    /// HTTPS.
    pub https: Option<SocketAddr>,
}

/// A running server.
pub struct Node {
    addresses: Addresses,
    requests: mpsc::Sender<Request>,
    phase: Phase,
    counters: Arc<Counters>,
    web: Web,
    end_web: oneshot::Sender<()>,
    web_task: tokio::task::JoinHandle<()>,
    control: JoinHandle<()>,
    writer: Arc<Writer>,
    store: Store,
    media_address: IpAddr,
    certificates: Certificates,
    /// Dropped last: nobody else works on the data before all of it is written.
    occupancy: Occupancy,
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// No call was live.
    Quiet,
    /// So many interactions were live and were cut.
    Cut(usize),
}

impl Node {
    /// Starts a server. It takes calls and requests when this returns. Must be called within a tokio runtime, which
    /// must outlive the node.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let data = &options.data;
        for folder in ["journal", "recordings", "spool"].map(|name| data.join(name)) {
            std::fs::create_dir_all(&folder)
                .map_err(|source| StartError::Folder { folder: folder.display().to_string(), source })?;
        }
        let occupancy = occupancy::occupy(data).map_err(|refused| match refused {
            Refused::Occupied(pid) => StartError::Occupied { folder: data.display().to_string(), pid },
            Refused::Machine(source) => StartError::Folder { folder: data.display().to_string(), source },
        })?;
        let store = Store::open(&options.database).await?;
        store.migrate().await?;

        let archive = Archive::in_folder(data.join("recordings"))?.keeping(options.recordings);
        let mut past = past::read(&data.join("journal"), store.last_seq().await?)?;
        // They are finished behind the start, which waits for no disk; what is listed now is no recording of ours.
        let unfinished = archive::unfinished(&archive)?;
        let clock = Clock::starting_at(past::continues(past.ended));
        let journal = JournalWriter::begin(&data.join("journal"), past.number, &past.center, clock.now())?;

        let feed = Feed::new();
        let told = feed.clone();
        let on_written = Box::new(move |lines: &[model::TimelineEntry]| told.publish(lines));
        let writer =
            Arc::new(Writer::start(store.clone(), WriterOptions::in_folder(data.join("spool")), on_written)?);
        for record in past.records.drain(..) {
            writer.send(record);
        }
        // What follows from the old journal is on the disk before the old journal goes.
        let flushing = Arc::clone(&writer);
        let flushed = tokio::task::spawn_blocking(move || flushing.flush(FLUSH_PATIENCE)).await;
        if matches!(flushed, Ok(store::writer::Flushed::Written | store::writer::Flushed::Spooled)) {
            JournalWriter::forget_former(&data.join("journal"), past.number);
        }

        let started = clock.now().utc;
        tokio::spawn(recordings::reconcile(store.clone(), archive.clone(), Arc::clone(&writer), started));

        let (requests, requests_waiting) = mpsc::channel(REQUESTS_WAITING_MAX);
        let recorder =
            start_recorder(unfinished, &archive, options.recordings_low_below, &requests, &writer)?;
        // A start that fails from here on lets go of these first, or the recorder could wait for somebody to take its news.
        let requests_waiting = requests_waiting;
        let board = Board::new();
        let phase = Phase::default();
        let counters = Arc::new(Counters::default());
        let metrics = Metrics::default();
        figures::register(&metrics, &counters, &writer, &recorder);

        let http = listen(options.http).await?;
        let (listening, mut certificates) = options.sip.secure()?;
        let https = match &options.https {
            Some(tls) => {
                let identity = certificates.https.insert(Identity::load(&tls.files)?);
                Some((listen(tls.listen).await?, identity.server_config(&[web::tls::HTTP])?))
            }
            None => None,
        };
        let local = |listener: &TcpListener, asked: SocketAddr| listener.local_addr().unwrap_or(asked);
        let http_address = local(&http, options.http);
        let https_address = https
            .as_ref()
            .zip(options.https.as_ref())
            .map(|((listener, _), tls)| local(listener, tls.listen));

        let (media_events, media_events_waiting) = mpsc::channel(MEDIA_EVENTS_MAX);
        let media = start_media(&options, clock, media_events, &recorder)?;
        // Nothing set: the address that each party's signalling comes to.
        let media_address = options.media_advertise.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let phones = phones_of(&options.center);
        let registered = registrations::found(data, clock.now());
        let audience = Listeners {
            registrations: Registrations::begin(data, &registered).map_err(StartError::Threads)?,
            writer: Arc::clone(&writer),
            board: board.clone(),
            recorder,
            phones,
            states: BTreeMap::new(),
        };
        let first = vec![Input::Config(Box::new(options.center))];
        let make = Make {
            clock,
            settings: options.telephony,
            prompts: options.prompts,
            center: past.center,
            media,
            journal,
            audience,
            requests: requests_waiting,
            media_events: media_events_waiting,
            counters: Arc::clone(&counters),
            first,
            registered,
            listening,
            trust: certificates.trust.clone(),
            name_servers: options.sip.name_servers(),
            media_address,
        };
        let (control, signalling) = make.start().await?;

        let operator = operator_token(data)?;
        let library = Arc::new(StoreLibrary { store: store.clone(), operator });
        let door = Arc::new(Door { requests: requests.clone(), phase: phase.clone() });
        let doors = Doors {
            library,
            sounds: Arc::new(ArchiveSounds(archive)),
            lines: door.clone(),
            center: door,
            phones: Arc::new(Phones(signalling.lines)),
            board,
            feed,
            metrics,
        };
        let web = Web::new(doors, options.web, seeds::secrets(), web::Clock::system());
        let mut listeners = vec![Listener { socket: http, tls: None }];
        listeners.extend(https.map(|(socket, tls)| Listener { socket, tls: Some(tls) }));
        let (end_web, web_ends) = oneshot::channel();
        let router = web::router(web.clone());
        let web_task = tokio::spawn(web::serve(listeners, router, ServeLimits::default(), async move {
            let _ = web_ends.await;
        }));
        phase.set(&Readiness::Ready);
        let addresses = Addresses {
            sip: signalling.address,
            sips: told_first(&signalling.own, Transport::Tls),
            http: http_address,
            https: https_address,
        };
        Ok(Self {
            addresses,
            requests,
            phase,
            counters,
            web,
            end_web,
            web_task,
            control,
            writer,
            store,
            media_address,
            certificates,
            occupancy,
        })
    }

    /// Where it can be reached.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Makes new settings effective; live calls go on. Addresses and ports stay what they are.
    pub async fn reload(&self, mut reload: Reload) {
        reload.telephony.address = self.addresses.sip;
        reload.telephony.media_address = self.media_address;
        self.web.tell(reload.pages.clone());
        // The control thread is there until the node is stopped.
        let _ = self.requests.send(Request::Reload(Box::new(reload))).await;
    }

    /// Reads certificates, keys and authorities anew, from the files they came from; connections that are open stay.
    /// What cannot be read stays what it was; returns why.
    pub fn reload_certificates(&self) -> Vec<StartError> {
        self.certificates.reload()
    }

    /// Turns new calls away and waits until the live ones are over, but not longer than `patience`.
    pub async fn drain(&self, patience: Duration) {
        self.phase.set(&Readiness::Draining);
        let _ = self.requests.send(Request::Drain).await;
        let begun = tokio::time::Instant::now();
        while begun.elapsed() < patience {
            let (reply, answer) = oneshot::channel();
            let _ = self.requests.send(Request::Load(reply)).await;
            // The control thread is there until the node is stopped.
            let Ok(load) = answer.await else { return };
            let carriers_know = load.carriers == 0 || begun.elapsed() > CARRIERS_PATIENCE;
            if load.interactions == 0 && load.legs == 0 && carriers_know {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Ends everything, in order: the web, the calls, the records, the database.
    pub async fn stop(self) -> Stopped {
        let live = self.counters.load().interactions;
        self.web.close();
        let _ = self.end_web.send(());
        let _ = self.requests.send(Request::Stop).await;
        let control = self.control;
        if let Ok(Err(_)) = tokio::task::spawn_blocking(move || control.join()).await {
            tracing::error!("the control thread ended in a panic");
        }
        let _ = self.web_task.await;
        let writer = Arc::clone(&self.writer);
        let _ = tokio::task::spawn_blocking(move || writer.flush(FLUSH_PATIENCE)).await;
        self.store.close().await;
        drop(self.occupancy);
        if live == 0 { Stopped::Quiet } else { Stopped::Cut(live) }
    }

    /// Whether the control thread has ended by itself, which it never should.
    pub fn has_failed(&self) -> bool {
        self.control.is_finished()
    }
}

/// Makes the token with which the operator's sub-commands ask this process, and leaves it where only the owner of the
/// data can read it. Returns its hash, as the web knows tokens.
fn operator_token(data: &std::path::Path) -> Result<String, StartError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let token = seeds::secrets().token(52);
    let path = data.join(OPERATOR_TOKEN);
    let written = std::fs::remove_file(&path).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    });
    written
        .and_then(|()| std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path))
        .and_then(|mut file| file.write_all(token.as_bytes()))
        .map_err(|source| StartError::Folder { folder: path.display().to_string(), source })?;
    Ok(web::session::hash(&token))
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::HttpTaken(address),
        _ => StartError::Http { address, source },
    })
}

/// Starts the recorder, which finishes what a former process left first, and tells the center and the library what became of it all.
pub(crate) fn start_recorder(
    unfinished: Vec<PathBuf>,
    archive: &Archive,
    low_below: u64,
    requests: &mpsc::Sender<Request>,
    writer: &Arc<Writer>,
) -> Result<Recorder, ArchiveError> {
    let told = requests.clone();
    let on_room = Arc::new(move |room, free_bytes| {
        let _ = told.blocking_send(Request::RecordingRoom { room, free_bytes });
    });
    let requests = requests.clone();
    let writer = Arc::clone(writer);
    let on_ended = Arc::new(move |ended| {
        let past::News { leg, row } = past::News::of(ended);
        if let Some(record) = row {
            writer.send(Record::Recording(record));
        }
        if let Some(LegEvent::RecordingFailed { recording, why }) = &leg {
            tracing::error!(%recording, %why, "a recording went wrong");
        }
        if let Some(event) = leg {
            // Called on the recorder's thread, which may wait.
            let _ = requests.blocking_send(Request::Recording(event));
        }
    });
    let options = RecorderOptions { low_below, ..RecorderOptions::default() };
    Recorder::start_behind(unfinished, archive.clone(), &options, on_ended, on_room)
}

fn start_media(
    options: &Options,
    clock: Clock,
    events: mpsc::Sender<media::Event>,
    recorder: &Recorder,
) -> Result<MediaThreads, StartError> {
    let config = net::rtp::Config {
        threads: options.media_threads,
        ports_per_thread_first: options.media_legs_per_thread,
        ports: options.media_ports.clone(),
        browser_port: options.browser_port,
        dscp: options.media_dscp,
        clock: Arc::new(move || clock.now()),
        ..net::rtp::Config::new(options.sip.media_bind(), seeds::bytes())
    };
    let recorder = recorder.clone();
    let tell = move |event| {
        // Only a control thread that is stuck or gone makes this fail or wait.
        if let Err(mpsc::error::TrySendError::Full(event)) = events.try_send(event) {
            let _ = events.blocking_send(event);
        }
    };
    MediaThreads::start(config, tell, move |recorded| recorder.take(recorded)).map_err(StartError::Threads)
}

/// What the control thread is made of.
struct Make {
    clock: Clock,
    settings: telephony::Settings,
    prompts: Prompts,
    center: center::Center,
    media: MediaThreads,
    journal: JournalWriter,
    audience: Listeners,
    requests: mpsc::Receiver<Request>,
    media_events: mpsc::Receiver<media::Event>,
    counters: Arc<Counters>,
    first: Vec<Input>,
    registered: Vec<SavedBinding>,
    listening: Listening,
    trust: Trust,
    name_servers: NameServers,
    media_address: IpAddr,
}

/// SIP, listening.
struct Signalling {
    /// The address for calls of ours.
    address: SocketAddr,
    own: Vec<OwnAddress>,
    lines: LineDoor,
}

impl Make {
    /// Starts the control thread. Returns it when its sockets listen.
    async fn start(self) -> Result<(JoinHandle<()>, Signalling), StartError> {
        let (bound, binding) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("control".to_owned())
            .spawn(move || self.run(bound))
            .map_err(StartError::Threads)?;
        match binding.await {
            Ok(Ok(signalling)) => Ok((thread, signalling)),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(StartError::Threads(io::Error::other("the control thread did not start"))),
        }
    }

    fn run(self, bound: oneshot::Sender<Result<Signalling, StartError>>) {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                let _ = bound.send(Err(StartError::Threads(error)));
                return;
            }
        };
        runtime.block_on(async move {
            let sockets = match SipSockets::bind(&self.listening, self.trust, Patience::default()) {
                Ok(sockets) => sockets,
                Err(error) => {
                    let _ = bound.send(Err(error.into()));
                    return;
                }
            };
            let own = sockets.own().to_vec();
            let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
            let address = told_first(&own, Transport::Udp).unwrap_or(nowhere);
            let lines = sockets.line_door();
            let carriers = Carriers::new(&sockets, &self.name_servers, seeds::ids());
            let settings =
                telephony::Settings { address, media_address: self.media_address, ..self.settings };
            let mut telephony = Telephony::new(settings, seeds::ids(), seeds::secrets());
            telephony.handle(telephony::Input::Prompts(self.prompts), self.clock.now());
            // What came to an address that we have no more cannot be answered from there.
            let mut registered = self.registered;
            registered.retain(|saved| {
                own.iter().any(|own| {
                    own.transport == saved.binding.source.transport
                        && own.bound.port() == saved.binding.source.local.port()
                })
            });
            telephony.handle(telephony::Input::Registrations(registered), self.clock.now());
            let control = Control::new(Parts {
                clock: self.clock,
                telephony,
                center: self.center,
                sockets,
                carriers,
                media: self.media,
                journal: self.journal,
                audience: self.audience,
                requests: self.requests,
                media_events: self.media_events,
                counters: self.counters,
                first: self.first,
            });
            let _ = bound.send(Ok(Signalling { address, own, lines }));
            let (journal, media, _) = control.run().await;
            media.stop();
            journal.close();
        });
    }
}
