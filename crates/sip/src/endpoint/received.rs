//! Requests that came: their transactions, the answers we give, and what needs no core.

use super::circle::{self, Circle};
use super::output::{EndpointOutput, Transmit};
use super::server::{self, Server};
use super::{Endpoint, RETRY_AFTER_S, Waiting, reply};
use crate::facts;
use crate::token::{ServerTransactionId, SessionId};
use crate::transaction::key::{self, MergeKey, ServerKey};
use crate::transaction::{Do, Timer};
use crate::transport::{Destination, Source};
use base::{Instant, Now};
use bytes::Bytes;
use sip_message::{BuildError, HeaderName, Method, Request, Response, ResponseBuilder, StatusCode};

impl Endpoint {
    /// Answers a request. The To gets our tag unless it has one. A second final answer, and one to a transaction that
    /// is gone, goes nowhere. What cannot be written, because it has a control character or is too long, is not sent,
    /// and the request is forgotten.
    pub fn respond(&mut self, tx: ServerTransactionId, response: ResponseBuilder, now: Now) {
        if self.try_respond(tx, response, now.mono).is_err() {
            self.forget_server(tx);
        }
    }

    /// Answers `request` in the same way; if the answer cannot be written, with 500 instead.
    pub(crate) fn answer(
        &mut self,
        tx: ServerTransactionId,
        request: &Request,
        response: ResponseBuilder,
        now: Instant,
    ) {
        let written = self
            .try_respond(tx, response, now)
            .or_else(|_| self.try_respond(tx, request.answer(StatusCode::SERVER_INTERNAL_ERROR), now));
        // A request so close to the limits that not even this fits gets no answer.
        if written.is_err() {
            self.forget_server(tx);
        }
    }

    fn try_respond(
        &mut self,
        tx: ServerTransactionId,
        response: ResponseBuilder,
        now: Instant,
    ) -> Result<(), BuildError> {
        let response = response.to_tag(&tx.to_string()).build()?;
        let input = server::input_of(&response);
        self.run_server(tx, input, Some(response.to_bytes()), None, now);
        Ok(())
    }

    /// Answers a request once and forgets it at once: for a challenge or refusal of somebody unknown, who must neither
    /// cost us memory nor be able to aim repeated answers at others (§8.2.7).
    pub fn respond_and_forget(&mut self, tx: ServerTransactionId, response: ResponseBuilder) {
        let Some(server) = self.servers.get(&tx) else { return };
        let (reply_to, session) = (server.reply_to, server.session);
        if let Ok(response) = response.to_tag(&tx.to_string()).build() {
            let transmit = Transmit::new(reply_to, response.to_bytes(), session);
            self.outputs.push_back(EndpointOutput::Transmit(transmit));
        }
        self.forget_server(tx);
    }

    /// Sends the last answer to an INVITE once more: a 2xx until its ACK comes, a 1xx to keep proxies patient.
    pub(crate) fn repeat(&mut self, tx: ServerTransactionId, now: Instant) {
        self.run_server(tx, server::Input::Repeat, None, None, now);
    }

    /// Hands back to whoever sent a request what somebody further on has answered.
    pub(crate) fn pass(&mut self, tx: ServerTransactionId, response: &Response, now: Instant) {
        self.run_server(tx, server::input_of(response), Some(response.to_bytes()), None, now);
    }

    /// Forgets a request that gets no answer any more.
    pub(crate) fn forget(&mut self, tx: ServerTransactionId) {
        self.forget_server(tx);
    }

    /// Whether a request still wants its final answer.
    pub(crate) fn is_open(&self, tx: ServerTransactionId) -> bool {
        self.servers.get(&tx).is_some_and(Server::is_open)
    }

    /// Says that a request belongs to a session, so that what is sent for it carries the session's id.
    pub(crate) fn belongs_to(&mut self, tx: ServerTransactionId, session: SessionId) {
        if let Some(server) = self.servers.get_mut(&tx) {
            server.session = Some(session);
        }
    }

