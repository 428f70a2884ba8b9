//! The writer: takes records from the center without ever making it wait, and sees to it that each is written.
//!
//! ```text
//!  send ──▶ queue ──────────────────▶ database ──▶ on_written
//!             │ full      │ away  ▲
//!             ▼           ▼       │ back
//!          overflow ──▶ spool ────┘
//! ```
//!
//! Order is kept throughout: while anything lies in the spool, what comes after it goes there too; while the overflow
//! file is open, what is sent goes there and not into the queue. Losing a record takes a database away *and* a full
//! or broken disk *and* a full queue; it is counted and logged as an error.

use crate::spool::{self, Spool, SpoolError};
use crate::{Store, StoreError};
use model::query::SipMessage;
use model::{Record, TimelineEntry};
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long one transaction may take before the database counts as away.
pub const WRITE_WAIT: Duration = Duration::from_secs(10);
/// The name of the file that takes what does not fit into the queue.
const OVERFLOW_FILE: &str = "overflow";
/// The name of the file that keeps what the database will never take.
const REFUSED_FILE: &str = "refused";

/// One thing to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A record.
    Record(Record),
    /// A SIP message.
    Sip {
        /// The number it is stored under.
        number: i64,
        /// The message.
        message: SipMessage,
    },
}

/// The writer's limits.
#[derive(Clone, Debug)]
pub struct WriterOptions {
    /// Where records wait for a database that is away.
    pub spool_folder: PathBuf,
    /// How many bytes may wait there. At half a kilobyte a record, 1 GiB is about two million records.
    pub spool_bytes_max: u64,
    /// How many records may wait in memory; one more goes to the overflow file.
    pub queue_max: usize,
    /// How many records are written in one transaction.
    pub batch_max: usize,
    /// How long the first record of a batch waits for others.
    pub gather: Duration,
    /// How long after a failure the database is tried again.
    pub retry: Duration,
}

impl WriterOptions {
    /// Spools in `folder`; 1 GiB there, 65 536 records in memory, 1 024 in a transaction, gathered
    /// for 100 ms, tried again after a second.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            spool_folder: folder.into(),
            spool_bytes_max: 1 << 30,
            queue_max: 65_536,
            batch_max: 1_024,
            gather: Duration::from_millis(100),
            retry: Duration::from_secs(1),
        }
    }
}

/// What the writer did and has before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriterStats {
    /// Records waiting in memory.
    pub queued: usize,
    /// Bytes waiting on the disk.
    pub spooled_bytes: u64,
    /// Records written to the database since the start.
    pub written: u64,
    /// Records that went through the overflow file since the start.
    pub overflowed: u64,
    /// Records the database refused for good; they are in the file `refused` of the spool folder.
    pub refused: u64,
    /// Records lost since the start.
    pub lost: u64,
    /// Whether the database took the last batch.
    pub database_up: bool,
}

/// What became of everything that was sent before [`Writer::flush`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flushed {
    /// It is in the database.
    Written,
    /// It is on the disk; a part of it in the spool, since the database is away.
    Spooled,
    /// Time ran out first.
    TimedOut,
}

/// Where a writer's batches go: the store, or a store that fails when a test says so.
pub trait Sink: Send + 'static {
    /// Writes the items in one transaction.
    fn write(&mut self, items: &[Item]) -> Result<(), StoreError>;
}

/// Called with the lines of each batch once they are in the database, in order.
pub type OnWritten = Box<dyn FnMut(&[TimelineEntry]) + Send>;

/// A handle on the writer's thread. Dropping it writes what is left and waits for that.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
    store: Option<Store>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    inbox: Mutex<Inbox>,
    /// Something came, or somebody waits for a flush.
    wake: Condvar,
    /// Something was written.
    progress: Condvar,
    queue_max: usize,
    batch_max: usize,
    overflow_bytes_max: u64,
    overflow_path: PathBuf,
}

