//! CSeq: the number and method that order the requests of a dialog. RFC 3261 §20.16.

use std::fmt;

use crate::error::Malformed;
use crate::method::Method;
use crate::scan;

/// A CSeq value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CSeq {
    /// The sequence number.
    pub number: u32,
    /// The method, equal to that of the request.
    pub method: Method,
}

impl CSeq {
    /// Reads `number method`.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let (number, method) = Self::split(value)?;
        Ok(Self { number, method: Method::parse(method)? })
    }

    /// The two parts without looking at the method.
    pub(crate) fn split(value: &[u8]) -> Result<(u32, &[u8]), Malformed> {
        let value = scan::trim(value);
        let end = value.iter().position(|b| scan::is_space(*b)).ok_or(Malformed::NotANumber)?;
        let (number, method) = value.split_at(end);
        Ok((scan::number(number)?, scan::trim_start(method)))
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}
