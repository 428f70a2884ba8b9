//! Checks of ICE as they come, and our answers: STUN (RFC 8489) as RFC 8445 §7 uses it.
//!
//! Only signed Binding requests are read. What is not one, is not cut right, or lacks what a check must have is no
//! [`Check`] and is not answered at all: an answer to an unsigned request could be aimed at somebody else. Every answer
//! is shorter than the request, or at most as long.

use core::fmt;
use core::net::{IpAddr, SocketAddr};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The longest check that is looked at. A browser sends some 130 bytes.
pub const CHECK_BYTES_MAX: usize = 548;

/// Attributes we do not know and must, as far as an answer names them (RFC 8489 §14.10).
pub const UNKNOWN_MAX: usize = 4;

const HEADER: usize = 20;
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const BINDING_REQUEST: [u8; 2] = [0x00, 0x01];
const BINDING_SUCCESS: [u8; 2] = [0x01, 0x01];
const BINDING_ERROR: [u8; 2] = [0x01, 0x11];

const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const PRIORITY: u16 = 0x0024;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
const ICE_CONTROLLED: u16 = 0x8029;

/// Attributes from here on may be left unread by who does not know them.
const OPTIONAL_FROM: u16 = 0x8000;

/// What the checksum is mixed with, so that it is no checksum of another protocol (RFC 8489 §14.7).
const FINGERPRINT_MASK: u32 = 0x5354_554e;

const HMAC_BYTES: usize = 20;

/// A check that came. Its signature is still to be looked at.
#[derive(Clone, Copy)]
pub struct Check<'a> {
    bytes: &'a [u8],
    transaction: [u8; 12],
    /// Our name, the first half of the user name.
    pub ours: &'a str,
    /// Their name, the second half.
    pub theirs: &'a str,
    /// Whether the pair is to be used from now on.
    pub nominates: bool,
    /// Whether the sender believes to be the controlled side, which is ours alone.
    pub is_controlled: bool,
    /// Where the signature begins.
    signed_to: usize,
    unknown: [u16; UNKNOWN_MAX],
    unknown_count: usize,
}

impl<'a> Check<'a> {
    /// Reads a check; `None` for anything else. Costs one pass.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        if bytes.len() > CHECK_BYTES_MAX {
            return None;
        }
        let (header, attributes) = bytes.split_at_checked(HEADER)?;
        let announced = usize::from(u16::from_be_bytes([header[2], header[3]]));
        if header[..2] != BINDING_REQUEST || header[4..8] != COOKIE || announced != attributes.len() {
            return None;
        }
        let mut check = Self {
            bytes,
            transaction: header[8..HEADER].try_into().ok()?,
            ours: "",
            theirs: "",
            nominates: false,
            is_controlled: false,
            signed_to: 0,
            unknown: [0; UNKNOWN_MAX],
            unknown_count: 0,
        };
        let mut at = HEADER;
        while at < bytes.len() {
            let (kind, value, next) = attribute(bytes, at)?;
            match kind {
                FINGERPRINT => {
                    // It is the last one, and a check has one (RFC 8445 §7.2.2, by RFC 5389 §8).
                    let is_right = next == bytes.len() && value == checksum(&bytes[..at]).to_be_bytes();
                    return (is_right && check.signed_to != 0 && !check.ours.is_empty()).then_some(check);
                }
                // What follows a signature is not signed, and not read.
                _ if check.signed_to != 0 => {}
                MESSAGE_INTEGRITY if value.len() == HMAC_BYTES => check.signed_to = at,
                MESSAGE_INTEGRITY => return None,
                USERNAME => {
                    (check.ours, check.theirs) = core::str::from_utf8(value).ok()?.split_once(':')?;
                }
                USE_CANDIDATE => check.nominates = true,
                ICE_CONTROLLED => check.is_controlled = true,
                PRIORITY | OPTIONAL_FROM.. => {}
                unknown => {
                    if let Some(slot) = check.unknown.get_mut(check.unknown_count) {
                        *slot = unknown;
                        check.unknown_count += 1;
                    }
                }
            }
            at = next;
        }
        None
    }

    /// What tells it from every other one.
    pub const fn transaction(&self) -> [u8; 12] {
        self.transaction
    }

    /// Whether it was signed with our password.
    pub fn is_signed_with(&self, password: &str) -> bool {
        let signature = self.signed_to + 4..self.signed_to + 4 + HMAC_BYTES;
        match (self.bytes.get(..self.signed_to), self.bytes.get(signature)) {
            (Some(signed), Some(signature)) => hmac(password, signed).verify_slice(signature).is_ok(),
            _ => false,
        }
    }

    /// Attributes that we do not know and would have to.
    pub fn unknown(&self) -> &[u16] {
        &self.unknown[..self.unknown_count]
    }

    /// The answer to a check that was heard from `source`.
    pub fn answer(&self, source: SocketAddr, password: &str) -> Vec<u8> {
        let mut answer = Answer::new(BINDING_SUCCESS, self.transaction);
        answer.put(XOR_MAPPED_ADDRESS, &mapped(source, self.transaction));
        answer.sealed(password)
    }

    /// The answer to who believes to be on our side (RFC 8445 §7.3.1.1): a lite side never controls.
    pub fn conflict(&self, password: &str) -> Vec<u8> {
        let mut answer = Answer::new(BINDING_ERROR, self.transaction);
        answer.put(ERROR_CODE, &error_code(487, ""));
        answer.sealed(password)
    }

    /// The answer to a check with [`Check::unknown`] attributes (RFC 8489 §6.3.1).
    pub fn misunderstood(&self, password: &str) -> Vec<u8> {
        let mut answer = Answer::new(BINDING_ERROR, self.transaction);
        answer.put(ERROR_CODE, &error_code(420, ""));
        let unknown: Vec<u8> = self.unknown().iter().flat_map(|kind| kind.to_be_bytes()).collect();
        answer.put(UNKNOWN_ATTRIBUTES, &unknown);
        answer.sealed(password)
    }
}

