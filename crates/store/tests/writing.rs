//! The writer: order, spool, overflow, and a database that goes away and comes back.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "these tests meet real databases")]

mod postgres;
mod sample;

use model::query::SipMessage;
use model::{InteractionId, LegId, Record};
use postgres::Postgres;
use sample::{at, interaction, line};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::Duration;
use store::writer::{Flushed, Sink};
use store::{Item, Spool, Store, StoreError, Writer, WriterOptions};

const LONG: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_is_in_the_database_after_a_flush() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let writer = Writer::start(store.clone(), options(folder.path()), remember(&seen)).unwrap();
    writer.send(interaction(1).record());
    for seq in 1..=1000 {
        writer.send(timeline(seq));
    }
    writer.send_sip(SipMessage {
        leg: LegId::from_u64(1),
        at: at(1),
        sent: true,
        transport: "udp".into(),
        remote: "127.0.0.1:5090".into(),
        text: "ACK".into(),
    });
    assert_eq!(tokio::task::block_in_place(|| writer.flush(LONG)), Flushed::Written);
    assert_eq!(store.last_seq().await.unwrap(), 1000);
    assert_eq!(*seen.lock().unwrap(), (1..=1000).collect::<Vec<u64>>());
    assert_eq!(writer.stats().written, 1002);
    assert_eq!(writer.stats().queued, 0);
    tokio::task::block_in_place(|| drop(writer));
}

#[test]
fn what_is_sent_while_the_database_is_away_is_written_once_and_in_order_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let database = Arc::new(Memory::default());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let writer =
        Writer::start_with(Door(Arc::clone(&database)), options(folder.path()), remember(&seen)).unwrap();
    writer.send(timeline(1));
    assert_eq!(writer.flush(LONG), Flushed::Written);

    database.away.store(true, Ordering::SeqCst);
    (2..=500).for_each(|seq| writer.send(timeline(seq)));
    assert_eq!(writer.flush(LONG), Flushed::Spooled);
    assert_eq!(*seen.lock().unwrap(), [1], "nothing is announced before it is in the database");
    assert!(writer.stats().spooled_bytes > 0);
    assert!(!writer.stats().database_up);

    database.away.store(false, Ordering::SeqCst);
    (501..=600).for_each(|seq| writer.send(timeline(seq)));
    database.wait_for(600);
    drop(writer);
    assert_eq!(database.seqs(), (1..=600).collect::<Vec<u64>>());
    assert_eq!(*seen.lock().unwrap(), (1..=600).collect::<Vec<u64>>());
    assert!(Spool::open(folder.path(), 1).unwrap().is_empty());
}

#[test]
fn what_was_spooled_before_the_end_is_written_by_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let database = Arc::new(Memory::default());
    database.away.store(true, Ordering::SeqCst);
    let writer = Writer::start_with(Door(Arc::clone(&database)), options(folder.path()), forget()).unwrap();
    (1..=50).for_each(|seq| writer.send(timeline(seq)));
    drop(writer);
    assert_eq!(database.seqs(), [0; 0]);

    database.away.store(false, Ordering::SeqCst);
    let writer = Writer::start_with(Door(Arc::clone(&database)), options(folder.path()), forget()).unwrap();
    writer.send(timeline(51));
    database.wait_for(51);
    drop(writer);
    assert_eq!(database.seqs(), (1..=51).collect::<Vec<u64>>());
}

#[test]
fn a_sender_is_never_held_up_and_an_overflow_keeps_the_order() {
    let folder = tempfile::tempdir().unwrap();
    let database = Arc::new(Memory::default());
    let stuck = database.stick();
    let options = WriterOptions { queue_max: 10, batch_max: 4, ..options(folder.path()) };
    let writer = Writer::start_with(Door(Arc::clone(&database)), options, forget()).unwrap();
    // The database hangs with the first batch in its hands; the queue takes ten, the file takes the rest.
    (1..=200).for_each(|seq| writer.send(timeline(seq)));
    assert!(writer.stats().overflowed >= 180, "{:?}", writer.stats());
    assert_eq!(writer.stats().lost, 0);

    drop(stuck);
    (201..=210).for_each(|seq| writer.send(timeline(seq)));
    database.wait_for(210);
    drop(writer);
    assert_eq!(database.seqs(), (1..=210).collect::<Vec<u64>>());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left on the disk");
}

