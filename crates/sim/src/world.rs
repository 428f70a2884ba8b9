//! Telephony, center, sound, network and phones, joined, in virtual time.
//!
//! ```text
//!  phones ⇄ network ⇄ telephony ⇄ center
//!                         ⇅
//!                    sound graph (without packets: plays end by their length)
//! ```
//!
//! [`World::step`] jumps to the next moment at which anything is due and lets everything settle. Nothing ever waits.

use crate::nat::Nat;
use crate::network::{Datagram, Network};
use crate::phone::{Phone, Told};
use crate::setup::Setup;
use crate::weather::Weather;
use base::{Duration, IdSource, Instant, Now, SecretSource, Timestamp};
use center::{Center, Effect, Input};
use media::{ClipId, Command, Engine, Event, Hears, PortId, RecordingKey, Way};
use model::{BoardEvent, LegEvent, Record, RecordingId};
use sip::DigestSecret;
use sip::{Destination, Source, Transport};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use telephony::{CarrierAddress, Codec, Output, Telephony, Trunk};

/// The domain phones register with.
pub const DOMAIN: &str = "hotline.test";

/// Where the center is.
pub const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 5060);

/// The telephone network outside: the name of its phone, where our carrier sends calls out.
pub const CARRIER: &str = "carrier";

/// What numbers outside begin with.
const OUTSIDE: &str = "9";

/// The number that helps.
pub const EMERGENCY: &str = "112";

/// A user of the center whose phone is never there.
pub const NOWHERE: &str = "1099";

const CARRIER_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 1, 0, 1)), 5060);

/// The phone behind the trunk that is tried when the carrier does not take a call.
pub const RESERVE: &str = "reserve";

const RESERVE_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 3, 0, 1)), 5060);

/// Something that could be seen from outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Sight {
    /// A phone did something.
    Phone(String, Told),
    /// Somebody hears something else now.
    Hears(String, String),
    /// Something was written down.
    Record(Record),
    /// The operator was told of something wrong outside.
    Alarm(String),
    /// The board changed.
    Board(BoardEvent),
    /// Two parties hear each other from now on; their phones are named.
    Bridged(String, String),
}

/// The simulated world.
pub struct World {
    now: Now,
    settings: telephony::Settings,
    telephony: Telephony,
    center: Center,
    sound: Engine,
    network: Network,
    phones: BTreeMap<String, Phone>,
    by_address: BTreeMap<SocketAddr, String>,
    /// Where each port listens, and the other way round.
    ports: BTreeMap<PortId, SocketAddr>,
    by_port_address: BTreeMap<SocketAddr, PortId>,
    last_port: u16,
    /// Where each port's sound goes: who listens there.
    listeners: BTreeMap<PortId, SocketAddr>,
    clip_names: BTreeMap<ClipId, String>,
    plays: BTreeMap<(PortId, u64), String>,
    heard: BTreeMap<PortId, String>,
    recordings: BTreeMap<RecordingId, Instant>,
    to_telephony: VecDeque<telephony::Input>,
    to_center: VecDeque<Input>,
    sights: VecDeque<(Now, Sight)>,
    /// Who is cut off the network.
    cut: BTreeSet<SocketAddr>,
    /// The routers that phones stand behind, by the phone's address.
    routers: BTreeMap<SocketAddr, Nat>,
    last_router: u16,
    listens: bool,
    ids: IdSource,
    domain: String,
    troubles: Vec<String>,
}

