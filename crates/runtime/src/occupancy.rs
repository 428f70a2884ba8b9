//! One data folder, one process: a second one would replay the journal of the first and close its calls.
//!
//! The machine drops the lock with the process, however it ends; the file stays and says who had it last.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The file in the data folder.
const LOCK: &str = "lock";

/// A data folder that is ours as long as this lives.
#[derive(Debug)]
pub(crate) struct Occupancy(#[expect(dead_code, reason = "it is held, never used")] File);

/// Why a folder cannot be ours.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Another process has it; its number, if it said so.
    Occupied(Option<u32>),
    /// The machine says no.
    Machine(io::Error),
}

/// Takes a folder, or says who has it.
pub(crate) fn occupy(data: &Path) -> Result<Occupancy, Refused> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(data.join(LOCK))
        .map_err(Refused::Machine)?;
    match file.try_lock() {
        Ok(()) => {
            let told = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
            told.map_err(Refused::Machine)?;
            Ok(Occupancy(file))
        }
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let read = file.read_to_string(&mut pid);
            Err(Refused::Occupied(read.ok().and_then(|_| pid.trim().parse().ok())))
        }
        Err(TryLockError::Error(error)) => Err(Refused::Machine(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_master_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = occupy(folder.path()).expect("it is free");
        assert!(
            matches!(occupy(folder.path()), Err(Refused::Occupied(Some(pid))) if pid == std::process::id())
        );
        drop(first);
        occupy(folder.path()).expect("it is free again");
    }
}