    pub(super) fn handle_request(&mut self, mut request: Request, source: Source, now: Instant) {
        let reply_to = reply::stamp(&mut request, source);
        let Some(key) = ServerKey::of(&request) else { return };
        if let Some(tx) = self.keys.get(&key).copied() {
            return self.handle_again(tx, request, source, now);
        }
        match request.method() {
            Method::Ack => {
                self.outputs.push_back(EndpointOutput::Ack { request: Box::new(request), source });
            }
            Method::Cancel => self.handle_cancel(request, key, reply_to, now),
            _ => self.handle_new(request, key, source, reply_to, now),
        }
    }

    fn handle_again(&mut self, tx: ServerTransactionId, request: Request, source: Source, now: Instant) {
        if *request.method() == Method::Ack {
            self.run_server(tx, server::Input::Ack, None, Some((request, source)), now);
        } else {
            self.run_server(tx, server::Input::RequestAgain, None, None, now);
        }
    }

    fn handle_new(
        &mut self,
        request: Request,
        key: ServerKey,
        source: Source,
        reply_to: Destination,
        now: Instant,
    ) {
        let mut merge = MergeKey::of(&request);
        let limit = self.config.server_transactions_max;
        let limit = if merge.is_some() { limit } else { limit + limit / 4 };
        let is_known = merge.is_some_and(|merge| self.merges.contains_key(&merge));
        match circle::of(&request, &self.clients) {
            Circle::Spiral => merge = merge.filter(|_| !is_known),
            Circle::Never if !is_known => {}
            Circle::Never | Circle::Loop => {
                let answer = request.answer(StatusCode::LOOP_DETECTED);
                return self.answer_statelessly(answer, &request, reply_to);
            }
        }
        if self.servers.len() >= limit {
            let busy = request.answer(StatusCode::SERVICE_UNAVAILABLE);
            return self.answer_statelessly(
                busy.reason("Too Many Requests").header(HeaderName::RetryAfter, RETRY_AFTER_S),
                &request,
                reply_to,
            );
        }
        let tx = self.start_server(&request, key, merge, reply_to, now);
        self.outputs.push_back(EndpointOutput::Request { tx, request: Box::new(request), source });
    }

    /// §9.2: a CANCEL is answered here, whatever it finds.
    fn handle_cancel(&mut self, request: Request, key: ServerKey, reply_to: Destination, now: Instant) {
        let invite = ServerKey::of_canceled(&request).and_then(|key| self.keys.get(&key).copied());
        let Some(invite) = invite else {
            let answer = request.answer(StatusCode::CALL_DOES_NOT_EXIST);
            return self.answer_statelessly(answer, &request, reply_to);
        };
        let tx = self.start_server(&request, key, None, reply_to, now);
        let Some(server) = self.servers.get(&invite) else { return };
        let (session, open) = (server.session, server.is_open());
        if let Some(session) = session {
            self.belongs_to(tx, session);
        }
        // The same tag as in the INVITE's own answer.
        self.answer(tx, &request, request.answer(StatusCode::OK).to_tag(&invite.to_string()), now);
        if open {
            self.outputs.push_back(EndpointOutput::Canceled {
                tx: invite,
                request: Box::new(request),
                session,
            });
        }
    }

    /// §8.2.7: one answer, no memory, and the same tag for the same request.
    pub(super) fn answer_statelessly(
        &mut self,
        answer: ResponseBuilder,
        request: &Request,
        reply_to: Destination,
    ) {
        if *request.method() == Method::Ack {
            return;
        }
        let via = request.headers().get(HeaderName::Via).map(|via| via.as_bytes()).unwrap_or_default();
        let call_id = facts::call_id(request.headers()).unwrap_or_default();
        let tag = ServerTransactionId::from_u64(key::fingerprint(&[via, call_id.as_bytes()]));
        if let Ok(response) = answer.to_tag(&tag.to_string()).build() {
            self.outputs.push_back(EndpointOutput::Transmit(Transmit::new(
                reply_to,
                response.to_bytes(),
                None,
            )));
        }
    }

