//! The one binary.
#![allow(clippy::print_stdout, reason = "sub-commands answer on standard output")]

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Exit codes: 0 done, 1 refused with a reason, 2 wrong usage (clap's own).
    let command = hotline::cli::Cli::parse();
    match command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hotline: {error:#}");
            ExitCode::FAILURE
        }
    }
}
