//! A real SIP phone without a screen, a sound card or a hand: baresip, driven through its control port.
//!
//! It plays a tone of its own and keeps what it heard, so that a test can ask who heard whom. baresip's `sndfile` module
//! writes one file per call and direction; `…-dec.wav` is what was received.
//!
//! Two habits of baresip to know: it wants its network interface as an address, and it is registered before the control
//! port is open, so registration is asked for and not waited for.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use serde_json::Value;

use crate::patience::{self, Deadline};
use crate::place;
use crate::server::Server;
use crate::sound::Sound;

/// How long the phone may take to start and to answer a command.
const COMMAND_S: u64 = 15;

/// Where Debian puts baresip's modules; `BARESIP_MODULES` names another place.
const MODULES: &str = "/usr/lib/baresip/modules";

/// Longer than any test, so that the tone never ends.
const TONE_S: f64 = 180.0;

/// What a phone will be, before it is switched on.
#[derive(Debug, Clone)]
pub struct Phone {
    name: String,
    user: String,
    password: Option<String>,
    hz: f64,
    codec: &'static str,
    /// How it seals sound, by baresip's name for it; not at all if there is none.
    sealing: Option<&'static str>,
    transport: &'static str,
    /// Who vouches for the server.
    authority: Option<PathBuf>,
    answers: bool,
    calls_max: u8,
    /// Where it listens for SIP; anywhere, if nobody needs to know.
    port: Option<u16>,
}

impl Phone {
    /// A caller out there: not registered, anonymous to the server but for its number.
    pub fn caller(number: &str) -> Phone {
        Phone {
            name: format!("caller-{number}"),
            user: number.to_owned(),
            password: None,
            hz: 440.0,
            codec: "pcmu",
            sealing: None,
            transport: "udp",
            authority: None,
            answers: false,
            calls_max: 4,
            port: None,
        }
    }

    /// The phone of an agent of the demo, which answers every call at once.
    pub fn of_agent(server: &Server, login: &str) -> Phone {
        let agent = server.agent(login);
        Phone {
            name: login.to_owned(),
            user: agent.sip_user.clone(),
            password: Some(agent.sip_password.clone()),
            hz: 660.0,
            answers: true,
            ..Phone::caller("")
        }
    }

    /// A phone that registers as this user with this password, and answers every call at once.
    pub fn of_user(user: &str, password: &str) -> Phone {
        Phone {
            name: format!("user-{user}"),
            password: Some(password.to_owned()),
            hz: 660.0,
            answers: true,
            ..Phone::caller(user)
        }
    }

    /// Plays this tone into every call.
    pub fn playing(self, hz: f64) -> Phone {
        Phone { hz, ..self }
    }

    /// Speaks only this codec, by baresip's name for it (`pcmu`, `pcma`, `g722`, `opus`).
    pub fn speaking(self, codec: &'static str) -> Phone {
        Phone { codec, ..self }
    }

    /// Seals its sound with keys in the description (`srtp`: if the other side does, `srtp-mand`: or not at all).
    pub fn sealing(self, how: &'static str) -> Phone {
        Phone { sealing: Some(how), ..self }
    }

    /// Knows this authority, where SIP goes over TLS. (Debian's baresip takes certificates of others as well.)
    pub fn trusting(self, authority: &Path) -> Phone {
        Phone { authority: Some(authority.to_owned()), ..self }
    }

    /// Listens for SIP on this port.
    pub fn at(self, port: u16) -> Phone {
        Phone { port: Some(port), ..self }
    }

    /// Uses SIP over `udp`, `tcp` or `tls`.
    pub fn over(self, transport: &'static str) -> Phone {
        Phone { transport, ..self }
    }

    /// Rings, and waits for [`Line::accept`] or [`Line::hang_up`].
    pub fn ringing(self) -> Phone {
        Phone { answers: false, ..self }
    }

    /// Refuses a second call with 486.
    pub fn with_one_line(self) -> Phone {
        Phone { calls_max: 1, ..self }
    }