    fn start_server(
        &mut self,
        request: &Request,
        key: ServerKey,
        merge: Option<MergeKey>,
        reply_to: Destination,
        now: Instant,
    ) -> ServerTransactionId {
        let tx = ServerTransactionId::from_u64(self.ids.next_u64());
        let (server, does) = Server::start(request, key.clone(), merge, reply_to);
        self.servers.insert(tx, server);
        self.keys.insert(key, tx);
        if let Some(merge) = merge {
            self.merges.insert(merge, tx);
        }
        self.do_server(tx, does, None, None, now);
        tx
    }

    pub(super) fn run_server(
        &mut self,
        tx: ServerTransactionId,
        input: server::Input,
        answer: Option<Bytes>,
        ack: Option<(Request, Source)>,
        now: Instant,
    ) {
        let Some(server) = self.servers.get_mut(&tx) else { return };
        let does = server.step(input);
        self.do_server(tx, does, answer, ack, now);
        if self.servers.get(&tx).is_some_and(Server::is_over) {
            self.forget_server(tx);
        }
    }

    fn do_server(
        &mut self,
        tx: ServerTransactionId,
        does: &[Do],
        mut answer: Option<Bytes>,
        mut ack: Option<(Request, Source)>,
        now: Instant,
    ) {
        let Some(server) = self.servers.get_mut(&tx) else { return };
        for one in does {
            match *one {
                Do::Send => {
                    server.invite = None;
                    let bytes = answer.take().unwrap_or_default();
                    // What is kept for repetition is kept for half a minute, so it is kept without spare room.
                    server.last = Bytes::copy_from_slice(&bytes);
                    let transmit = Transmit::new(server.reply_to, bytes, server.session);
                    self.outputs.push_back(EndpointOutput::Transmit(transmit));
                }
                Do::SendTrying => {
                    let trying = server.invite.take().map(|invite| invite.answer(StatusCode::TRYING).build());
                    let Some(Ok(trying)) = trying else { continue };
                    server.last = trying.to_bytes();
                    let transmit = Transmit::new(server.reply_to, server.last.clone(), server.session);
                    self.outputs.push_back(EndpointOutput::Transmit(transmit));
                }
                Do::Again => {
                    let transmit = Transmit::new(server.reply_to, server.last.clone(), server.session);
                    self.outputs.push_back(EndpointOutput::Transmit(transmit));
                }
                Do::Pass => {
                    if let Some((request, source)) = ack.take() {
                        self.outputs.push_back(EndpointOutput::Ack { request: Box::new(request), source });
                    }
                }
                Do::Fail(why) => {
                    let session = server.session;
                    self.outputs.push_back(EndpointOutput::Unanswered { tx, why, session });
                }
                Do::Arm(timer) => {
                    let wait = self.config.timing.length(timer, server.copies);
                    if timer == Timer::G {
                        server.copies = server.copies.saturating_add(1);
                    }
                    self.deadlines.set(Waiting::Server(tx, timer), now + wait);
                }
                Do::ArmSlow(timer) => {
                    self.deadlines.set(Waiting::Server(tx, timer), now + self.config.timing.t2)
                }
                Do::Stop(timer) => {
                    self.deadlines.stop(&Waiting::Server(tx, timer));
                }
                Do::Ack => debug_assert!(false, "a server acknowledges nothing"),
            }
        }
    }

    fn forget_server(&mut self, tx: ServerTransactionId) {
        let Some(server) = self.servers.remove(&tx) else { return };
        self.keys.remove(&server.key);
        if let Some(merge) = server.merge {
            self.merges.remove(&merge);
        }
        for timer in server::TIMERS {
            self.deadlines.stop(&Waiting::Server(tx, timer));
        }
    }
}
