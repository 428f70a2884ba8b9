//! The one binary.
#![allow(clippy::print_stdout, reason = "sub-commands answer on standard output")]

use clap::Parser;
use std::process::ExitCode;

/// A call is some hundred small pieces, many of them given back on another thread than took them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
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