/// Shows whom it is from and for, and not what it is signed with.
impl fmt::Debug for Check<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ours, theirs, nominates, .. } = self;
        write!(f, "Check({ours}:{theirs}{})", if *nominates { ", nominates" } else { "" })
    }
}

/// The attribute that begins `at`: its kind, its value, and where the next one begins.
fn attribute(bytes: &[u8], at: usize) -> Option<(u16, &[u8], usize)> {
    let head = bytes.get(at..at.checked_add(4)?)?;
    let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let value = bytes.get(at + 4..at + 4 + length)?;
    let next = at + 4 + length.next_multiple_of(4);
    // The last one is filled up as well.
    (next <= bytes.len()).then_some((u16::from_be_bytes([head[0], head[1]]), value, next))
}

/// The signature of a message that ends here, with a length that counts the signature in (RFC 8489 §14.5).
fn hmac(password: &str, signed: &[u8]) -> Hmac<Sha1> {
    let mut hmac = match Hmac::<Sha1>::new_from_slice(password.as_bytes()) {
        Ok(hmac) => hmac,
        Err(error) => unreachable!("a key of any length will do: {error}"),
    };
    let length = signed.len().saturating_sub(HEADER) + 4 + HMAC_BYTES;
    hmac.update(&signed[..2]);
    hmac.update(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
    hmac.update(&signed[4..]);
    hmac
}

fn checksum(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes) ^ FINGERPRINT_MASK
}

fn mapped(source: SocketAddr, transaction: [u8; 12]) -> Vec<u8> {
    let port = source.port().to_be_bytes();
    let mask = COOKIE.iter().chain(&transaction);
    let xored = |octets: &[u8]| octets.iter().zip(mask.clone()).map(|(a, b)| a ^ b).collect::<Vec<u8>>();
    let (family, address) = match source.ip().to_canonical() {
        IpAddr::V4(address) => (1, xored(&address.octets())),
        IpAddr::V6(address) => (2, xored(&address.octets())),
    };
    [&[0, family, port[0] ^ COOKIE[0], port[1] ^ COOKIE[1]][..], &address].concat()
}

fn error_code(code: u16, reason: &str) -> Vec<u8> {
    let (class, number) = ((code / 100) as u8, (code % 100) as u8);
    [&[0, 0, class, number][..], reason.as_bytes()].concat()
}

/// A message being written.
struct Answer {
    bytes: Vec<u8>,
}

impl Answer {
    fn new(kind: [u8; 2], transaction: [u8; 12]) -> Self {
        let mut bytes = Vec::with_capacity(96);
        bytes.extend(kind);
        bytes.extend([0, 0]);
        bytes.extend(COOKIE);
        bytes.extend(transaction);
        Self { bytes }
    }

    fn put(&mut self, kind: u16, value: &[u8]) {
        self.bytes.extend(kind.to_be_bytes());
        self.bytes.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        self.bytes.extend(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self.count(0);
    }

    /// Writes the length as if so many bytes more were there.
    fn count(&mut self, more: usize) {
        let length = self.bytes.len() - HEADER + more;
        self.bytes[2..4].copy_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
    }

    fn sealed(mut self, password: &str) -> Vec<u8> {
        let signature = hmac(password, &self.bytes).finalize().into_bytes();
        self.put(MESSAGE_INTEGRITY, &signature);
        self.count(8);
        let checksum = checksum(&self.bytes);
        self.put(FINGERPRINT, &checksum.to_be_bytes());
        self.bytes
    }
}

/// A check as a browser makes it: for tests, fuzzing and measuring.
pub fn write_check(user: &str, password: &str, nominates: bool, transaction: [u8; 12]) -> Vec<u8> {
    let mut check = Answer::new(BINDING_REQUEST, transaction);
    check.put(USERNAME, user.as_bytes());
    check.put(PRIORITY, &[0x6e, 0, 1, 0xff]);
    if nominates {
        check.put(USE_CANDIDATE, &[]);
    }
    check.sealed(password)
}

#[cfg(test)]
pub(crate) mod tests;