#[derive(Debug, Default)]
struct Inbox {
    queue: VecDeque<Item>,
    overflow: Option<Overflow>,
    /// How many items were ever sent and not lost, and how many of them are on the disk.
    sent: u64,
    durable: u64,
    flushing: bool,
    closing: bool,
    stats: WriterStats,
}

#[derive(Debug)]
struct Overflow {
    file: File,
    bytes: u64,
    items: u64,
}

impl Writer {
    /// Starts a writer for `store`. Must be called within a tokio runtime, which must outlive the writer.
    pub fn start(store: Store, options: WriterOptions, on_written: OnWritten) -> Result<Self, SpoolError> {
        let sink = StoreSink { store: store.clone(), runtime: tokio::runtime::Handle::current() };
        let mut writer = Self::start_with(sink, options, on_written)?;
        writer.store = Some(store);
        Ok(writer)
    }

    /// Starts a writer whose batches go to `sink`.
    pub fn start_with(
        sink: impl Sink,
        options: WriterOptions,
        on_written: OnWritten,
    ) -> Result<Self, SpoolError> {
        let spool = Spool::open(&options.spool_folder, options.spool_bytes_max)?;
        if !spool.is_empty() {
            tracing::warn!(
                bytes = spool.bytes(),
                "records of an earlier run wait in the spool and are written now"
            );
        }
        let shared = Arc::new(Shared {
            inbox: Mutex::new(Inbox {
                stats: WriterStats {
                    database_up: true,
                    spooled_bytes: spool.bytes(),
                    ..WriterStats::default()
                },
                ..Inbox::default()
            }),
            wake: Condvar::new(),
            progress: Condvar::new(),
            queue_max: options.queue_max,
            batch_max: options.batch_max.max(1),
            overflow_bytes_max: options.spool_bytes_max,
            overflow_path: options.spool_folder.join(OVERFLOW_FILE),
        });
        let mut worker = Worker {
            shared: Arc::clone(&shared),
            sink: Box::new(sink),
            on_written,
            spool,
            refused_path: options.spool_folder.join(REFUSED_FILE),
            gather: options.gather,
            retry: options.retry,
            held: Vec::new(),
            retry_at: None,
        };
        worker.adopt_overflow_of_earlier_run()?;
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || worker.run())
            .map_err(|source| SpoolError::Folder { folder: options.spool_folder, source })?;
        Ok(Self { shared, store: None, thread: Some(thread) })
    }

    /// Hands a record over. Takes a lock for some nanoseconds and never waits for the database; when the queue is
    /// full the record is appended to the overflow file.
    pub fn send(&self, record: Record) {
        self.shared.send(Item::Record(record));
    }

    /// Hands a SIP message over, as [`send`](Self::send) does.
    pub fn send_sip(&self, message: SipMessage) {
        let item = match &self.store {
            Some(store) => store.numbered(message),
            None => Item::Sip { number: message.at.as_millis() << 20, message },
        };
        self.shared.send(item);
    }

    /// Waits until everything sent so far is on the disk, at most for `limit`.
    pub fn flush(&self, limit: Duration) -> Flushed {
        let until = Instant::now() + limit;
        let mut inbox = self.shared.lock();
        let goal = inbox.sent;
        loop {
            if inbox.durable >= goal {
                return if inbox.stats.spooled_bytes == 0 { Flushed::Written } else { Flushed::Spooled };
            }
            let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                return Flushed::TimedOut;
            };
            inbox.flushing = true;
            self.shared.wake.notify_one();
            inbox = self.shared.progress.wait_timeout(inbox, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What the writer did and has before it.
    pub fn stats(&self) -> WriterStats {
        let inbox = self.shared.lock();
        WriterStats { queued: inbox.queue.len(), ..inbox.stats }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer's thread broke down");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, item: Item) {
        let mut inbox = self.lock();
        if inbox.overflow.is_some() || inbox.queue.len() >= self.queue_max {
            self.overflow(&mut inbox, &item);
            return;
        }
        inbox.queue.push_back(item);
        inbox.sent += 1;
        // The thread sleeps on an empty queue, and while it gathers a batch.
        let awaited = inbox.queue.len() == 1 || inbox.queue.len() == self.batch_max;
        drop(inbox);
        if awaited {
            self.wake.notify_one();
        }
    }

    /// Appends to the overflow file: into the page cache, not yet onto the disk, so the sender goes on at once.
    fn overflow(&self, inbox: &mut Inbox, item: &Item) {
        let mut frame = Vec::new();
        spool::write_frame(item, &mut frame);
        let kept = match self.overflow_file(inbox) {
            Ok(overflow) if overflow.bytes + frame.len() as u64 > self.overflow_bytes_max => {
                Err(SpoolError::Full { limit: self.overflow_bytes_max })
            }
            Ok(overflow) => match overflow.file.write_all(&frame) {
                Ok(()) => {
                    overflow.bytes += frame.len() as u64;
                    overflow.items += 1;
                    Ok(())
                }
                Err(source) => {
                    let _ = overflow.file.set_len(overflow.bytes);
                    Err(SpoolError::File { file: self.overflow_path.clone(), source })
                }
            },
            Err(error) => Err(error),
        };
        match kept {
            Ok(()) => {
                inbox.sent += 1;
                inbox.stats.overflowed += 1;
            }
            Err(error) => {
                inbox.stats.lost += 1;
                // Once for the first, then ever more seldom: a full disk must not be filled with this line.
                if inbox.stats.lost.is_power_of_two() {
                    tracing::error!(lost = inbox.stats.lost, %error, "a record is lost: nothing takes it any more");
                }
            }
        }
    }

    fn overflow_file<'a>(&self, inbox: &'a mut Inbox) -> Result<&'a mut Overflow, SpoolError> {
        if inbox.overflow.is_none() {
            let file = OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .open(&self.overflow_path)
                .map_err(|source| SpoolError::File { file: self.overflow_path.clone(), source })?;
            tracing::error!(
                queued = inbox.queue.len(),
                "the queue to the database is full; records go to the overflow file"
            );
            inbox.overflow = Some(Overflow { file, bytes: 0, items: 0 });
        }
        match &mut inbox.overflow {
            Some(overflow) => Ok(overflow),
            None => unreachable!("it was opened above"),
        }
    }
}

