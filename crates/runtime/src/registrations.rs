//! Registrations outlive the process: who can be rung over UDP can be rung again right after a restart.
//!
//! The control thread hands over the bindings of a user whenever they change; a thread of its own writes the whole file
//! anew, at most once a second, under another name that then takes its place. So at most the last second is lost, and a
//! slow disk keeps nobody waiting. Phones on connections come back by themselves, for their connections are gone.

use base::Now;
use model::SipUser;
use sip::SavedBinding;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// The file in the data folder.
const FILE: &str = "registrations";

/// How many changes may wait. One more is not saved, until the phone registers the next time.
const CHANGES_MAX: usize = 65_536;

/// How long changes are gathered.
const GATHER: Duration = Duration::from_secs(1);

/// A user's bindings, as they are from now on.
type Change = (SipUser, Vec<SavedBinding>);

/// Each user's lines of the file: a binding itself would hold on to the message it came in.
type Kept = BTreeMap<SipUser, String>;

/// Keeps registrations on the disk. Dropping it writes what is left.
#[derive(Debug)]
pub struct Registrations {
    changes: Option<SyncSender<Change>>,
    thread: Option<JoinHandle<()>>,
}

impl Registrations {
    /// Begins to keep, in addition to what was `found`.
    pub(crate) fn begin(data: &Path, found: &[SavedBinding]) -> io::Result<Self> {
        let (sender, changes) = sync_channel(CHANGES_MAX);
        let mut kept = Kept::new();
        for saved in found {
            let _ = writeln!(kept.entry(SipUser::new(saved.aor.user())).or_default(), "{saved}");
        }
        let path = data.join(FILE);
        let thread = std::thread::Builder::new()
            .name("registrations".to_owned())
            .spawn(move || keep(&changes, kept, &path))?;
        Ok(Self { changes: Some(sender), thread: Some(thread) })
    }

    /// A user's bindings changed. Never waits.
    pub(crate) fn changed(&self, user: SipUser, bindings: Vec<SavedBinding>) {
        if let Some(changes) = &self.changes {
            // Full, or the thread is gone: the phone registers again before long.
            let _ = changes.try_send((user, bindings));
        }
    }
}

impl Drop for Registrations {
    fn drop(&mut self) {
        drop(self.changes.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that keeps registrations broke down");
        }
    }
}

/// What an earlier process kept and is still good. A line that cannot be read is left out, loudly.
pub(crate) fn found(data: &Path, now: Now) -> Vec<SavedBinding> {
    let text = match std::fs::read_to_string(data.join(FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            tracing::warn!(%error, "the registrations of the former process cannot be read; phones come back by themselves");
            return Vec::new();
        }
    };
    let mut found = Vec::new();
    for line in text.lines() {
        match line.parse::<SavedBinding>() {
            Ok(saved) if saved.expires > now.utc => found.push(saved),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "a registration of the former process is left out"),
        }
    }
    found
}

fn keep(changes: &Receiver<Change>, mut kept: Kept, path: &Path) {
    let mut failing = false;
    loop {
        let Ok(first) = changes.recv() else { return };
        let mut changed = take(&mut kept, first);
        // Sleeping on the channel would be woken by every phone; what comes meanwhile lies there.
        std::thread::sleep(GATHER);
        let mut over = false;
        loop {
            match changes.recv_timeout(Duration::ZERO) {
                Ok(change) => changed |= take(&mut kept, change),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => {
                    over = true;
                    break;
                }
            }
        }
        // Phones on connections register as well, and leave no line.
        match if changed || failing { write(&kept, path) } else { Ok(()) } {
            Ok(()) => failing = false,
            Err(error) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::error!(%error, file = %path.display(), "registrations cannot be kept");
                }
            }
        }
        if over {
            return;
        }
    }
}

/// Takes a change over. Returns whether the file is another one now.
fn take(kept: &mut Kept, (user, bindings): Change) -> bool {
    if bindings.is_empty() {
        return kept.remove(&user).is_some();
    }
    let mut lines = String::new();
    for saved in bindings {
        let _ = writeln!(lines, "{saved}");
    }
    lines.shrink_to_fit();
    kept.insert(user, lines);
    true
}

fn write(kept: &Kept, path: &Path) -> io::Result<()> {
    let unfinished = PathBuf::from(format!("{}.new", path.display()));
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    {
        let mut buffered = io::BufWriter::new(&mut file);
        for lines in kept.values() {
            buffered.write_all(lines.as_bytes())?;
        }
        buffered.flush()?;
    }
    file.sync_data()?;
    std::fs::rename(&unfinished, path)
}
