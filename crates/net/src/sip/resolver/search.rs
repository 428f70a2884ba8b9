//! Finding a SIP server from its name: RFC 3263 §4, with the order of RFC 2782.
//!
//! ```text
//!  address, or name with port ────────────────────────────────▶ Addresses ──▶ Done
//!  name with transport ───────────────────▶ Services (one) ──────▲
//!  name alone ──▶ Pointers ──NAPTR──▶ Services (as they say) ────┤
//!                    └────none──▶ Services (each we speak) ──────┘   no SRV: the name itself, default port
//! ```
//!
//! The machine says what to ask ([`Search::questions`]) and is told the answers ([`Search::answer`]); at the end it
//! gives an ordered list of ways to try. Who asks, and for how long, is not known here; chance comes in as ids.

use super::record::{Naptr, Question, Records, Srv};
use base::IdSource;
use sip::Transport;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// NAPTR records read of one name, and SRV records; further ones are not looked at.
const RECORDS_MAX: usize = 32;

/// Addresses tried of one host.
const ADDRESSES_MAX: usize = 8;

/// Ways in all.
pub const WAYS_MAX: usize = 32;

/// The port of SIP, and that of SIP over TLS.
const PORTS: (u16, u16) = (5060, 5061);

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// A host's or domain's name, or an address.
    pub host: String,
    /// The port, if it was said.
    pub port: Option<u16>,
    /// The transport, if it was said.
    pub transport: Option<Transport>,
    /// Whether only encrypted ways will do (`sips:`).
    pub secure: bool,
}

/// One way to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// How.
    pub transport: Transport,
    /// Where.
    pub remote: SocketAddr,
    /// Who has to be there, on TLS: the name that was looked for, not the one that the name service made of it
    /// (RFC 5922 §4).
    pub name: String,
}

/// One search.
#[derive(Clone, Debug)]
pub struct Search {
    name: String,
    secure: bool,
    speaks: Vec<Transport>,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// Waits for NAPTR records.
    Pointers,
    /// Waits for SRV records of each name, most wanted first.
    Services(Vec<(Transport, String, Option<Vec<Srv>>)>),
    /// Waits for the addresses of each host.
    Addresses { targets: Vec<Target>, hosts: BTreeMap<String, Option<Vec<IpAddr>>> },
    /// Nothing is waited for.
    Done(Vec<(Transport, SocketAddr)>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    transport: Transport,
    host: String,
    port: u16,
}

impl Search {
    /// Begins a search. `speaks` are the transports we can open a way by, the one we like best first.
    pub fn new(wanted: &Wanted, speaks: &[Transport]) -> Self {
        let Wanted { host, port, transport, secure } = wanted;
        let name = host.trim_end_matches('.').trim_matches(['[', ']']).to_ascii_lowercase();
        let speaks: Vec<_> = speaks
            .iter()
            .copied()
            .filter(|one| matches!(one, Transport::Udp | Transport::Tcp | Transport::Tls))
            .filter(|one| one.is_secure() || !secure)
            .collect();
        // §4.1: without a word about it, a numeric address or one with a port is spoken to by UDP, or TLS for sips.
        let transport = match transport {
            Some(Transport::Tcp) if *secure => Some(Transport::Tls),
            said => *said,
        };
        let usual = if *secure { Transport::Tls } else { Transport::Udp };
        let mut search = Self { name, secure: *secure, speaks, state: State::Done(Vec::new()) };
        let chosen = transport.or((port.is_some() || search.is_address()).then_some(usual));
        search.state = match (chosen, port) {
            (Some(chosen), _) if !search.speaks.contains(&chosen) => State::Done(Vec::new()),
            (Some(chosen), Some(port)) => search.addresses(vec![search.itself(chosen, *port)]),
            (Some(chosen), None) if search.is_address() => {
                search.addresses(vec![search.itself(chosen, default_port(chosen))])
            }
            (Some(chosen), None) => search.services([chosen]),
            (None, _) => State::Pointers,
        };
        search
    }

    fn is_address(&self) -> bool {
        self.name.parse::<IpAddr>().is_ok()
    }

    /// What is to be asked now. Empty when it is over.
    pub fn questions(&self) -> Vec<Question> {
        match &self.state {
            State::Pointers => vec![Question::Naptr(self.name.clone())],
            State::Services(services) => services
                .iter()
                .filter(|(_, _, records)| records.is_none())
                .map(|(_, name, _)| Question::Srv(name.clone()))
                .collect(),
            State::Addresses { hosts, .. } => hosts
                .iter()
                .filter(|(_, addresses)| addresses.is_none())
                .map(|(host, _)| Question::Addresses(host.clone()))
                .collect(),
            State::Done(_) => Vec::new(),
        }
    }

    /// An answer came. One to something that was not asked changes nothing.
    pub fn answer(&mut self, question: &Question, records: Records, chance: &mut IdSource) {
        match (&mut self.state, question, records) {
            (State::Pointers, Question::Naptr(_), Records::Naptr(records)) => {
                self.state = self.follow(records);
            }
            (State::Services(services), Question::Srv(asked), Records::Srv(records)) => {
                for (_, name, found) in services.iter_mut().filter(|(_, name, _)| name == asked) {
                    tracing::trace!(name, records = records.len(), "SRV");
                    *found = Some(records.iter().take(RECORDS_MAX).cloned().collect());
                }
                if services.iter().all(|(_, _, found)| found.is_some()) {
                    let services = std::mem::take(services);
                    self.state = self.choose(services, chance);
                }
            }
            (State::Addresses { targets, hosts }, Question::Addresses(asked), Records::Addresses(found)) => {
                if let Some(host) = hosts.get_mut(asked) {
                    *host = Some(found);
                }
                if hosts.values().all(Option::is_some) {
                    self.state = done(targets, hosts);
                }
            }
            _ => {}
        }
    }

