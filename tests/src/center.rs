//! A center as a test wants it: what every one has, on ports of its own, and what this one has beyond that.

use std::fs;
use std::path::Path;

use crate::place;

/// Writes a configuration into a folder, and the folders it names. `more` are sections of its own.
pub fn write(folder: &Path, more: &str) {
    let ports = place::rtp_ports();
    let config = format!(
        "[center]\nname = \"Test\"\ndomain = \"center.test\"\n\n\
         [sip]\nlisten = \"127.0.0.1\"\nport = 0\n\n[media]\nports = \"{}-{}\"\n\n[http]\nport = 0\n\n\
         [database]\nurl = \"sqlite:data/hotline.db\"\n\n[folders]\ndata = \"data\"\ndialplans = \"dialplans\"\n\n{more}",
        ports.start(),
        ports.end(),
    );
    for inner in ["dialplans", "data"] {
        fs::create_dir_all(folder.join(inner)).expect("a folder");
    }
    fs::write(folder.join("hotline.toml"), config).expect("written");
}

/// A phone's section. Its password is `USER's`.
pub fn phone(user: &str) -> String {
    format!("[[phone]]\nuser = \"{user}\"\npassword = \"{user}'s\"\n\n")
}
