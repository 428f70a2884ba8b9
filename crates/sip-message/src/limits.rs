//! The sizes at which this parser says no. A peer can grow nothing beyond them.

/// The longest message, head and body together; longer is answered 513.
pub const MESSAGE_BYTES: usize = 64 * 1024;

/// The most header lines of one message; each comma-combined line counts once.
pub const HEADERS: usize = 256;

/// The longest header line, name and folding included.
pub const HEADER_BYTES: usize = 8 * 1024;

/// The most Via values of one message, comma-combined or not: a request that came this far is in a loop.
pub const VIAS: usize = 128;