impl World {
    /// A world that begins at `utc`, with everything random in it made from `seed`.
    ///
    /// `listens` says whether [`Sight::Hears`] is told, which costs a look at all ports after every step.
    pub fn new(setup: Setup, seed: u64, weather: Weather, utc: Timestamp, listens: bool) -> Self {
        let mut ids = IdSource::new(seed);
        let now = Now { mono: Instant::from_micros(1_000_000), utc };
        let secret = |user: &str, password: &str| DigestSecret::new(user, DOMAIN, password);
        let settings = telephony::Settings {
            domain: DOMAIN.to_owned(),
            address: SERVER,
            media_address: SERVER.ip(),
            phones: setup
                .phones
                .iter()
                .map(|(user, password)| (user.clone(), secret(user.as_str(), password)))
                .chain([(NOWHERE.into(), secret(NOWHERE, "lost with the phone"))])
                .collect(),
            trunks: vec![
                Trunk {
                    accept_from: vec!["10.1.0.0/16".parse().expect("a network")],
                    send_to: Some(CARRIER_ADDRESS.to_string().parse().expect("a carrier's address")),
                    prefixes: vec![OUTSIDE.to_owned()],
                    ..Trunk::new("carrier".into())
                },
                Trunk {
                    send_to: Some(RESERVE_ADDRESS.to_string().parse().expect("a carrier's address")),
                    prefixes: vec![OUTSIDE.to_owned()],
                    priority: 2,
                    ..Trunk::new("reserve".into())
                },
            ],
            redirects: telephony::Redirects::Outside,
            calls_out: setup.phones.keys().cloned().collect(),
            codecs: Codec::ALL.to_vec(),
            phone_codecs: BTreeMap::new(),
            srtp: telephony::SrtpRule::default(),
            phone_srtp: BTreeMap::new(),
            direct_media: BTreeSet::new(),
            emergency_trunks: Vec::new(),
            protection: telephony::Protection::default(),
            register_max: Duration::from_secs(3600),
        };
        let clip_names = setup.prompts.clips().map(|(name, clip)| (clip.id(), name.to_string())).collect();
        let mut world = Self {
            now,
            settings: settings.clone(),
            telephony: Telephony::new(settings, ids.fork(), SecretSource::fixed(seed)),
            center: Center::new(ids.fork(), 0),
            sound: Engine::silent(ids.fork()),
            network: Network::new(weather, ids.fork()),
            phones: BTreeMap::new(),
            by_address: BTreeMap::new(),
            ports: BTreeMap::new(),
            by_port_address: BTreeMap::new(),
            last_port: 20_000,
            listeners: BTreeMap::new(),
            clip_names,
            plays: BTreeMap::new(),
            heard: BTreeMap::new(),
            recordings: BTreeMap::new(),
            to_telephony: VecDeque::new(),
            to_center: VecDeque::new(),
            sights: VecDeque::new(),
            cut: BTreeSet::new(),
            routers: BTreeMap::new(),
            last_router: 0,
            listens,
            ids,
            domain: DOMAIN.to_owned(),
            troubles: Vec::new(),
        };
        world.to_telephony.push_back(telephony::Input::Prompts(setup.prompts));
        let directory = center::Directory {
            phones: setup.phones.into_keys().chain([NOWHERE.into()]).map(|user| (user, true)).collect(),
            outside: vec![OUTSIDE.to_owned()],
            emergency: vec![EMERGENCY.to_owned()],
        };
        world.to_center.push_back(Input::Config(Box::new(center::Settings { directory, ..setup.center })));
        world.settle();
        world
    }

    /// What time it is.
    pub fn now(&self) -> Now {
        self.now
    }

    /// The center inside.
    pub fn center(&self) -> &Center {
        &self.center
    }

    /// The telephony inside.
    pub fn telephony(&self) -> &Telephony {
        &self.telephony
    }

    /// The sound graph inside.
    pub fn sound(&self) -> &Engine {
        &self.sound
    }

    /// The network's weather changes.
    pub fn set_weather(&mut self, weather: Weather) {
        self.network.set_weather(weather);
    }

