//! Two phones of one center that talk: where most tests of live calls begin.

use crate::baresip::{Line, Phone};
use crate::http::Http;
use crate::server::Server;
use crate::{center, place};

/// What anna says.
pub const ANNA_HZ: f64 = 660.0;
/// What bert says.
pub const BERT_HZ: f64 = 550.0;

/// Anna (1001) has called bert (1002), and each hears the other.
#[derive(Debug)]
pub struct Pair {
    /// Who called.
    pub anna: Line,
    /// Who was called.
    pub bert: Line,
    /// The center's, as its administrator.
    pub http: Http,
    /// Their interaction.
    pub call: String,
    /// The center.
    pub server: Server,
}

impl Pair {
    /// Starts a center in a folder named after the test, and lets them talk.
    pub fn talking(test: &str) -> Pair {
        let folder = place::folder(test);
        center::write(&folder, &[center::phone("1001"), center::phone("1002")].concat());
        let server = Server::serve(&folder);
        let http = server.as_admin();
        let phone = |user: &str, hz| {
            let phone = Phone::of_user(user, &format!("{user}'s")).playing(hz).ringing();
            phone.on(&server).registered()
        };
        let (mut anna, mut bert) = (phone("1001", ANNA_HZ), phone("1002", BERT_HZ));
        anna.dial("1002");
        bert.rings(20);
        bert.accept();
        anna.connected(20);
        anna.hears("bert", 30, |sound| sound.last(1.0).tone_share(BERT_HZ) > 0.9);
        bert.hears("anna", 30, |sound| sound.last(1.0).tone_share(ANNA_HZ) > 0.9);
        let board = http.json("/api/v1/interactions");
        let call = board["interactions"][0]["id"].as_str().expect("the open call").to_owned();
        Pair { anna, bert, http, call, server }
    }
}
