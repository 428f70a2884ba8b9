//! What an operator decides about the web.

use crate::ice::IceServers;
use base::Duration;

/// The web's settings.
#[derive(Clone, Debug)]
pub struct WebOptions {
    /// The center's name, as the page shows it.
    pub name: String,
    /// The SIP domain.
    pub domain: String,
    /// The program's version.
    pub version: String,
    /// How long a log-in lasts.
    pub session: Duration,
    /// What opens `/metrics` besides an administrator's log-in; without it, nothing else does.
    pub metrics_token: Option<String>,
    /// Whether passwords are taken over plain HTTP from other machines: right behind a proxy that encrypts, nowhere else.
    pub plain_login: bool,
    /// Other origins than our own whose pages may open WebSockets here, such as `https://wall.example.org`. Each of
    /// them can see what the person in front of it may see.
    pub origins: Vec<String>,
    /// How long phones in browsers are waited for.
    pub phones: PhoneLimits,
    /// What pages are told of the center at the start; see [`crate::Web::tell`].
    pub pages: PageSettings,
}

/// How long phones in browsers are waited for.
#[derive(Clone, Copy, Debug)]
pub struct PhoneLimits {
    /// How long a new connection may take to its first message.
    pub first_message_max: Duration,
    /// How often the server asks for a sign of life. It also keeps the ways between open.
    pub ping_every: Duration,
    /// How long a phone may show no sign of life: two pings and some.
    pub silence_max: Duration,
}

impl Default for PhoneLimits {
    fn default() -> Self {
        Self {
            first_message_max: Duration::from_secs(10),
            ping_every: Duration::from_secs(30),
            silence_max: Duration::from_secs(75),
        }
    }
}

impl Default for WebOptions {
    fn default() -> Self {
        Self {
            name: "Hotline".into(),
            domain: "hotline.test".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            session: Duration::from_secs(12 * 3600),
            metrics_token: None,
            plain_login: false,
            origins: Vec::new(),
            phones: PhoneLimits::default(),
            pages: PageSettings::default(),
        }
    }
}

/// What pages are told of the center and what may change while it runs.
#[derive(Clone, Debug)]
pub struct PageSettings {
    /// The name of the time zone in which its days begin.
    pub zone: String,
    /// What helps them where their network lets no sound through.
    pub ice_servers: IceServers,
}

impl Default for PageSettings {
    fn default() -> Self {
        Self { zone: "UTC".into(), ice_servers: IceServers::default() }
    }
}