#[test]
fn an_overflow_file_that_a_crash_left_is_written_by_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let database = Arc::new(Memory::default());
    let stuck = database.stick();
    let small = WriterOptions { queue_max: 1, ..options(folder.path()) };
    let writer = Writer::start_with(Door(Arc::clone(&database)), small, forget()).unwrap();
    (1..=20).for_each(|seq| writer.send(timeline(seq)));
    let left = folder.path().join("left");
    std::fs::create_dir(&left).unwrap();
    std::fs::copy(folder.path().join("overflow"), left.join("overflow")).unwrap();
    let overflowed = writer.stats().overflowed;
    drop(stuck);
    drop(writer);

    let next = Arc::new(Memory::default());
    let writer = Writer::start_with(Door(Arc::clone(&next)), options(&left), forget()).unwrap();
    next.wait_for(20);
    drop(writer);
    assert_eq!(next.seqs(), (21 - overflowed..=20).collect::<Vec<u64>>());
}

#[test]
fn a_record_the_database_will_never_take_is_set_aside_and_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let database = Arc::new(Memory { poison: Some(3), ..Memory::default() });
    let writer = Writer::start_with(Door(Arc::clone(&database)), options(folder.path()), forget()).unwrap();
    (1..=5).for_each(|seq| writer.send(timeline(seq)));
    assert_eq!(writer.flush(LONG), Flushed::Written);
    assert_eq!(database.seqs(), [1, 2, 4, 5]);
    assert_eq!(writer.stats().refused, 1);
    assert_eq!(writer.stats().lost, 0);
    drop(writer);
    assert!(std::fs::metadata(folder.path().join("refused")).unwrap().len() > 0);
}

#[test]
fn whatever_the_database_does_every_record_is_written_once_and_in_order() {
    for seed in 1..=20 {
        let mut chance = base::IdSource::new(seed);
        let folder = tempfile::tempdir().unwrap();
        let database = Arc::new(Memory::default());
        let rough = WriterOptions {
            queue_max: 1 + chance.below(30) as usize,
            batch_max: 1 + chance.below(8) as usize,
            gather: Duration::ZERO,
            retry: Duration::from_millis(1),
            ..options(folder.path())
        };
        let mut last = 0;
        // The writer ends and begins anew in between, as a server does.
        for _ in 0..3 {
            let door = Door(Arc::clone(&database));
            let writer = Writer::start_with(door, rough.clone(), forget()).unwrap();
            for _ in 0..20 {
                database.away.store(chance.below(2) == 0, Ordering::SeqCst);
                let count = chance.below(60);
                (last + 1..=last + count).for_each(|seq| writer.send(timeline(seq)));
                last += count;
                if chance.below(3) == 0 {
                    writer.flush(LONG);
                }
            }
            assert_eq!(writer.stats().lost, 0, "seed {seed}");
        }
        database.away.store(false, Ordering::SeqCst);
        drop(Writer::start_with(Door(Arc::clone(&database)), rough, forget()).unwrap());
        let seqs = database.seqs();
        let odd = seqs.iter().zip(1..).find(|(seq, expected)| **seq != *expected);
        assert_eq!((odd, seqs.len() as u64), (None, last), "seed {seed}");
    }
}

