//! A center as a test wants it: what every one has, on ports of its own, and what this one has beyond that.

use std::fs;
use std::path::Path;

use crate::place;

/// A center's configuration, as far as tests differ in it.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// Whom it answers for.
    pub domain: &'a str,
    /// Further lines of the section `[sip]`.
    pub sip: &'a str,
    /// The database's address.
    pub database: &'a str,
    /// Sections of its own.
    pub more: &'a str,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Self { domain: "center.test", sip: "", database: "sqlite:data/hotline.db", more: "" }
    }
}

impl Settings<'_> {
    /// Writes the configuration into a folder, and the folders it names.
    pub fn write(&self, folder: &Path) {
        let Self { domain, sip, database, more } = self;
        let ports = place::rtp_ports();
        let config = format!(
            "[center]\nname = \"Test\"\ndomain = \"{domain}\"\n\n\
             [sip]\nlisten = \"127.0.0.1\"\nport = 0\n{sip}\n[media]\nports = \"{}-{}\"\n\n[http]\nport = 0\n\n\
             [database]\nurl = \"{database}\"\n\n[folders]\ndata = \"data\"\ndialplans = \"dialplans\"\n\n{more}",
            ports.start(),
            ports.end(),
        );
        for inner in ["dialplans", "data"] {
            fs::create_dir_all(folder.join(inner)).expect("a folder");
        }
        fs::write(folder.join("hotline.toml"), config).expect("written");
    }
}

/// Writes a configuration into a folder, and the folders it names. `more` are sections of its own.
pub fn write(folder: &Path, more: &str) {
    Settings { more, ..Settings::default() }.write(folder);
}

/// Writes a dialplan that begins at its step `go`.
pub fn dialplan(folder: &Path, name: &str, entry: &str, steps: &str) {
    let text = format!("name = \"{name}\"\nentry = [\"tel:{entry}\"]\nstart = \"go\"\n\n{steps}");
    fs::write(folder.join(format!("dialplans/{name}.toml")), text).expect("written");
}

/// A phone's section. Its password is `USER's`.
pub fn phone(user: &str) -> String {
    format!("[[phone]]\nuser = \"{user}\"\npassword = \"{user}'s\"\n\n")
}
