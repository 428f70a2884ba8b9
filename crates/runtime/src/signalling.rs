//! SIP's sockets as a whole server wants them: which, encrypted how, and where phones in browsers come in.

use crate::StartError;
use net::sip::resolver::NameServers;
use net::sip::{Line, LineDoor, Listening, OwnAddress, TlsListening, Trust};
use sip::Transport;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use web::tls::{Identity, TlsFiles};
use web::{Opening, Peer, PhoneDoor, PhoneLine};

/// Where SIP listens, and how.
#[derive(Clone, Debug)]
pub struct SipOptions {
    /// The addresses.
    pub listen: Vec<IpAddr>,
    /// The port for UDP and TCP.
    pub port: u16,
    /// TLS, if there is any.
    pub tls: Option<SipTls>,
    /// The addresses others reach us by, if they are not those: one of each family at the most.
    pub advertise: Vec<IpAddr>,
    /// How packets are marked for routers.
    pub dscp: net::Dscp,
    /// Authorities that are believed besides the machine's own when we open TLS connections, PEM.
    pub authorities: Option<PathBuf>,
    /// Who is asked where carriers are; nobody: those whom the machine asks.
    pub name_servers: Vec<SocketAddr>,
}

/// SIP over TLS.
#[derive(Clone, Debug)]
pub struct SipTls {
    /// The port.
    pub port: u16,
    /// Certificate and key.
    pub files: TlsFiles,
}

impl SipOptions {
    /// The address sound is received on: the one there is, or all of the families there are.
    pub(crate) fn media_bind(&self) -> IpAddr {
        match self.listen.as_slice() {
            [only] => *only,
            several if several.iter().all(IpAddr::is_ipv4) => Ipv4Addr::UNSPECIFIED.into(),
            // A socket on all of IPv6 takes IPv4 too.
            _ => Ipv6Addr::UNSPECIFIED.into(),
        }
    }

    pub(crate) fn name_servers(&self) -> NameServers {
        if self.name_servers.is_empty() {
            NameServers::System
        } else {
            NameServers::These(self.name_servers.clone())
        }
    }

    pub(crate) fn secure(&self) -> Result<(Listening, Certificates), StartError> {
        let identity = self.tls.as_ref().map(|tls| Identity::load(&tls.files)).transpose()?;
        let tls = match (&self.tls, &identity) {
            (Some(tls), Some(identity)) => {
                // Phones name no protocol, or one of many names; nothing depends on it.
                Some(TlsListening { port: tls.port, config: identity.server_config(&[])? })
            }
            _ => None,
        };
        let listening = Listening {
            addresses: self.listen.clone(),
            port: self.port,
            tls,
            advertise: self.advertise.clone(),
            dscp: self.dscp,
        };
        let trust = Trust::load(self.authorities.clone())?;
        Ok((listening, Certificates { sip: identity, https: None, trust }))
    }
}

/// Everything that certificates were read for.
#[derive(Clone, Debug)]
pub(crate) struct Certificates {
    pub(crate) sip: Option<Identity>,
    pub(crate) https: Option<Identity>,
    pub(crate) trust: Trust,
}

impl Certificates {
    /// Reads all files anew. What cannot be read stays what it was; returns why.
    pub(crate) fn reload(&self) -> Vec<StartError> {
        let identities = [&self.sip, &self.https].into_iter().flatten();
        let mut wrong: Vec<StartError> =
            identities.filter_map(|identity| identity.reload().err()).map(StartError::from).collect();
        wrong.extend(self.trust.reload().err().map(StartError::from));
        wrong
    }
}

/// The first address of a transport.
pub(crate) fn told_first(own: &[OwnAddress], transport: Transport) -> Option<SocketAddr> {
    own.iter().find(|own| own.transport == transport).map(|own| own.told)
}

/// Where phones in browsers are connected: they speak SIP.
pub(crate) struct Phones(pub(crate) LineDoor);

struct Phone(Line);

impl PhoneDoor for Phones {
    fn open(&self, peer: Peer) -> Opening<'_> {
        Box::pin(async move {
            let transport = if peer.encrypted { Transport::Wss } else { Transport::Ws };
            let remote = SocketAddr::new(peer.address, peer.port);
            let line = self.0.open(transport, peer.local, remote).await?;
            Some(Box::new(Phone(line)) as Box<dyn PhoneLine>)
        })
    }
}

impl PhoneLine for Phone {
    fn deliver(&mut self, message: bytes::Bytes) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        Box::pin(self.0.deliver(message))
    }

    fn next(&mut self) -> Pin<Box<dyn Future<Output = Option<bytes::Bytes>> + Send + '_>> {
        Box::pin(self.0.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_is_received_wherever_sip_is() {
        for (listen, bind) in [
            (&["127.0.0.1"][..], "127.0.0.1"),
            (&["::1"], "::1"),
            (&["192.0.2.1", "192.0.2.2"], "0.0.0.0"),
            (&["0.0.0.0", "::"], "::"),
            (&["192.0.2.1", "2001:db8::1"], "::"),
        ] {
            let listen = listen.iter().map(|one| one.parse().unwrap()).collect();
            let options = SipOptions {
                listen,
                port: 0,
                tls: None,
                dscp: net::Dscp::SIGNALLING,
                advertise: Vec::new(),
                authorities: None,
                name_servers: Vec::new(),
            };
            assert_eq!(options.media_bind().to_string(), bind);
        }
    }
}
