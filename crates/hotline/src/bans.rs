//! `hotline bans`: who is kept out of the running center, and how to let somebody in again.

use crate::cli::At;
use crate::lists::{Asking, print_table, text};
use base::Timestamp;
use std::net::IpAddr;

pub(crate) fn list(at: &At) -> anyhow::Result<()> {
    let body = Asking::of(at)?.list("/api/v1/bans")?;
    if at.json {
        println!("{body}");
        return Ok(());
    }
    let time = |millis: &serde_json::Value| {
        millis.as_i64().map(|millis| Timestamp::from_millis(millis).to_string()).unwrap_or_default()
    };
    let rows = body["bans"].as_array().into_iter().flatten().map(|ban| {
        let what = match ban["user"].as_str() {
            Some(user) => format!("user {user}"),
            None => text(&ban["what"]),
        };
        vec![text(&ban["address"]), what, time(&ban["since"]), time(&ban["until"]), text(&ban["why"])]
    });
    print_table(&["ADDRESS", "WHAT", "SINCE", "UNTIL", "IT"], rows.collect());
    Ok(())
}

pub(crate) fn lift(at: &At, address: IpAddr) -> anyhow::Result<()> {
    if Asking::of(at)?.delete(&format!("/api/v1/bans/{address}"))? {
        println!("{address} is heard again");
        Ok(())
    } else {
        anyhow::bail!("{address} is not kept out")
    }
}