    /// With another password than the right one.
    pub fn with_password(self, password: &str) -> Phone {
        Phone { password: Some(password.to_owned()), ..self }
    }

    /// Switches it on against the server.
    pub fn on(self, server: &Server) -> Line {
        let address = match self.transport {
            "tcp" => server.ready.sip.tcp,
            "tls" => server.ready.sip.tls.expect("the server speaks TLS"),
            _ => server.ready.sip.udp,
        };
        self.on_at(&server.ready.domain, Some(address), server.folder())
    }

    /// Switches it on against any proxy, or none.
    pub fn on_at(self, domain: &str, proxy: Option<SocketAddr>, folder: &Path) -> Line {
        let baresip = place::program("baresip", "baresip-core");
        let folder = folder.join(format!("phone-{}", self.name));
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("the phone's old files can go");
        }
        fs::create_dir_all(folder.join("heard")).expect("the phone's folder");
        let sip_port = self.port.unwrap_or_else(place::free_port);
        // It listens for TLS on the port above.
        let control = std::iter::repeat_with(place::free_port).find(|port| *port != sip_port + 1);
        let control = control.expect("there is no end of ports");
        let tone = folder.join("tone.wav");
        Sound::tone(8000, self.hz, TONE_S).write(&tone).expect("the tone is written");
        fs::write(folder.join("config"), self.config(&folder, &tone, control, sip_port)).expect("config");
        fs::write(folder.join("accounts"), self.account(domain, proxy)).expect("accounts");
        fs::write(folder.join("contacts"), "").expect("contacts");
        let output = File::create(folder.join("output.log")).expect("a log file");
        let mut child = Command::new(baresip)
            .arg("-f")
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(output.try_clone().expect("the same log"))
            .stderr(output)
            .spawn()
            .expect("baresip can be started");
        let stream = patience::until(COMMAND_S, || {
            if let Ok(Some(status)) = child.try_wait() {
                panic!(
                    "baresip {} ended with {status}:\n{}",
                    self.name,
                    place::tail(&folder.join("output.log"), 30)
                );
            }
            TcpStream::connect(("127.0.0.1", control)).ok()
        });
        let stream = stream.unwrap_or_else(|| panic!("baresip {} opened no control port", self.name));
        let news = Arc::new(News::default());
        let listener = Arc::clone(&news);
        let incoming = stream.try_clone().expect("the same connection");
        thread::spawn(move || listen(incoming, &listener));
        Line {
            name: self.name,
            domain: domain.to_owned(),
            child,
            stream,
            news,
            folder,
            sip_port,
            commands: 0,
            given: BTreeSet::new(),
        }
    }

    fn config(&self, folder: &Path, tone: &Path, control: u16, sip_port: u16) -> String {
        let modules = std::env::var("BARESIP_MODULES").unwrap_or_else(|_| MODULES.to_owned());
        // RTP of the phones: above the servers' ranges, below the kernel's own.
        let rtp = "32000-32700";
        let heard = folder.join("heard");
        let mut text = format!(
            "sip_listen 127.0.0.1:{sip_port}\n\
             net_interface 127.0.0.1\n\
             poll_method epoll\n\
             call_local_timeout 120\n\
             call_max_calls {calls_max}\n\
             audio_source aufile,{tone}\n\
             audio_player aubridge,nil\n\
             audio_alert aubridge,nil\n\
             ausrc_srate 8000\n\
             ausrc_channels 1\n\
             ausrc_format s16\n\
             auplay_format s16\n\
             auenc_format s16\n\
             audec_format s16\n\
             audio_buffer 20-160\n\
             rtp_ports {rtp}\n\
             rtcp_mux no\n\
             jitter_buffer_delay 1-5\n\
             snd_path {heard}\n\
             ctrl_tcp_listen 127.0.0.1:{control}\n\
             module_path {modules}\n",
            calls_max = self.calls_max,
            tone = tone.display(),
            heard = heard.display(),
        );
        if let Some(authority) = &self.authority {
            text.push_str(&format!("sip_cafile {}\n", authority.display()));
        }
        for module in ["stdio", "sndfile", "aufile", "aubridge", "g711", "g722", "opus"] {
            text.push_str(&format!("module {module}.so\n"));
        }
        if self.sealing.is_some() {
            text.push_str("module srtp.so\n");
        }
        text.push_str("module_tmp uuid.so\nmodule_tmp account.so\n");
        for module in ["ctrl_tcp", "menu", "debug_cmd"] {
            text.push_str(&format!("module_app {module}.so\n"));
        }
        text
    }

    fn account(&self, domain: &str, proxy: Option<SocketAddr>) -> String {
        let transport = self.transport;
        // It knows these two by their clock as well.
        let codec = match self.codec {
            "g722" => "g722/16000/1",
            "opus" => "opus/48000/2",
            plain => plain,
        };
        let mut account = format!("<sip:{}@{domain};transport={transport}>;audio_codecs={codec}", self.user);
        if let Some(sealing) = self.sealing {
            account.push_str(&format!(";mediaenc={sealing}"));
        }
        match &self.password {
            Some(password) => {
                account.push_str(&format!(";auth_user={};auth_pass={password};regint=300", self.user))
            }
            None => account.push_str(";regint=0"),
        }
        account.push_str(if self.answers { ";answermode=auto" } else { ";answermode=manual" });
        if let Some(proxy) = proxy {
            account.push_str(&format!(";outbound=\"sip:{proxy};transport={transport}\""));
        }
        account.push('\n');
        account
    }
}

