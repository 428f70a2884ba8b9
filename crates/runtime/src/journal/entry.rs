//! How an entry stands in the file.

/// The first bytes of every journal; the last two are the version.
pub(super) fn head() -> [u8; 10] {
    let mut head = *b"hotlineJ\0\0";
    head[8..].copy_from_slice(&center::journal::VERSION.to_le_bytes());
    head
}

/// An entry longer than this is no entry of ours.
pub(super) const ENTRY_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Appends an entry to `file`.
pub(super) fn frame(bytes: &[u8], file: &mut Vec<u8>) {
    file.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    file.extend_from_slice(&crc32fast::hash(bytes).to_le_bytes());
    file.extend_from_slice(bytes);
}

/// Takes an entry off the front of `file`; `None` when it is torn or damaged, or when there is none.
pub(super) fn unframe<'a>(file: &mut &'a [u8]) -> Option<&'a [u8]> {
    let number = |at: usize| Some(u32::from_le_bytes(file.get(at..at + 4)?.try_into().ok()?));
    let length = usize::try_from(number(0)?).ok().filter(|length| *length <= ENTRY_BYTES_MAX)?;
    let checksum = number(4)?;
    let bytes = file.get(8..8 + length)?;
    if crc32fast::hash(bytes) != checksum {
        return None;
    }
    *file = &file[8 + length..];
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_or_damaged_entry_ends_the_reading() {
        let mut file = Vec::new();
        frame(b"one", &mut file);
        frame(b"two", &mut file);
        for length in 0..file.len() {
            let mut torn = &file[..length];
            let read: Vec<_> = std::iter::from_fn(|| unframe(&mut torn)).collect();
            assert_eq!(read, if length < 11 { vec![] } else { vec![b"one".as_slice()] });
        }
        file[9] ^= 1;
        assert_eq!(unframe(&mut file.as_slice()), None);
    }
}
