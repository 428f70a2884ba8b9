//! Requests of ours and those that we send on: their transactions, and the responses to them.

use super::client::{self, Client};
use super::detour::{self, Hop};
use super::output::{EndpointOutput, Transmit};
use super::{Endpoint, Waiting, circle};
use crate::facts;
use crate::token::{ClientTransactionId, ServerTransactionId, SessionId};
use crate::transaction::{Do, Timer};
use crate::transport::{Destination, Source, Transport};
use base::{Instant, Now};
use bytes::Bytes;
use sip_message::{HeaderName, Host, Method, Request, Response, Via};

impl Endpoint {
    /// Sends a request in a transaction of its own. `draft` has everything but a Via. If it is too large for a datagram it
    /// goes over TCP (§18.1.1), and as a datagram after all where TCP leads nowhere.
    pub fn request(&mut self, draft: Request, destination: Destination, now: Now) -> ClientTransactionId {
        self.request_for(None, draft, destination, Hop::Address, now.mono)
    }

    /// The same, for a session: its outputs carry the session's id.
    pub(crate) fn request_for(
        &mut self,
        session: Option<SessionId>,
        draft: Request,
        destination: Destination,
        hop: Hop,
        now: Instant,
    ) -> ClientTransactionId {
        self.begin(session, draft, None, destination, hop, now)
    }

    /// Sends a request on that came to us, changed as it has to be. `mark` tells it when it comes back ([`circle::mark`]).
    pub(crate) fn forward(
        &mut self,
        session: SessionId,
        draft: Request,
        mark: u64,
        destination: Destination,
        hop: Hop,
        now: Instant,
    ) -> ClientTransactionId {
        self.begin(Some(session), draft, Some(mark), destination, hop, now)
    }

    fn begin(
        &mut self,
        session: Option<SessionId>,
        mut draft: Request,
        mark: Option<u64>,
        destination: Destination,
        hop: Hop,
        now: Instant,
    ) -> ClientTransactionId {
        let tx = ClientTransactionId { branch: self.ids.next_u64(), is_cancel: false };
        let branch = branch(tx, mark);
        put_via(&mut draft, &branch, &destination);
        let datagram = draft.to_bytes();
        let mut client = match self.detours.around(datagram.len(), destination, hop, now) {
            None => Client::new(draft.method(), destination, session, datagram),
            Some(stream) => {
                change_via(&mut draft, &branch, &stream);
                let mut client = Client::new(draft.method(), stream, session, draft.to_bytes());
                client.datagram = Some(datagram);
                self.deadlines.set(Waiting::Stream(tx), now + detour::STREAM_PATIENCE);
                client
            }
        };
        client.is_forwarded = mark.is_some();
        self.start_client(tx, client, now);
        tx
    }

    /// Sends a message that no transaction watches: the ACK of a 2xx. Returns its bytes, and where they went, for
    /// repetition.
    pub(crate) fn send_ack(
        &mut self,
        mut ack: Request,
        destination: Destination,
        hop: Hop,
        session: Option<SessionId>,
    ) -> (Bytes, Destination) {
        let tx = ClientTransactionId { branch: self.ids.next_u64(), is_cancel: false };
        let branch = branch(tx, None);
        put_via(&mut ack, &branch, &destination);
        let bytes = ack.to_bytes();
        let (bytes, destination) = match self.detours.around_unanswered(bytes.len(), destination, hop) {
            None => (bytes, destination),
            Some(stream) => {
                change_via(&mut ack, &branch, &stream);
                (ack.to_bytes(), stream)
            }
        };
        self.send_again(bytes.clone(), destination, session);
        (bytes, destination)
    }

    /// Sends once more what [`Endpoint::send_ack`] sent.
    pub(crate) fn send_again(&mut self, bytes: Bytes, destination: Destination, session: Option<SessionId>) {
        self.outputs.push_back(EndpointOutput::Transmit(Transmit::new(destination, bytes, session)));
    }

    /// Cancels an INVITE of ours. Returns whether that was possible: a provisional response must have come, and no
    /// final one (§9.1).
    pub(crate) fn cancel(&mut self, invite: ClientTransactionId, reason: Option<&str>, now: Instant) -> bool {
        let Some(client) = self.clients.get(&invite).filter(|client| client.may_be_canceled()) else {
            return false;
        };
        let Some(bytes) = client.cancel(reason) else { return false };
        let (destination, session) = (client.destination, client.session);
        let tx = ClientTransactionId { branch: invite.branch, is_cancel: true };
        self.start_client(tx, Client::new(&Method::Cancel, destination, session, bytes), now);
        true
    }

    /// Nobody waits for the answer to this INVITE any more, and nothing has come that a CANCEL could follow.
    pub(crate) fn abandon(&mut self, invite: ClientTransactionId) {
        let Some(client) = self.clients.get_mut(&invite) else { return };
        client.is_abandoned = true;
        if !client.may_be_repeated(client.copies) {
            self.deadlines.stop(&Waiting::Client(invite, Timer::A));
        }
    }

    /// Forgets a request of ours whose answer nobody waits for any more.
    pub(crate) fn give_up(&mut self, tx: ClientTransactionId, now: Instant) {
        self.run_client(tx, client::Input::GiveUp, None, now);
    }