/// A phone that is switched on. It is switched off when the test ends.
#[derive(Debug)]
pub struct Line {
    name: String,
    domain: String,
    child: Child,
    stream: TcpStream,
    news: Arc<News>,
    folder: PathBuf,
    sip_port: u16,
    commands: u64,
    /// The events a wait has given to the test, by their place; each is given once.
    given: BTreeSet<usize>,
}

/// What the control port has said so far.
#[derive(Debug, Default)]
struct News {
    said: Mutex<Said>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Said {
    events: Vec<Value>,
    responses: Vec<Value>,
}

impl Line {
    /// Waits until the registrar has accepted this phone.
    pub fn registered(mut self) -> Line {
        let accepted = patience::until(COMMAND_S, || {
            if self.has_seen("REGISTER_FAIL") {
                panic!("{} was refused by the registrar:\n{}", self.name, self.output());
            }
            let answer = self.command("reginfo", "");
            answer["data"].as_str().unwrap_or_default().contains("OK").then_some(())
        });
        assert!(
            accepted.is_some(),
            "{} is not registered after {COMMAND_S} s:\n{}",
            self.name,
            self.output()
        );
        self
    }

    /// Waits until the registrar has refused this phone.
    pub fn refused(mut self) -> Line {
        let refused = patience::until(COMMAND_S, || {
            let answer = self.command("reginfo", "");
            let text = answer["data"].as_str().unwrap_or_default().to_owned();
            assert!(!text.contains("OK"), "{} was registered: {text}", self.name);
            (self.has_seen("REGISTER_FAIL") || text.contains("ERR")).then_some(())
        });
        assert!(refused.is_some(), "{} got no answer to its REGISTER:\n{}", self.name, self.output());
        self
    }

    /// Dials a number in the server's domain.
    pub fn dial(&mut self, number: &str) {
        let uri = format!("sip:{number}@{}", self.domain);
        self.dial_uri(&uri);
    }

    /// Dials any address.
    pub fn dial_uri(&mut self, uri: &str) {
        let answer = self.command("dial", uri);
        assert_eq!(answer["ok"], true, "{} cannot dial {uri}: {answer}", self.name);
    }

    /// Dials a number and waits until the call is answered.
    pub fn call(&mut self, number: &str) {
        self.dial(number);
        self.wait_for(&["CALL_ESTABLISHED"], COMMAND_S);
    }

    /// Dials a code such as `*50` and waits until the server has heard it and hung up.
    pub fn dial_code(&mut self, code: &str) {
        self.dial(code);
        self.wait_for(&["CALL_ESTABLISHED"], COMMAND_S);
        self.wait_for(&["CALL_CLOSED"], COMMAND_S);
    }

