//! The one binary.
#![allow(clippy::print_stdout, reason = "sub-commands answer on standard output")]

use clap::Parser;
use std::process::ExitCode;

/// A call is some hundred small pieces, many of them given back on another thread than took them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    take_small_pages();
    // Exit codes: 0 done, 1 refused with a reason, 2 wrong usage (clap's own).
    let command = hotline::cli::Cli::parse();
    match command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hotline: {}", told_once(&error));
            ExitCode::FAILURE
        }
    }
}

/// Asks the system for memory in its ordinary pages. The allocator would have it in pages of two megabytes where it can,
/// and a center of forty calls would hold a hundred of them, most of each unused: 40 kB a call became 130 to 230.
fn take_small_pages() {
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        eprintln!("hotline: memory is taken in large pages ({error})");
    }
}

/// The error and what it comes from. A cause that its effect has named already is not said twice.
fn told_once(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}