/// The writer's own thread.
struct Worker {
    shared: Arc<Shared>,
    sink: Box<dyn Sink>,
    on_written: OnWritten,
    spool: Spool,
    refused_path: PathBuf,
    gather: Duration,
    retry: Duration,
    /// A batch that neither the database nor the spool took. Nothing newer is taken from the queue before it.
    held: Vec<Item>,
    /// When the database is tried again; `None` while it is up.
    retry_at: Option<Instant>,
}

/// How a batch fared.
enum Written {
    /// All of it is dealt with.
    Done,
    /// The database is away.
    Away,
}

impl Worker {
    fn run(mut self) {
        loop {
            self.replay();
            let Some(batch) = self.next_batch() else { break };
            self.keep(batch);
            self.adopt_overflow();
        }
        self.finish();
    }

    /// Waits for the next batch; empty when there is something else to do, `None` when it is time to end.
    fn next_batch(&mut self) -> Option<Vec<Item>> {
        if !self.held.is_empty() {
            self.wait_for_retry();
            return (!self.shared.lock().closing).then(|| std::mem::take(&mut self.held));
        }
        let shared = Arc::clone(&self.shared);
        let mut inbox = shared.lock();
        while inbox.queue.is_empty() {
            if inbox.closing && inbox.overflow.is_none() {
                return None;
            }
            if inbox.overflow.is_some() {
                return Some(Vec::new());
            }
            inbox.flushing = false;
            match self.until_retry() {
                Some(left) if left.is_zero() => return Some(Vec::new()),
                Some(left) => {
                    inbox = shared.wake.wait_timeout(inbox, left).unwrap_or_else(PoisonError::into_inner).0;
                }
                None => inbox = shared.wake.wait(inbox).unwrap_or_else(PoisonError::into_inner),
            }
        }
        if !self.gather.is_zero() {
            let until = Instant::now() + self.gather;
            while inbox.queue.len() < shared.batch_max && !inbox.flushing && !inbox.closing {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                inbox = shared.wake.wait_timeout(inbox, left).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
        let count = inbox.queue.len().min(shared.batch_max);
        Some(inbox.queue.drain(..count).collect())
    }

    /// How long until the database is tried again: zero when it is time, `None` when nothing waits for it.
    fn until_retry(&self) -> Option<Duration> {
        if self.spool.is_empty() {
            return None;
        }
        Some(self.retry_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now())))
    }