    /// Presses a key during a call; it travels as an RFC 4733 event.
    pub fn press(&mut self, key: char) {
        let stdin = self.child.stdin.as_mut().expect("the phone's keys");
        stdin.write_all(key.to_string().as_bytes()).and_then(|()| stdin.flush()).expect("the key is pressed");
    }

    /// Waits until it rings.
    pub fn rings(&mut self, within_s: u64) -> Value {
        self.wait_for(&["CALL_INCOMING"], within_s)
    }

    /// Answers what rings.
    pub fn accept(&mut self) {
        self.command("accept", "");
        self.wait_for(&["CALL_ESTABLISHED"], COMMAND_S);
    }

    /// Waits until a call is connected.
    pub fn connected(&mut self, within_s: u64) -> Value {
        self.wait_for(&["CALL_ESTABLISHED"], within_s)
    }

    /// Waits until a call has ended; its reason is in `param`.
    pub fn ended(&mut self, within_s: u64) -> Value {
        self.wait_for(&["CALL_CLOSED"], within_s)
    }

    /// Hangs up, or refuses what rings.
    pub fn hang_up(&mut self) {
        self.command("hangup", "");
    }

    /// Puts the call on hold.
    pub fn hold(&mut self) {
        self.command("hold", "");
    }

    /// Asks the far end to be connected with a number (a blind transfer).
    pub fn pass_on(&mut self, number: &str) {
        let uri = format!("sip:{number}@{}", self.domain);
        let answer = self.command("transfer", &uri);
        assert_eq!(answer["ok"], true, "{} cannot pass on to {uri}: {answer}", self.name);
    }

    /// Takes the call back.
    pub fn resume(&mut self) {
        self.command("resume", "");
    }

    /// Waits for the first event of one of these types that no earlier wait was given.
    pub fn wait_for(&mut self, types: &[&str], within_s: u64) -> Value {
        let deadline = Deadline::after_s(within_s);
        let mut said = self.news.said.lock().expect("the listener lives");
        loop {
            let mut events = said.events.iter().enumerate();
            let found = events.find(|(place, event)| is_one_of(event, types) && !self.given.contains(place));
            if let Some((place, event)) = found {
                self.given.insert(place);
                return event.clone();
            }
            let Some(left) = deadline.left() else { break };
            said = self.news.more.wait_timeout(said, left).expect("the listener lives").0;
        }
        let seen: Vec<String> =
            said.events.iter().map(|e| e["type"].as_str().unwrap_or("?").to_owned()).collect();
        drop(said);
        panic!("{}: no {types:?} within {within_s} s; saw {seen:?}\n{}", self.name, self.output());
    }

    /// Whether an event of this type has come, now or earlier.
    pub fn has_seen(&self, kind: &str) -> bool {
        self.news
            .said
            .lock()
            .expect("the listener lives")
            .events
            .iter()
            .any(|event| is_one_of(event, &[kind]))
    }

    /// How many events of this type have come.
    pub fn count(&self, kind: &str) -> usize {
        self.news
            .said
            .lock()
            .expect("the listener lives")
            .events
            .iter()
            .filter(|e| is_one_of(e, &[kind]))
            .count()
    }

    /// The digits this phone has received.
    pub fn digits(&self) -> String {
        let said = self.news.said.lock().expect("the listener lives");
        let starts = said.events.iter().filter(|event| is_one_of(event, &["CALL_DTMF_START"]));
        starts.filter_map(|event| event["param"].as_str().map(str::to_owned)).collect()
    }

    /// What it has heard in its latest call so far.
    pub fn heard(&self) -> Sound {
        self.try_heard().unwrap_or_else(|| panic!("{} has heard nothing:\n{}", self.name, self.output()))
    }

