//! RAck: which provisional response a PRACK acknowledges. RFC 3262 §7.2.

use std::fmt;

use crate::cseq::CSeq;
use crate::error::Malformed;
use crate::scan;

/// The RSeq of the response and the CSeq it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RAck {
    /// The RSeq.
    pub rseq: u32,
    /// The CSeq.
    pub cseq: CSeq,
}

impl RAck {
    /// Reads `rseq cseq method`.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let value = scan::trim(value);
        let end = value.iter().position(|b| scan::is_space(*b)).ok_or(Malformed::NotANumber)?;
        let (rseq, cseq) = value.split_at(end);
        Ok(Self { rseq: scan::number(rseq)?, cseq: CSeq::parse(cseq)? })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}