    fn wait_for_retry(&self) {
        let inbox = self.shared.lock();
        let _ = self
            .shared
            .wake
            .wait_timeout_while(inbox, self.retry, |inbox| !inbox.closing)
            .unwrap_or_else(PoisonError::into_inner);
    }

    /// Puts a batch into the database, or into the spool while that is away or has something older in it.
    fn keep(&mut self, batch: Vec<Item>) {
        if batch.is_empty() {
            return;
        }
        if self.spool.is_empty() && self.is_time_to_try() {
            match self.write(&batch) {
                Written::Done => {
                    self.made_durable(batch.len() as u64);
                    return;
                }
                Written::Away => {}
            }
        }
        match self.spool.append(&batch) {
            Ok(()) => self.made_durable(batch.len() as u64),
            Err(error) => {
                tracing::error!(%error, records = batch.len(), "neither database nor spool takes records");
                debug_assert!(self.held.is_empty(), "nothing newer is taken before what is held");
                self.held = batch;
            }
        }
    }

    fn is_time_to_try(&self) -> bool {
        self.retry_at.is_none_or(|at| at <= Instant::now())
    }

    /// Writes what the spool holds, oldest first, until it is empty or the database goes away again. What is sent
    /// meanwhile is appended to the spool after every batch, so that the queue does not fill.
    fn replay(&mut self) {
        while !self.spool.is_empty() && self.is_time_to_try() {
            let batch = match self.spool.peek(self.shared.batch_max) {
                Ok(batch) => batch,
                Err(error) => {
                    tracing::error!(%error, "the spool cannot be read");
                    self.retry_at = Some(Instant::now() + self.retry);
                    return;
                }
            };
            if !batch.is_empty() {
                match self.write(&batch) {
                    Written::Done => {}
                    Written::Away => return,
                }
                if let Err(error) = self.spool.confirm(batch.len()) {
                    tracing::error!(%error, "a spool file cannot be deleted; it is replayed at the next start");
                }
            }
            self.made_durable(0);
            if self.spool.is_empty() {
                tracing::info!("the database has everything that was spooled");
                return;
            }
            if !self.held.is_empty() {
                // What is held is older than what the queue has.
                continue;
            }
            let newer: Vec<Item> = {
                let mut inbox = self.shared.lock();
                let count = inbox.queue.len().min(self.shared.batch_max);
                inbox.queue.drain(..count).collect()
            };
            self.keep(newer);
        }
    }

    /// Writes a batch to the database. What the database will never take is set aside, so that it does not stop
    /// everything behind it.
    fn write(&mut self, batch: &[Item]) -> Written {
        match self.sink.write(batch) {
            Ok(()) => self.written(batch),
            Err(error) if error.is_passing() => return self.database_away(&error),
            Err(error) => {
                tracing::error!(%error, records = batch.len(), "the database refused a batch; trying one by one");
                for item in batch {
                    match self.sink.write(std::slice::from_ref(item)) {
                        Ok(()) => self.written(std::slice::from_ref(item)),
                        Err(error) if error.is_passing() => return self.database_away(&error),
                        Err(error) => self.set_aside(item, &error),
                    }
                }
            }
        }
        Written::Done
    }

