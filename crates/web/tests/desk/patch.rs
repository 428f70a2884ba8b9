//! Programs' lines without sound: what a program hears is laid down by the test, and what it says is found there.

use model::InteractionId;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;
use web::{LineDoor, LineNews, LineOpening, LineRefused, LineWish, SoundLine};

/// Where programs are connected with calls: what is on their one line at a time, for the tests to see.
#[derive(Default)]
pub(crate) struct Patch {
    pub(crate) refuses: Mutex<Option<LineRefused>>,
    pub(crate) wishes: Mutex<Vec<LineWish>>,
    /// What programs are to hear.
    pub(crate) heard: Mutex<VecDeque<Vec<i16>>>,
    /// What they said and nobody has heard yet.
    pub(crate) said: Mutex<VecDeque<Vec<i16>>>,
    pub(crate) lost: AtomicU64,
    pub(crate) news: Mutex<VecDeque<LineNews>>,
    pub(crate) closed: AtomicBool,
    /// Told when something was said or the line was closed.
    pub(crate) changed: Notify,
}

struct Patched(Arc<Patch>);

/// The way to it.
pub(crate) struct PatchDoor(pub(crate) Arc<Patch>);

impl LineDoor for PatchDoor {
    fn open(&self, _: InteractionId, wish: LineWish) -> LineOpening<'_> {
        self.0.wishes.lock().unwrap().push(wish);
        let refused = *self.0.refuses.lock().unwrap();
        let line: Box<dyn SoundLine> = Box::new(Patched(Arc::clone(&self.0)));
        Box::pin(std::future::ready(refused.map_or(Ok(line), Err)))
    }
}

impl SoundLine for Patched {
    fn hear(&mut self, out: &mut [i16]) -> Option<usize> {
        let frame = self.0.heard.lock().unwrap().pop_front()?;
        out[..frame.len()].copy_from_slice(&frame);
        Some(frame.len())
    }

    fn say(&mut self, frame: &[i16]) -> bool {
        let mut said = self.0.said.lock().unwrap();
        let has_room = said.len() < 10;
        if has_room {
            said.push_back(frame.to_vec());
            self.0.changed.notify_one();
        }
        has_room
    }

    fn unsaid(&self) -> usize {
        self.0.said.lock().unwrap().len()
    }

    fn clear(&mut self) {
        self.0.said.lock().unwrap().clear();
    }

    fn lost(&self) -> u64 {
        self.0.lost.load(Ordering::SeqCst)
    }

    fn news(&mut self) -> Option<LineNews> {
        self.0.news.lock().unwrap().pop_front()
    }
}

impl Drop for Patched {
    fn drop(&mut self) {
        self.0.closed.store(true, Ordering::SeqCst);
        self.0.changed.notify_one();
    }
}