    pub(super) fn handle_response(&mut self, response: Response, source: Source, now: Instant) {
        let headers = response.headers();
        let (Some(via), Some(cseq)) = (facts::top_via(headers), facts::cseq(headers)) else { return };
        let branch = via.branch().and_then(circle::read).map(|(branch, _)| branch);
        let tx =
            branch.map(|branch| ClientTransactionId { branch, is_cancel: cseq.method == Method::Cancel });
        // More than one Via means that it is meant for somebody behind us. Where nobody is, it is not for us (§8.1.3.3).
        let is_beyond = headers.list(HeaderName::Via).nth(1).is_some();
        let client = tx.and_then(|tx| Some((tx, self.clients.get(&tx)?)));
        match client {
            Some((tx, client)) if client.is_forwarded == is_beyond => {
                self.run_client(tx, client::input_of(&response), Some((response, source)), now);
            }
            // One for somebody behind us that no transaction waits for is dropped (RFC 6026 §7.2).
            Some(_) => {}
            None if cseq.method == Method::Invite && response.status().is_success() && !is_beyond => {
                self.outputs.push_back(EndpointOutput::StrayAnswer { response: Box::new(response), source });
            }
            None => {}
        }
    }

    fn start_client(&mut self, tx: ClientTransactionId, client: Client, now: Instant) {
        let does = client.first();
        self.clients.insert(tx, client);
        self.do_client(tx, does, None, now);
    }

    /// Sends a large request as a datagram, because its stream leads nowhere. Returns whether that was left to be done.
    pub(super) fn fall_back(&mut self, tx: ClientTransactionId, now: Instant) -> bool {
        let Some(client) = self.clients.get_mut(&tx) else { return false };
        let Some(datagram) = client.datagram.take() else { return false };
        self.detours.refused(client.destination.remote, now);
        let does = client.restart(datagram);
        self.stop_client(tx);
        self.do_client(tx, does, None, now);
        true
    }

    fn stop_client(&mut self, tx: ClientTransactionId) {
        self.deadlines.stop(&Waiting::Stream(tx));
        for timer in client::TIMERS {
            self.deadlines.stop(&Waiting::Client(tx, timer));
        }
    }

    pub(super) fn run_client(
        &mut self,
        tx: ClientTransactionId,
        input: client::Input,
        response: Option<(Response, Source)>,
        now: Instant,
    ) {
        let Some(client) = self.clients.get_mut(&tx) else { return };
        if let Some((_, source)) = &response
            && client.datagram.take().is_some()
        {
            self.detours.answered(source);
            self.deadlines.stop(&Waiting::Stream(tx));
        }
        let does = client.step(input);
        self.do_client(tx, does, response, now);
        let Some(client) = self.clients.get(&tx).filter(|client| client.is_over()) else { return };
        if let Some(session) = client.session {
            self.outputs.push_back(EndpointOutput::Done { tx, session });
        }
        self.clients.remove(&tx);
        self.stop_client(tx);
    }

    fn do_client(
        &mut self,
        tx: ClientTransactionId,
        does: &[Do],
        mut response: Option<(Response, Source)>,
        now: Instant,
    ) {
        let Some(client) = self.clients.get_mut(&tx) else { return };
        let session = client.session;
        for one in does {
            match *one {
                Do::Send | Do::Again => {
                    let transmit = Transmit::new(client.destination, client.sent.clone(), session);
                    self.outputs.push_back(EndpointOutput::Transmit(transmit));
                }
                Do::Ack => {
                    let Some((response, _)) = &response else { continue };
                    let transmit = Transmit::new(client.destination, client.acknowledge(response), session);
                    self.outputs.push_back(EndpointOutput::Transmit(transmit));
                }
                Do::Pass => {
                    if let Some((response, source)) = response.take() {
                        let response = Box::new(response);
                        self.outputs.push_back(EndpointOutput::Response { tx, response, source, session });
                    }
                }
                Do::Fail(why) => self.outputs.push_back(EndpointOutput::Failed { tx, why, session }),
                Do::Arm(Timer::A) if !client.may_be_repeated(client.copies.saturating_add(1)) => {}
                Do::Arm(timer) => {
                    let wait = self.config.timing.length(timer, client.copies);
                    if matches!(timer, Timer::A | Timer::E) {
                        client.copies = client.copies.saturating_add(1);
                    }
                    self.deadlines.set(Waiting::Client(tx, timer), now + wait);
                }
                Do::ArmSlow(timer) => {
                    self.deadlines.set(Waiting::Client(tx, timer), now + self.config.timing.t2)
                }
                Do::Stop(timer) => {
                    self.deadlines.stop(&Waiting::Client(tx, timer));
                }
                Do::SendTrying => debug_assert!(false, "a client answers nothing"),
            }
        }
    }
}

/// The branch of a transaction.
fn branch(tx: ClientTransactionId, mark: Option<u64>) -> String {
    match mark {
        None => format!("{}{}", Via::COOKIE, tx.branch()),
        Some(mark) => format!("{}{}{}", Via::COOKIE, tx.branch(), ServerTransactionId::from_u64(mark)),
    }
}

/// Our Via on top of the others.
fn put_via(request: &mut Request, branch: &str, destination: &Destination) {
    let put =
        via(branch, destination).and_then(|via| request.headers_mut().prepend(HeaderName::Via, via).ok());
    debug_assert!(put.is_some(), "an address and a token are always a good Via");
}

/// The same in the place of ours, for another transport.
fn change_via(request: &mut Request, branch: &str, destination: &Destination) {
    let put = via(branch, destination)
        .and_then(|via| request.headers_mut().replace_first(HeaderName::Via, via).ok());
    debug_assert_eq!(put, Some(true), "ours is there");
}

fn via(branch: &str, destination: &Destination) -> Option<Via> {
    let transport = match destination.transport {
        Transport::Udp => sip_message::Transport::Udp,
        Transport::Tcp => sip_message::Transport::Tcp,
        Transport::Tls => sip_message::Transport::Tls,
        Transport::Ws => sip_message::Transport::Ws,
        Transport::Wss => sip_message::Transport::Wss,
    };
    let local = destination.local;
    let via = Via::new(transport, Host::from(local.ip()), Some(local.port()), branch).ok()?;
    Some(via.with_rport())
}