    fn written(&mut self, batch: &[Item]) {
        if self.retry_at.take().is_some() {
            tracing::warn!("the database is back");
        }
        {
            let mut inbox = self.shared.lock();
            inbox.stats.written += batch.len() as u64;
            inbox.stats.database_up = true;
        }
        let lines: Vec<TimelineEntry> = batch
            .iter()
            .filter_map(|item| match item {
                Item::Record(Record::Timeline(entry)) => Some((**entry).clone()),
                Item::Record(_) | Item::Sip { .. } => None,
            })
            .collect();
        if !lines.is_empty() {
            (self.on_written)(&lines);
        }
    }

    fn database_away(&mut self, error: &StoreError) -> Written {
        if self.retry_at.is_none() {
            tracing::error!(%error, "the database is away; records go to the spool");
        }
        self.retry_at = Some(Instant::now() + self.retry);
        self.shared.lock().stats.database_up = false;
        Written::Away
    }

    fn set_aside(&mut self, item: &Item, error: &StoreError) {
        tracing::error!(%error, file = %self.refused_path.display(), "the database refuses a record; it is set aside");
        let mut frame = Vec::new();
        spool::write_frame(item, &mut frame);
        let kept = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.refused_path)
            .and_then(|mut file| file.write_all(&frame));
        let mut inbox = self.shared.lock();
        inbox.stats.refused += 1;
        if kept.is_err() {
            inbox.stats.lost += 1;
        }
    }

    /// Tells those who wait for a flush.
    fn made_durable(&self, count: u64) {
        let mut inbox = self.shared.lock();
        inbox.durable += count;
        inbox.stats.spooled_bytes = self.spool.bytes();
        drop(inbox);
        self.shared.progress.notify_all();
    }

    /// Moves the overflow file behind the spool, once the queue that came before it is empty.
    fn adopt_overflow(&mut self) {
        {
            let inbox = self.shared.lock();
            if inbox.overflow.is_none() || !inbox.queue.is_empty() || !self.held.is_empty() {
                return;
            }
        }
        if let Err(error) = self.adopt_overflow_now() {
            tracing::error!(%error, "the overflow file cannot be moved into the spool");
            self.wait_for_retry();
            let mut inbox = self.shared.lock();
            if inbox.closing {
                // The file stays where it is, and the next start adopts it.
                inbox.overflow = None;
            }
        }
    }

    fn adopt_overflow_now(&mut self) -> Result<(), SpoolError> {
        let overflow = {
            // Senders wait for the moment of a rename, so that nothing is appended to what was taken over.
            let mut inbox = self.shared.lock();
            self.spool.adopt(&self.shared.overflow_path)?;
            inbox.overflow.take()
        };
        self.spool.sync()?;
        let items = overflow.map_or(0, |overflow| overflow.items);
        tracing::warn!(records = items, "the queue to the database has room again");
        self.made_durable(items);
        Ok(())
    }

    fn adopt_overflow_of_earlier_run(&mut self) -> Result<(), SpoolError> {
        if self.shared.overflow_path.exists() {
            self.spool.adopt(&self.shared.overflow_path)?;
            self.spool.sync()?;
        }
        Ok(())
    }

    /// The last words: what is left goes to the database if that is there, else it stays in the spool.
    fn finish(&mut self) {
        let held = std::mem::take(&mut self.held);
        self.keep(held);
        if self.retry_at.is_none() {
            self.replay();
        }
        let mut inbox = self.shared.lock();
        let lost = self.held.len() + inbox.queue.len();
        if lost > 0 {
            inbox.queue.clear();
            inbox.stats.lost += lost as u64;
            tracing::error!(lost, "records are lost: neither database nor spool took them before the end");
        }
    }
}

/// Writes through a store, from a thread that is not the runtime's.
struct StoreSink {
    store: Store,
    runtime: tokio::runtime::Handle,
}

impl Sink for StoreSink {
    fn write(&mut self, items: &[Item]) -> Result<(), StoreError> {
        self.runtime.block_on(async {
            tokio::time::timeout(WRITE_WAIT, self.store.write_items(items))
                .await
                .unwrap_or(Err(StoreError::Slow(WRITE_WAIT)))
        })
    }
}
