//! A real browser without a display: Chromium, driven through `tests/browser/page.mjs` as somebody who reads a page, and
//! through `tests/browser/phone.mjs` as a page that is a phone.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::patience;
use crate::place;
use crate::server::Server;
use crate::sound::Sound;
use crate::tree;

/// A browser's driver: a line in, a line out. The browser is closed when the test ends.
#[derive(Debug)]
struct Driver {
    child: Child,
    /// Gone when the browser is to be closed.
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

/// One page.
#[derive(Debug)]
pub struct Page {
    driver: Driver,
    base: String,
    pictures: PathBuf,
}

impl Page {
    /// Opens an empty page; its pictures go beside the server's log.
    pub fn of(server: &Server) -> Page {
        let pictures = server.folder().to_path_buf();
        Page { driver: Driver::start("page.mjs"), base: server.ready.http.clone(), pictures }
    }

    /// Opens a path of the server.
    pub fn open(&mut self, path: &str) {
        let url = format!("{}{path}", self.base);
        self.tell(json!({ "do": "open", "url": url }));
    }

    /// Logs in on the page that asks for it.
    pub fn log_in(&mut self, name: &str, password: &str) {
        self.tell(json!({ "do": "login", "name": name, "password": password }));
    }

    /// Waits until a text can be read.
    pub fn sees(&mut self, text: &str) {
        self.tell(json!({ "do": "see", "text": text }));
    }

    /// Waits until a text cannot be read any more.
    pub fn sees_no_more(&mut self, text: &str, within_s: u64) {
        self.tell(json!({ "do": "gone", "text": text, "s": within_s }));
    }

    /// Presses the link, button or tab of this name.
    pub fn click(&mut self, name: &str) {
        self.tell(json!({ "do": "click", "name": name }));
    }

    /// Prefers dark colors from now on.
    pub fn dark(&mut self) {
        self.tell(json!({ "do": "dark" }));
    }

    /// Plays the page's recording a little and gives its length in seconds.
    pub fn plays_audio(&mut self) -> f64 {
        let played = self.tell(json!({ "do": "audio" }));
        played["length"].as_f64().unwrap_or_else(|| panic!("no length in {played}"))
    }

    /// Keeps a picture.
    pub fn picture(&mut self, name: &str) {
        let file = self.pictures.join(format!("{name}.png"));
        self.tell(json!({ "do": "shot", "file": file }));
    }

    /// Fails if the page has complained about anything: scripts, policies, missing files.
    pub fn must_not_have_complained(&mut self) {
        let complaints = self.tell(json!({ "do": "errors" }));
        assert_eq!(complaints, json!([]), "the page complained");
    }

    fn tell(&mut self, command: Value) -> Value {
        self.driver.tell(command)
    }
}

/// A page of the server's that is a phone, by one of the libraries that pages use for it.
#[derive(Debug)]
pub struct PhonePage {
    driver: Driver,
}

impl PhonePage {
    /// Opens the server's page, encrypted.
    pub fn of(server: &Server) -> PhonePage {
        PhonePage::at(server.secure())
    }

    /// Opens the page of the server that is reached at this address, encrypted.
    pub fn at(address: SocketAddr) -> PhonePage {
        let url = format!("https://{address}/");
        let mut driver = Driver::start("phone.mjs");
        driver.tell(json!({ "do": "open", "url": url }));
        PhonePage { driver }
    }

    /// Logs in as the UI does.
    pub fn log_in(&mut self, name: &str, password: &str) {
        self.driver.tell(json!({ "do": "login", "name": name, "password": password }));
    }

    /// Logs out.
    pub fn log_out(&mut self) {
        self.driver.tell(json!({ "do": "logout" }));
    }

    /// Asks for what a phone needs.
    pub fn pass(&mut self) -> Value {
        self.driver.tell(json!({ "do": "pass" }))
    }

    /// A new phone registers with it, made by `jssip` or `sipjs`. What became of it.
    pub fn registers(&mut self, library: &str, pass: &Value) -> String {
        self.tries_to_register(library, pass).unwrap_or_else(|why| panic!("{why}"))
    }

    /// The same, and why it did not even come to that.
    pub fn tries_to_register(&mut self, library: &str, pass: &Value) -> Result<String, String> {
        let said = self.driver.asks(json!({ "do": "register", "library": library, "pass": pass }))?;
        Ok(said.as_str().unwrap_or_else(|| panic!("{said}")).to_owned())
    }

    /// The same phone registers once more.
    pub fn registers_again(&mut self, pass: &Value) -> String {
        let said = self.driver.tell(json!({ "do": "again", "pass": pass }));
        said.as_str().unwrap_or_else(|| panic!("{said}")).to_owned()
    }