    /// Puts up a phone, under the name it is told of. Phones outside stand in 10.1, agents' in 10.2; [`CARRIER`] gets
    /// the calls that go out.
    pub fn add_phone(&mut self, name: &str, user: &str, password: Option<&str>) -> &mut Phone {
        let net = if password.is_some() { 2 } else { 1 };
        let host = u16::try_from(self.phones.len() + 2).unwrap_or(u16::MAX).to_be_bytes();
        let address = match name {
            CARRIER => CARRIER_ADDRESS,
            RESERVE => RESERVE_ADDRESS,
            _ => SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, net, host[0], host[1])), 5060),
        };
        let phone = Phone::new(user, password, &self.domain, address, SERVER, self.ids.fork());
        self.by_address.insert(address, name.to_owned());
        self.phones.entry(name.to_owned()).or_insert(phone)
    }

    /// Lets all phones of the center speak directly with each other from now on.
    pub fn let_phones_speak_directly(&mut self) {
        self.settings.direct_media = self.settings.phones.keys().cloned().collect();
        self.to_telephony.push_back(telephony::Input::Config(Box::new(self.settings.clone())));
        self.settle();
    }

    /// Cuts a phone off the network, or connects it again. Whoever sends to it hears nothing.
    pub fn cut_off(&mut self, name: &str, is_cut: bool) {
        if let Some(phone) = self.phones.get(name) {
            if is_cut {
                self.cut.insert(phone.address);
            } else {
                self.cut.remove(&phone.address);
            }
        }
    }

    /// Puts a phone behind a router; the one it has gets another address. The phone does not notice.
    pub fn change_address(&mut self, name: &str) {
        let Some(phone) = self.phones.get(name) else { return };
        self.last_router += 1;
        let host = self.last_router.to_be_bytes();
        let outside = IpAddr::V4(Ipv4Addr::new(192, 0, host[0], host[1]));
        self.routers.entry(phone.address).or_insert_with(|| Nat::new(outside)).rebind(outside);
    }

    /// The router of a phone forgets by which port its phone is seen, and takes others. The phone does not notice.
    pub fn change_port(&mut self, name: &str) {
        let router = self.phones.get(name).and_then(|phone| self.routers.get_mut(&phone.address));
        if let Some(router) = router {
            router.rebind(router.outside());
        }
    }

    /// A phone, by its name.
    pub fn phone(&mut self, name: &str) -> Option<&mut Phone> {
        self.phones.get_mut(name)
    }

    /// Lets a phone do something now.
    pub fn act<T>(&mut self, name: &str, act: impl FnOnce(&mut Phone, Now) -> T) -> Option<T> {
        let now = self.now;
        let done = self.phones.get_mut(name).map(|phone| act(phone, now));
        self.settle();
        done
    }

    /// The sound of whoever sends to `port_address` is lost on the way for seconds, or comes again.
    pub fn mute(&mut self, port_address: SocketAddr, muted: bool) {
        if let Some(port) = self.by_port_address.get(&port_address).copied() {
            let way = Way::In;
            let event = if muted { Event::OneWay { port, way } } else { Event::WayRestored { port, way } };
            self.to_telephony.push_back(telephony::Input::Media(event));
            self.settle();
        }
    }

    /// Whoever sends sound to `port_address` presses a key.
    pub fn press(&mut self, port_address: SocketAddr, digit: char) {
        if let Some(port) = self.by_port_address.get(&port_address)
            && let Some(digit) = media::Digit::from_char(digit)
        {
            self.to_telephony.push_back(telephony::Input::Media(Event::Digit { port: *port, digit }));
            self.settle();
        }
    }

    /// An input to the center that comes from the desk or the operator.
    pub fn tell_center(&mut self, input: Input) {
        self.to_center.push_back(input);
        self.settle();
    }

    /// When anything is due next.
    pub fn next_event(&self) -> Option<Instant> {
        let phones = self.phones.values().filter_map(Phone::poll_timeout).min();
        [
            phones,
            self.network.next_arrival(),
            self.telephony.poll_timeout(),
            self.center.poll_timeout(),
            self.sound.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Jumps to the next moment at which something is due, but not beyond `limit`, and lets everything settle.
    /// Returns `false` when nothing was due before `limit`; it is `limit` then.
    pub fn step(&mut self, limit: Instant) -> bool {
        match self.next_event() {
            Some(due) if due <= limit => {
                self.go_to(due.max(self.now.mono));
                self.happen();
                self.settle();
                true
            }
            _ => {
                self.go_to(limit.max(self.now.mono));
                false
            }
        }
    }

    fn go_to(&mut self, instant: Instant) {
        self.now = self.now.after(instant.since(self.now.mono));
        // Milliseconds of the wall clock must not drift away from microseconds of the other.
        self.now.mono = instant;
    }

    fn happen(&mut self) {
        let now = self.now;
        while let Some(datagram) = self.network.arrive(now.mono) {
            if datagram.to == SERVER {
                let source = Source {
                    transport: Transport::Udp,
                    local: SERVER,
                    remote: datagram.from,
                    connection: None,
                };
                self.to_telephony.push_back(telephony::Input::Message { bytes: datagram.bytes, source });
                self.settle();
                continue;
            }
            let behind = self.routers.values().find_map(|router| router.inward(datagram.to));
            let to = behind.unwrap_or(datagram.to);
            if self.cut.contains(&to) {
                continue;
            }
            // Nobody reaches what stands behind a router but through it.
            if (behind.is_some() || !self.routers.contains_key(&to))
                && let Some(name) = self.by_address.get(&to)
                && let Some(phone) = self.phones.get_mut(name)
            {
                phone.receive(datagram.from, datagram.bytes, now);
            }
        }
        for phone in self.phones.values_mut() {
            if phone.poll_timeout().is_some_and(|due| due <= now.mono) {
                phone.handle_timeout(now);
            }
        }
        if self.sound.poll_timeout().is_some_and(|due| due <= now.mono) {
            self.sound.handle_timeout(now, &mut Silence);
        }
        if self.telephony.poll_timeout().is_some_and(|due| due <= now.mono) {
            self.to_telephony.push_back(telephony::Input::Timeout);
        }
        if self.center.poll_timeout().is_some_and(|due| due <= now.mono) {
            self.to_center.push_back(Input::Timeout);
        }
    }

    /// Lets everybody talk until nobody has anything to say at this moment.
    fn settle(&mut self) {
        loop {
            self.follow_phones();
            self.follow_sound();
            if let Some(input) = self.to_telephony.pop_front() {
                self.telephony.handle(input, self.now);
                self.follow_telephony();
            } else if let Some(input) = self.to_center.pop_front() {
                self.center.handle(input, self.now);
                self.follow_center();
            } else {
                break;
            }
        }
        if self.listens {
            self.listen();
        }
    }

    fn follow_phones(&mut self) {
        for (name, phone) in &mut self.phones {
            while let Some((to, bytes)) = phone.poll_send() {
                if self.cut.contains(&phone.address) {
                    continue;
                }
                let router = self.routers.get_mut(&phone.address);
                let from = router.map_or(phone.address, |router| router.outward(phone.address));
                self.network.send(Datagram { from, to, bytes }, self.now.mono);
            }
            while let Some(told) = phone.poll_told() {
                self.sights.push_back((self.now, Sight::Phone(name.clone(), told)));
            }
        }
    }

    fn follow_sound(&mut self) {
        while let Some(event) = self.sound.poll_event() {
            if let Event::Closed { port, .. } = event {
                self.forget_port(port);
            }
            if let Event::RecordingStopped { recording, .. } = event {
                self.finish_recording(recording);
            }
            self.to_telephony.push_back(telephony::Input::Media(event));
        }
    }

    fn follow_telephony(&mut self) {
        while let Some(output) = self.telephony.poll_output() {
            match output {
                Output::Send(transmit) => {
                    let datagram = Datagram { from: SERVER, to: transmit.remote, bytes: transmit.bytes };
                    self.network.send(datagram, self.now.mono);
                }
                Output::OpenPort { port, .. } => self.open_port(port),
                Output::Media(command) => self.command_sound(command),
                Output::Pair { .. } | Output::Unpair { .. } => {}
                Output::RecordingBegins { recording, .. } => {
                    self.recordings.insert(recording, self.now.mono);
                }
                Output::Leg(event) => self.to_center.push_back(Input::Leg(event)),
                Output::Registration { user, registered } => {
                    self.to_center.push_back(Input::Phone { user, registered });
                }
                Output::Resolve { address } => self.resolve(address),
                Output::Trunk(view) => {
                    self.sights.push_back((self.now, Sight::Board(BoardEvent::Trunk(view))));
                }
                Output::TrunkGone(_) => {}
                Output::Alarm(what) => self.sights.push_back((self.now, Sight::Alarm(what))),
                Output::RecordingMark { .. }
                | Output::Ladder(_)
                | Output::Bindings { .. }
                | Output::News(_) => {}
                Output::Trouble(what) => self.troubles.push(what),
            }
        }
    }

    /// There are no names out here: every carrier is where its address says.
    fn resolve(&mut self, address: CarrierAddress) {
        let place = address.ip().map(|ip| Destination {
            transport: Transport::Udp,
            local: SERVER,
            remote: SocketAddr::new(ip, address.port.unwrap_or(5060)),
            connection: None,
        });
        let found = place.map(|place| vec![place]).ok_or_else(|| "there are no names here".to_owned());
        let good_for = Duration::from_secs(86_400 * 365);
        self.to_telephony.push_back(telephony::Input::Resolved { address, found, good_for });
    }

    fn follow_center(&mut self) {
        while let Some(effect) = self.center.poll_effect() {
            match effect {
                Effect::Leg(command) => self.to_telephony.push_back(telephony::Input::Command(command)),
                Effect::Persist(record) => self.sights.push_back((self.now, Sight::Record(record))),
                Effect::Publish(event) => self.sights.push_back((self.now, Sight::Board(event))),
            }
        }
    }

    fn open_port(&mut self, port: PortId) {
        self.last_port = if self.last_port >= 60_000 { 20_000 } else { self.last_port + 2 };
        let address = SocketAddr::new(SERVER.ip(), self.last_port);
        let input = if self.by_port_address.contains_key(&address) {
            telephony::Input::PortFailed { port, why: telephony::PortFailure::NoneFree }
        } else {
            self.ports.insert(port, address);
            self.by_port_address.insert(address, port);
            self.sound.handle_command(Command::Open { port }, self.now);
            telephony::Input::PortOpened { port, address, door: None }
        };
        self.to_telephony.push_back(input);
    }

    fn command_sound(&mut self, command: Command) {
        match &command {
            Command::Configure { port, remote, .. } => {
                self.listeners.insert(*port, *remote);
            }
            Command::Play { port, play, clips, .. } if self.listens => {
                let names = clips.iter().filter_map(|clip| self.clip_names.get(&clip.id()).cloned());
                let names = names.collect::<Vec<_>>().join(", ");
                self.plays
                    .insert((*port, *play), if names.is_empty() { "nothing".to_owned() } else { names });
            }
            Command::Bridge { a, b } => {
                if let (Some(a), Some(b)) = (self.name_at(*a), self.name_at(*b)) {
                    self.sights.push_back((self.now, Sight::Bridged(a, b)));
                }
            }
            _ => {}
        }
        self.sound.handle_command(command, self.now);
    }

    /// The name of the phone a port's sound goes to.
    fn name_at(&self, port: PortId) -> Option<String> {
        let remote = self.listeners.get(&port)?.ip();
        let phone = self.phones.iter().find(|(_, phone)| phone.address.ip() == remote);
        phone.map(|(name, _)| name.clone())
    }

    fn forget_port(&mut self, port: PortId) {
        if let Some(address) = self.ports.remove(&port) {
            self.by_port_address.remove(&address);
        }
        self.listeners.remove(&port);
        self.heard.remove(&port);
        self.plays.retain(|(of, _), _| *of != port);
    }

    fn finish_recording(&mut self, recording: RecordingKey) {
        let recording = RecordingId::from_u64(recording.as_u64());
        if let Some(began) = self.recordings.remove(&recording) {
            let length = self.now.mono.since(began);
            // Stereo, 16 bit, 8 kHz.
            let bytes = u64::try_from(length.as_millis()).unwrap_or(0) * 32;
            self.to_center.push_back(Input::Leg(LegEvent::Recorded { recording, length, bytes }));
        }
    }

    fn listen(&mut self) {
        let mut changes = Vec::new();
        let mut heard: BTreeMap<PortId, String> = BTreeMap::new();
        for route in self.sound.routes() {
            let port = route.listener;
            let voice = match route.hears {
                Hears::Nothing => "nothing".to_owned(),
                Hears::Itself => "itself".to_owned(),
                Hears::Conference(_) => "the conference".to_owned(),
                Hears::Port(other) => self.name_at(other).unwrap_or_else(|| "somebody".to_owned()),
                Hears::Play(play) => {
                    self.plays.get(&(port, play)).cloned().unwrap_or_else(|| "something".to_owned())
                }
            };
            let voices = heard.entry(port).or_default();
            if !voices.is_empty() {
                voices.push_str(" and ");
            }
            voices.push_str(&voice);
        }
        for (port, hears) in heard {
            let Some(name) = self.name_at(port) else { continue };
            let before = self.heard.get(&port).map_or("nothing", String::as_str);
            if before != hears {
                changes.push((name, hears.clone()));
                self.heard.insert(port, hears);
            }
        }
        // Those who hear something else at the same moment are told of by name: ports are numbered by chance.
        changes.sort();
        self.sights.extend(changes.into_iter().map(|(name, hears)| (self.now, Sight::Hears(name, hears))));
    }

    /// The next thing that could be seen.
    pub fn poll_sight(&mut self) -> Option<(Now, Sight)> {
        self.sights.pop_front()
    }

    /// What telephony complained of.
    pub fn troubles(&self) -> &[String] {
        &self.troubles
    }
}

/// Nothing is sent and nothing recorded: the sound graph runs without packets.
struct Silence;

impl media::Outbox for Silence {
    fn send(&mut self, _: PortId, _: media::Channel, _: SocketAddr, _: &[u8]) {}

    fn record(&mut self, _: &media::Recorded) -> bool {
        true
    }
}
