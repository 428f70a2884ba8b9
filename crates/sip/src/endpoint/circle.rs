//! Whether a request has been here before: RFC 3261 §16.3 step 4 and §16.6 step 8, as RFC 5393 §4.2 wants it.
//!
//! A request that we send on carries, behind the number of its transaction in our branch, a fingerprint of everything its
//! way was decided by. If it comes back the same it goes in a circle; if it comes back with another target it is on a
//! spiral, which is fine.

use super::client::Client;
use crate::facts;
use crate::token::{self, ClientTransactionId};
use crate::transaction::key::fingerprint;
use sip_message::{HeaderName, Request, Via};
use std::collections::BTreeMap;

/// Letters of each of the two numbers in a branch.
const LETTERS: usize = 13;

/// What our branches in a request say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Circle {
    /// It has not been here.
    Never,
    /// It has, and was going somewhere else.
    Spiral,
    /// It has, and was just the same.
    Loop,
}

/// What the way of a request is decided by: its target, its routes, and which request it is.
pub(crate) fn mark(request: &Request) -> u64 {
    let headers = request.headers();
    let number = facts::cseq(headers).map_or(0, |cseq| cseq.number).to_be_bytes();
    let mut parts = vec![
        request.method().as_str().as_bytes(),
        request.uri().as_bytes(),
        facts::call_id(headers).unwrap_or_default().as_bytes(),
        headers.from_tag().unwrap_or_default().as_bytes(),
        &number,
    ];
    parts.extend(headers.list(HeaderName::Route).map(|route| route.as_bytes()));
    fingerprint(&parts)
}

/// The transaction's number in one of our branches, with the mark of a request that was sent on.
pub(super) fn read(branch: &str) -> Option<(u64, Option<u64>)> {
    let text = branch.get(Via::COOKIE.len()..)?;
    let (number, mark) = text.split_at_checked(LETTERS)?;
    let mark = if mark.is_empty() { None } else { Some(token::read(mark)?) };
    Some((token::read(number)?, mark))
}

/// What the branches in a request say. Only transactions that are still there count: nobody else can know their numbers.
pub(super) fn of(request: &Request, clients: &BTreeMap<ClientTransactionId, Client>) -> Circle {
    let mut circle = Circle::Never;
    let mut here = None;
    // Whoever sent it stands below us.
    if request.headers().list(HeaderName::Via).nth(1).is_none() {
        return circle;
    }
    for value in request.headers().list(HeaderName::Via) {
        let Ok(via) = Via::parse(value.as_bytes()) else { continue };
        let Some((branch, Some(then))) = via.branch().and_then(read) else { continue };
        if clients.contains_key(&ClientTransactionId { branch, is_cancel: false }) {
            if *here.get_or_insert_with(|| mark(request)) == then {
                return Circle::Loop;
            }
            circle = Circle::Spiral;
        }
    }
    circle
}
