//! The sizes at which this parser says no. A peer can grow nothing beyond them.

/// The longest message, head and body together; longer is answered 513.
pub const MESSAGE_BYTES: usize = 64 * 1024;

/// The most header lines of one message; each comma-combined line counts once.
pub const HEADERS: usize = 256;

/// The longest header line, name and folding included.
pub const HEADER_BYTES: usize = 8 * 1024;

/// The most Via values of one message, comma-combined or not: a request that came this far is in a loop.
pub const VIAS: usize = 128;

/// The most parameters of one URI, and the most headers behind its question mark: comparing two URIs takes the square
/// of it.
pub const URI_PARTS: usize = 64;

/// The most values an address list such as Contact or Route is read to; more make the header unreadable.
pub const VALUES: usize = 256;

/// How deep multipart bodies may stand in one another.
pub const MULTIPART_DEPTH: usize = 3;

/// The most parts of one body, those inside others counted.
pub const MULTIPART_PARTS: usize = 32;
