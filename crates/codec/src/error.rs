//! What can go wrong with a codec: only its beginning.

/// Why an encoder or decoder cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// libopus refuses.
    #[error("libopus refuses to begin")]
    Opus(#[from] ::opus::Error),
}
