//! `hotline serve`: the center of a configuration file, until a signal ends it.

use crate::config::LogSection;
use crate::ready::{self, Ready};
use crate::wiring::Plan;
use anyhow::Context;
use runtime::{Node, Stopped};
use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(crate) fn serve(file: &Path) -> anyhow::Result<()> {
    let plan = Plan::read(file)?;
    start_logging(&plan.config.log);
    tokio_runtime()?.block_on(async {
        let node = Node::start(plan.options()?).await?;
        let ready = Ready::of(&plan, &node);
        let file_of_plan = file.to_owned();
        run(node, &plan, &ready, move || Plan::read(&file_of_plan)).await
    })
}

pub(crate) fn tokio_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    // Calls do not run here: these threads serve pages and the database.
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the machine gives no threads")
}

/// Runs a node until a signal ends it: SIGTERM and SIGINT drain, a second one stops, SIGHUP reloads.
pub(crate) async fn run(
    node: Node,
    plan: &Plan,
    ready: &Ready,
    reread: impl Fn() -> anyhow::Result<Plan>,
) -> anyhow::Result<()> {
    let data = plan.data();
    tell_zone(plan);
    ready::write(&data, ready)?;
    eprintln!("{}", ready.greeting());
    let ended = until_told(&node, plan, reread).await;
    ready::remove(&data);
    match node.stop().await {
        Stopped::Quiet => tracing::info!("stopped"),
        Stopped::Cut(calls) => tracing::warn!(calls, "stopped, live interactions were cut"),
    }
    ended
}

async fn until_told(
    node: &Node,
    plan: &Plan,
    reread: impl Fn() -> anyhow::Result<Plan>,
) -> anyhow::Result<()> {
    let catch = |kind| signal(kind).context("signals cannot be caught");
    let mut terminate = catch(SignalKind::terminate())?;
    let mut interrupt = catch(SignalKind::interrupt())?;
    let mut hang_up = catch(SignalKind::hangup())?;
    let mut watch = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            () = either(&mut terminate, &mut interrupt) => break,
            _ = hang_up.recv() => reload(node, reread()).await,
            _ = watch.tick() => {
                if node.has_failed() {
                    anyhow::bail!("the control thread has ended; restart the program and report its last log lines");
                }
            }
        }
    }
    // Who looks for a center to call finds none from here on.
    ready::remove(&plan.data());
    let patience = plan.config.center.drain.0;
    tracing::info!(
        seconds = patience.as_secs(),
        "no new calls; waiting for the live ones; once more to stop now"
    );
    tokio::select! {
        () = node.drain(patience) => {}
        () = either(&mut terminate, &mut interrupt) => {}
    }
    Ok(())
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

async fn reload(node: &Node, plan: anyhow::Result<Plan>) {
    match plan.and_then(|plan| plan.reload().map(|reload| (plan, reload))) {
        Ok((plan, reload)) => {
            node.reload(reload).await;
            for wrong in node.reload_certificates() {
                tracing::error!("the certificate in use stays: {wrong}");
            }
            tracing::info!("queues, agents, phones, trunks and dialplans are read anew");
            tell_zone(&plan);
        }
        Err(error) => tracing::error!("nothing was changed, the configuration is wrong: {error:#}"),
    }
}

/// Where the days begin is worth a line: nobody may have written it down.
fn tell_zone(plan: &Plan) {
    let center = &plan.config.center;
    if let Ok(zone) = center.zone() {
        let from = if center.zone.is_some() { "[center] zone" } else { "the machine" };
        tracing::info!(%zone, from, "the time zone of the center");
    }
}

pub(crate) fn start_logging(section: &LogSection) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_new(&section.level).unwrap_or_else(|error| {
        eprintln!("hotline: log level {:?} is not understood ({error}); info is used", section.level);
        EnvFilter::new("info")
    });
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // Colors are for eyes; a file or a log collector gets none.
        .with_ansi(std::io::stderr().is_terminal());
    // A second start in one process (as tests do) keeps the first log.
    let _ = if section.json { logs.json().try_init() } else { logs.try_init() };
}