#[test]
fn a_record_is_counted_as_lost_only_when_nothing_takes_it() {
    let folder = tempfile::tempdir().unwrap();
    let database = Arc::new(Memory::default());
    database.away.store(true, Ordering::SeqCst);
    let tiny = WriterOptions { queue_max: 2, batch_max: 1, spool_bytes_max: 200, ..options(folder.path()) };
    let writer = Writer::start_with(Door(Arc::clone(&database)), tiny, forget()).unwrap();
    (1..=100).for_each(|seq| writer.send(timeline(seq)));
    assert!(writer.stats().lost > 0);
    let lost = writer.stats().lost;
    database.away.store(false, Ordering::SeqCst);
    database.wait_for_count(100 - lost as usize);
    drop(writer);
    let seqs = database.seqs();
    assert!(seqs.is_sorted(), "{seqs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_going_away_in_the_middle_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Postgres::start();
    let store = Store::open(&server.fresh_database("away")).await.unwrap();
    store.migrate().await.unwrap();
    let (tell, told) = mpsc::channel();
    let on_written = Box::new(move |lines: &[model::TimelineEntry]| {
        lines.iter().for_each(|line| tell.send(line.seq).unwrap_or_default());
    });
    let writer = Writer::start(store.clone(), options(folder.path()), on_written).unwrap();
    let seen = tokio::task::block_in_place(|| {
        (1..=300).for_each(|seq| writer.send(timeline(seq)));
        assert_eq!(writer.flush(LONG), Flushed::Written);
        server.stop();
        (301..=900).for_each(|seq| writer.send(timeline(seq)));
        writer.send(interaction(7).record());
        assert_eq!(writer.flush(LONG), Flushed::Spooled);
        server.resume();
        (901..=1000).for_each(|seq| writer.send(timeline(seq)));
        let seen: Vec<u64> =
            (0..1000).map(|_| told.recv_timeout(LONG).expect("the next line is written")).collect();
        assert_eq!(writer.flush(LONG), Flushed::Written);
        seen
    });
    let seqs: Vec<u64> = store.timeline_after(0, 5000).await.unwrap().iter().map(|line| line.seq).collect();
    assert_eq!(seqs, (1..=1000).collect::<Vec<u64>>());
    assert_eq!(seen, seqs);
    assert!(store.interaction(InteractionId::from_u64(7)).await.unwrap().is_some());
    tokio::task::block_in_place(|| drop(writer));
}

/// A database in memory that goes away and hangs as the test says.
#[derive(Default)]
struct Memory {
    away: AtomicBool,
    stuck: Mutex<()>,
    poison: Option<u64>,
    lines: Mutex<Vec<u64>>,
    grown: Condvar,
}

impl Memory {
    fn stick(&self) -> std::sync::MutexGuard<'_, ()> {
        self.stuck.lock().unwrap()
    }

    fn seqs(&self) -> Vec<u64> {
        self.lines.lock().unwrap().clone()
    }

    fn wait_for(&self, seq: u64) {
        self.wait_until(|lines| lines.last() == Some(&seq));
    }

    fn wait_for_count(&self, count: usize) {
        self.wait_until(|lines| lines.len() >= count);
    }

    fn wait_until(&self, done: impl Fn(&[u64]) -> bool) {
        let lines = self.lines.lock().unwrap();
        let (lines, waited) = self.grown.wait_timeout_while(lines, LONG, |lines| !done(lines)).unwrap();
        assert!(!waited.timed_out(), "stands at {lines:?}");
    }
}

struct Door(Arc<Memory>);

impl Sink for Door {
    fn write(&mut self, items: &[Item]) -> Result<(), StoreError> {
        drop(self.0.stuck.lock().unwrap());
        if self.0.away.load(Ordering::SeqCst) {
            return Err(StoreError::Slow(Duration::ZERO));
        }
        let seqs: Vec<u64> = items
            .iter()
            .map(|item| match item {
                Item::Record(Record::Timeline(line)) => line.seq,
                other => panic!("only lines are sent here, not {other:?}"),
            })
            .collect();
        if seqs.iter().any(|seq| Some(*seq) == self.0.poison) {
            return Err(StoreError::Value { what: "a line", value: "poison".into() });
        }
        // As in a real database, a line that is written again changes nothing.
        let mut lines = self.0.lines.lock().unwrap();
        for seq in seqs {
            if !lines.contains(&seq) {
                lines.push(seq);
            }
        }
        drop(lines);
        self.0.grown.notify_all();
        Ok(())
    }
}

async fn open(folder: &Path) -> Store {
    let store = Store::open(&format!("sqlite:{}", folder.join("hotline.db").display())).await.unwrap();
    store.migrate().await.unwrap();
    store
}

fn options(folder: &Path) -> WriterOptions {
    let (gather, retry) = (Duration::from_millis(1), Duration::from_millis(50));
    WriterOptions { gather, retry, ..WriterOptions::in_folder(folder) }
}

fn timeline(seq: u64) -> Record {
    Record::Timeline(Box::new(line(seq, 1)))
}

fn remember(seen: &Arc<Mutex<Vec<u64>>>) -> store::writer::OnWritten {
    let seen = Arc::clone(seen);
    Box::new(move |lines| seen.lock().unwrap().extend(lines.iter().map(|line| line.seq)))
}

fn forget() -> store::writer::OnWritten {
    Box::new(|_| {})
}
