//! The INVITE usage of a dialog (RFC 5057): one session for each leg of a call.

pub mod offer;
pub mod table;