    /// Who has called the phone so far.
    pub fn calls(&mut self) -> Value {
        self.driver.tell(json!({ "do": "calls" }))
    }
}

/// A page's phone that can call and be called.
impl PhonePage {
    /// The page of this agent, registered by its log-in, with a voice of this tone; it answers whoever calls.
    pub fn of_agent(server: &Server, login: &str, library: &str, hz: f64) -> PhonePage {
        PhonePage::bound_to(server, login, library, hz, "all")
    }

    /// The same; `relay` allows no way but by the TURN servers that the page was told of, `tcp` (with `jssip`) none but a
    /// connection to the center, `via ADDRESS PORT` (with `jssip`) none but by a router there.
    pub fn bound_to(server: &Server, login: &str, library: &str, hz: f64, policy: &str) -> PhonePage {
        PhonePage::through(server.secure(), server, login, library, hz, policy)
    }

    /// The same, where the server is reached at another address than its own.
    pub fn through(
        address: SocketAddr,
        server: &Server,
        login: &str,
        library: &str,
        hz: f64,
        policy: &str,
    ) -> PhonePage {
        let agent = server.agent(login).clone();
        let mut page = PhonePage::at(address);
        page.log_in(&agent.login, &agent.password);
        let mut pass = page.pass();
        pass["policy"] = json!(policy);
        assert_eq!(page.registers(library, &pass), "registered for 300 s");
        page.driver.tell(json!({ "do": "line", "answers": true, "hz": hz }));
        page
    }

    /// Calls somebody.
    pub fn call(&mut self, target: &str) {
        self.driver.tell(json!({ "do": "call", "target": target }));
    }

    /// Waits until something has happened: `talks`, `over`, `hold local`, `back` when it has lost its connection and has another …
    pub fn noted(&mut self, what: &str, within_s: u64) {
        self.driver.tell(json!({ "do": "noted", "what": what, "s": within_s }));
    }

    /// How often something has happened.
    pub fn times(&mut self, what: &str) -> usize {
        let log = self.driver.tell(json!({ "do": "log" }));
        let lines = log.as_array().expect("a list").iter();
        lines.filter(|line| line.as_str().is_some_and(|line| line.starts_with(what))).count()
    }

    /// Does one of `hold`, `resume`, `restart`, `hangUp`.
    pub fn does(&mut self, what: &str) {
        self.driver.tell(json!({ "do": what }));
    }

    /// How its connection is, by the browser's account.
    pub fn state(&mut self) -> Value {
        self.driver.tell(json!({ "do": "state" }))
    }

    /// Listens until the sound is as it should be.
    pub fn hears(&mut self, what: &str, within_s: u64, is_so: impl Fn(&Sound) -> bool) {
        patience::expect(&format!("the page hears {what}"), within_s, || is_so(&self.listens(1.0)));
    }

    /// What the far end says for so many seconds.
    pub fn listens(&mut self, seconds: f64) -> Sound {
        let heard = self.driver.tell(json!({ "do": "hear", "s": seconds }));
        let bytes = decoded(heard["samples"].as_str().unwrap_or_default());
        let samples = bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        let rate = heard["rate"].as_u64().and_then(|rate| u32::try_from(rate).ok()).expect("a rate");
        Sound::of(rate, samples)
    }
}

/// Base 64 as a page makes it.
fn decoded(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut value = [0u32; 256];
    for (at, letter) in (0..).zip(LETTERS) {
        value[usize::from(*letter)] = at;
    }
    let letters: Vec<u8> = text.bytes().filter(|letter| *letter != b'=').collect();
    let mut out = Vec::with_capacity(letters.len() / 4 * 3);
    for four in letters.chunks(4) {
        let bits = four.iter().fold(0, |bits, letter| bits << 6 | value[usize::from(*letter)])
            << (6 * (4 - four.len()));
        out.extend_from_slice(&bits.to_be_bytes()[1..four.len()]);
    }
    out
}

impl Driver {
    fn start(script: &str) -> Driver {
        let chromium = place::program("chromium", "chromium");
        let node = place::program("node", "nodejs");
        let mut child = Command::new(node)
            .arg(tree::root().join("tests/browser").join(script))
            .env("CHROMIUM", chromium)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node can be started");
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("its output"));
        let mut driver = Driver { child, stdin, stdout };
        driver.answer().expect("the browser starts");
        driver
    }

    fn tell(&mut self, command: Value) -> Value {
        let what = command.to_string();
        self.asks(command).unwrap_or_else(|why| panic!("{what}: {why}"))
    }

    /// Tells it something that may go wrong.
    fn asks(&mut self, command: Value) -> Result<Value, String> {
        let stdin = self.stdin.as_mut().expect("an open page");
        writeln!(stdin, "{command}").expect("the browser's driver listens");
        self.answer()
    }

    fn answer(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("the browser's driver answers");
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"));
        if answer["ok"] == true { Ok(answer["value"].clone()) } else { Err(format!("{answer:#}")) }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Chromium is a child of node's: killing node would leave it, ending node's input closes both.
        self.stdin = None;
        let _ = self.child.wait();
    }
}
