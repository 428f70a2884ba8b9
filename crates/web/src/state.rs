//! Everything that requests share.

use crate::board::Board;
use crate::center::CenterDoor;
use crate::clock::Clock;
use crate::feed::Feed;
use crate::hearing::Hearings;
use crate::library::Library;
use crate::lines::LineDoor;
use crate::lockout::Lockout;
use crate::metrics::Metrics;
use crate::options::{PageSettings, WebOptions};
use crate::outlines::OutlineDoor;
use crate::password::PasswordDoor;
use crate::phones::PhoneDoor;
use crate::session::Sessions;
use crate::sounds::Sounds;
use access::{AuditEntry, Deed, Permission, Reach, User};
use base::SecretSource;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tokio::sync::watch;

/// What the web stands on.
#[derive(Clone)]
pub struct Doors {
    /// What was.
    pub library: Arc<dyn Library>,
    /// What was said.
    pub sounds: Arc<dyn Sounds>,
    /// Where wishes go.
    pub center: Arc<dyn CenterDoor>,
    /// Where phones in browsers are connected.
    pub phones: Arc<dyn PhoneDoor>,
    /// Where programs that hear and speak are connected.
    pub lines: Arc<dyn LineDoor>,
    /// What is.
    pub board: Board,
    /// What happens.
    pub feed: Feed,
    /// The program's own figures.
    pub metrics: Metrics,
}

/// Everything that requests share. A clone is another handle on the same.
#[derive(Clone)]
pub struct Web(Arc<Inner>);

struct Inner {
    doors: Doors,
    options: WebOptions,
    pages: RwLock<Arc<PageSettings>>,
    clock: Clock,
    secrets: Mutex<SecretSource>,
    lockout: Mutex<Lockout>,
    hearings: Mutex<Hearings>,
    passwords: PasswordDoor,
    outlines: OutlineDoor,
    sessions: Sessions,
    closing: watch::Sender<bool>,
}

impl Web {
    /// A web that stands on `doors`.
    pub fn new(doors: Doors, options: WebOptions, secrets: SecretSource, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            doors,
            pages: RwLock::new(Arc::new(options.pages.clone())),
            options,
            clock,
            secrets: Mutex::new(secrets),
            lockout: Mutex::default(),
            hearings: Mutex::default(),
            passwords: PasswordDoor::default(),
            outlines: OutlineDoor::default(),
            sessions: Sessions::default(),
            closing: watch::Sender::new(false),
        }))
    }

    /// What pages are told from now on.
    pub fn tell(&self, pages: PageSettings) {
        *self.0.pages.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pages);
    }

    pub(crate) fn pages(&self) -> Arc<PageSettings> {
        Arc::clone(&self.0.pages.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends the live connections and event streams, which would otherwise never end by themselves.
    pub fn close(&self) {
        self.0.closing.send_replace(true);
    }

    pub(crate) fn library(&self) -> &Arc<dyn Library> {
        &self.0.doors.library
    }

    pub(crate) fn sounds(&self) -> &Arc<dyn Sounds> {
        &self.0.doors.sounds
    }

    pub(crate) fn center(&self) -> &dyn CenterDoor {
        &*self.0.doors.center
    }

    pub(crate) fn phones(&self) -> &dyn PhoneDoor {
        &*self.0.doors.phones
    }

    pub(crate) fn lines(&self) -> &dyn LineDoor {
        &*self.0.doors.lines
    }

    pub(crate) fn board(&self) -> &Board {
        &self.0.doors.board
    }

    pub(crate) fn feed(&self) -> &Feed {
        &self.0.doors.feed
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.doors.metrics
    }

    pub(crate) fn options(&self) -> &WebOptions {
        &self.0.options
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn secrets(&self) -> &Mutex<SecretSource> {
        &self.0.secrets
    }

    pub(crate) fn lockout(&self) -> &Mutex<Lockout> {
        &self.0.lockout
    }

    pub(crate) fn hearings(&self) -> MutexGuard<'_, Hearings> {
        self.0.hearings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn passwords(&self) -> &PasswordDoor {
        &self.0.passwords
    }

    pub(crate) fn outlines(&self) -> &OutlineDoor {
        &self.0.outlines
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// Tells when the web closes.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.0.closing.subscribe()
    }

    /// An entry of the audit trail, made now.
    pub(crate) fn deed(&self, who: &str, deed: Deed, object: impl Into<String>, from: IpAddr) -> AuditEntry {
        AuditEntry {
            at: self.0.clock.now(),
            who: who.to_owned(),
            deed,
            object: object.into(),
            from: from.to_string(),
        }
    }

    /// Whether the holder of a token may still do what was begun with it; yes while the library is away.
    pub(crate) async fn still_allowed(&self, token_hash: &str, permission: Permission) -> bool {
        let user = self.sessions().user(&**self.library(), token_hash, self.0.clock.now()).await;
        match user {
            Ok(Some(user)) => may(&user, permission),
            Ok(None) => false,
            Err(_) => true,
        }
    }
}

fn may(user: &User, permission: Permission) -> bool {
    access::reach(&user.subject(), permission) != Reach::Nothing
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Web").field("options", &self.0.options).finish_non_exhaustive()
    }
}

impl fmt::Debug for Doors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Doors")
    }
}