    /// Waits until what it hears in the latest call satisfies `is_so`.
    pub fn hears(&self, what: &str, within_s: u64, is_so: impl Fn(&Sound) -> bool) {
        let heard = patience::until(within_s, || self.try_heard().filter(|sound| is_so(sound)));
        if heard.is_none() {
            let got = self.try_heard().map_or("nothing at all".to_owned(), |s| {
                format!(
                    "{:.1} s, {:.1} s of it not silent, {:.0} dBFS",
                    s.seconds(),
                    s.seconds_sounding(),
                    s.loudness_dbfs()
                )
            });
            panic!(
                "{} does not hear {what} within {within_s} s; it heard {got}\n{}",
                self.name,
                self.output()
            );
        }
    }

    /// The port it listens on for SIP.
    pub fn sip_port(&self) -> u16 {
        self.sip_port
    }

    /// The files of what it heard, one per call, oldest first.
    pub fn heard_files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.join("heard")).expect("the phone's folder");
        let mut files: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
        files.retain(|path| path.display().to_string().ends_with("-dec.wav"));
        files.sort();
        files
    }

    /// Lets the phone stand still: it sends nothing and takes nothing, and does not know it.
    pub fn freeze(&mut self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn thaw(&mut self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "{} cannot be sent {name}", self.name);
    }

    /// Cuts the phone's cable: it sends nothing any more, not even a BYE.
    pub fn cut_off(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn try_heard(&self) -> Option<Sound> {
        self.heard_files().last().and_then(|path| Sound::read(path).ok())
    }

    fn output(&self) -> String {
        place::tail(&self.folder.join("output.log"), 30)
    }

    fn command(&mut self, command: &str, parameters: &str) -> Value {
        self.commands += 1;
        let token = format!("t{}", self.commands);
        let message =
            serde_json::json!({ "command": command, "params": parameters, "token": token }).to_string();
        write!(self.stream, "{}:{message},", message.len()).expect("the phone listens");
        let deadline = Deadline::after_s(COMMAND_S);
        let mut said = self.news.said.lock().expect("the listener lives");
        loop {
            if let Some(response) = said.responses.iter().find(|response| response["token"] == token.as_str())
            {
                return response.clone();
            }
            let Some(left) = deadline.left() else { break };
            said = self.news.more.wait_timeout(said, left).expect("the listener lives").0;
        }
        drop(said);
        panic!("{} does not answer to {command} {parameters}:\n{}", self.name, self.output());
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_one_of(event: &Value, types: &[&str]) -> bool {
    event["type"].as_str().is_some_and(|kind| types.contains(&kind))
}

/// Reads netstrings (`LENGTH:JSON,`) from the control port until it closes.
fn listen(mut stream: TcpStream, news: &News) {
    let mut buffer = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(count) = stream.read(&mut piece) {
        if count == 0 {
            return;
        }
        buffer.extend_from_slice(&piece[..count]);
        while let Some(message) = take_netstring(&mut buffer) {
            let Ok(message) = serde_json::from_slice::<Value>(&message) else { continue };
            let mut said = news.said.lock().expect("no test panics while it holds this");
            if message["response"] == true {
                said.responses.push(message)
            } else {
                said.events.push(message)
            }
            news.more.notify_all();
        }
    }
}

fn take_netstring(buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let colon = buffer.iter().position(|byte| *byte == b':')?;
    let length: usize = std::str::from_utf8(&buffer[..colon]).ok()?.parse().ok()?;
    let end = colon + 1 + length;
    if buffer.len() <= end {
        return None;
    }
    let message = buffer[colon + 1..end].to_vec();
    buffer.drain(..=end);
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn netstrings_are_taken_one_by_one_and_only_when_whole() {
        let mut buffer = b"2:{},3:[1],5:[1,".to_vec();
        assert_eq!(take_netstring(&mut buffer), Some(b"{}".to_vec()));
        assert_eq!(take_netstring(&mut buffer), Some(b"[1]".to_vec()));
        assert_eq!(take_netstring(&mut buffer), None);
        buffer.extend_from_slice(b"2],");
        assert_eq!(take_netstring(&mut buffer), Some(b"[1,2]".to_vec()));
        assert!(buffer.is_empty());
    }
}