    /// The ways, most wanted first, once nothing is left to be asked.
    pub fn found(&self) -> Option<Vec<Found>> {
        let State::Done(ways) = &self.state else { return None };
        let found = |(transport, remote): &(Transport, SocketAddr)| Found {
            transport: *transport,
            remote: *remote,
            name: self.name.clone(),
        };
        Some(ways.iter().map(found).collect())
    }

    /// §4.1: what the NAPTR records point to, as far as we can go there.
    fn follow(&self, mut records: Vec<Naptr>) -> State {
        records.truncate(RECORDS_MAX);
        records.sort_by_key(|record| (record.order, record.preference));
        let services: Vec<_> = records
            .iter()
            .filter(|record| record.flags.eq_ignore_ascii_case("s"))
            .filter_map(|record| {
                let transport = match record.services.to_ascii_uppercase().as_str() {
                    "SIP+D2U" => Transport::Udp,
                    "SIP+D2T" => Transport::Tcp,
                    "SIPS+D2T" => Transport::Tls,
                    _ => return None,
                };
                let name = record.replacement.trim_end_matches('.').to_ascii_lowercase();
                (self.speaks.contains(&transport) && !name.is_empty()).then_some((transport, name, None))
            })
            .collect();
        if services.is_empty() { self.services(self.speaks.clone()) } else { State::Services(services) }
    }

    fn services(&self, transports: impl IntoIterator<Item = Transport>) -> State {
        let service = |transport| {
            let prefix = match transport {
                Transport::Udp => "_sip._udp",
                Transport::Tls => "_sips._tcp",
                _ => "_sip._tcp",
            };
            (transport, format!("{prefix}.{}", self.name), None)
        };
        let services: Vec<_> = transports.into_iter().map(service).collect();
        if services.is_empty() { State::Done(Vec::new()) } else { State::Services(services) }
    }

    /// §4.2: hosts from SRV records; without any, the name itself.
    fn choose(&self, services: Vec<(Transport, String, Option<Vec<Srv>>)>, chance: &mut IdSource) -> State {
        let said = services.iter().any(|(_, _, records)| records.as_ref().is_some_and(|all| !all.is_empty()));
        if !said {
            let usual = if self.secure { Transport::Tls } else { Transport::Udp };
            // With one transport it was chosen already, by whoever looks or by a pointer.
            let chosen = match services.as_slice() {
                [(only, _, _)] => *only,
                _ => usual,
            };
            if !self.speaks.contains(&chosen) {
                return State::Done(Vec::new());
            }
            return self.addresses(vec![self.itself(chosen, default_port(chosen))]);
        }
        let mut targets = Vec::new();
        for (transport, _, records) in services {
            for Srv { port, target, .. } in ordered(records.unwrap_or_default(), chance) {
                let host = target.trim_end_matches('.').to_ascii_lowercase();
                // A lone dot says that this is not offered here (RFC 2782).
                if !host.is_empty() && port != 0 {
                    targets.push(Target { transport, host, port });
                }
            }
        }
        targets.truncate(WAYS_MAX);
        self.addresses(targets)
    }

    fn itself(&self, transport: Transport, port: u16) -> Target {
        Target { transport, host: self.name.clone(), port }
    }

    fn addresses(&self, targets: Vec<Target>) -> State {
        let known = |host: &String| host.parse().ok().map(|address| vec![address]);
        let hosts: BTreeMap<_, Option<Vec<IpAddr>>> =
            targets.iter().map(|target| (target.host.clone(), known(&target.host))).collect();
        if hosts.values().all(Option::is_some) {
            return done(&targets, &hosts);
        }
        State::Addresses { targets, hosts }
    }
}

fn done(targets: &[Target], hosts: &BTreeMap<String, Option<Vec<IpAddr>>>) -> State {
    let mut ways: Vec<(Transport, SocketAddr)> = Vec::new();
    for Target { transport, host, port } in targets {
        let addresses = hosts.get(host).cloned().flatten().unwrap_or_default();
        for address in addresses.into_iter().take(ADDRESSES_MAX) {
            let way = (*transport, SocketAddr::new(address, *port));
            if !ways.contains(&way) && ways.len() < WAYS_MAX {
                ways.push(way);
            }
        }
    }
    State::Done(ways)
}

fn default_port(transport: Transport) -> u16 {
    if transport.is_secure() { PORTS.1 } else { PORTS.0 }
}

/// RFC 2782: by priority; among equals by chance, each as likely as its weight says, those without weight seldom first.
fn ordered(mut records: Vec<Srv>, chance: &mut IdSource) -> Vec<Srv> {
    records.sort_by_key(|record| (record.priority, record.weight));
    let mut ordered: Vec<Srv> = Vec::with_capacity(records.len());
    while let Some(first) = records.first() {
        let priority = first.priority;
        let equals = records.iter().take_while(|record| record.priority == priority);
        let total: u64 = equals.clone().map(|record| u64::from(record.weight)).sum();
        let drawn = chance.below(total + 1);
        let mut sum = 0;
        let place = equals
            .map(|record| {
                sum += u64::from(record.weight);
                sum
            })
            .position(|sum| sum >= drawn);
        ordered.push(records.remove(place.unwrap_or(0)));
    }
    ordered
}

#[cfg(test)]
mod tests;
