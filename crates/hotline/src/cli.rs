//! The sub-commands, as typed.

use crate::config::PortRange;
use crate::{bans, check, demo, lists, recordings, serve, simulate, users};
use clap::{Parser, Subcommand};
use std::net::IpAddr;
use std::path::PathBuf;

/// An open contact center.
#[derive(Debug, Parser)]
#[command(
    name = "hotline",
    version,
    about = "An open contact center: one binary that answers a company's phone number"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the center of a configuration file
    Serve {
        /// The configuration file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Runs a ready-made center in a folder, made the first time
    Demo(DemoArgs),
    /// Reads configuration and dialplans, starts nothing, says what is wrong
    Check {
        /// The configuration file; its dialplans are checked too
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Dialplans, or folders of them
        #[arg(required_unless_present = "config")]
        dialplans: Vec<PathBuf>,
    },
    /// Runs the center in virtual time: stories, or many calls from a seed
    Simulate(SimulateArgs),
    /// Brings the database to the form this version needs
    Migrate {
        /// The configuration file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// People who log in
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Prints the hashes of a phone's password for the configuration; the password is read from standard input
    Phone {
        /// The user, as the phone registers
        user: String,
        /// The center's domain
        #[arg(long)]
        domain: String,
    },
    /// Lists interactions, newest first
    Calls {
        #[command(flatten)]
        at: At,
        /// How many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Lists trunks as they are now: whether each carrier is there, and how many calls it carries
    Trunks {
        #[command(flatten)]
        at: At,
    },
    /// Recordings on the disk
    Recordings {
        #[command(subcommand)]
        command: RecordingsCommand,
    },
    /// Lists the addresses that are kept out, and lets them in again
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Bans {
        #[command(subcommand)]
        command: Option<BansCommand>,
        #[command(flatten)]
        at: Option<At>,
    },
    /// Lists queues as they are now
    Queues {
        #[command(flatten)]
        at: At,
    },
    /// Lists agents as they are now
    Agents {
        #[command(flatten)]
        at: At,
    },
}

/// What `demo` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// The folder; everything the center keeps is in it
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) listen: IpAddr,
    /// SIP over UDP and TCP; 0 is any free port
    #[arg(long, default_value_t = 5060)]
    pub(crate) sip: u16,
    /// SIP over TLS, with a certificate of the demo's own authority; 0 is any free port [default: 5061; 0 with --sip 0]
    #[arg(long)]
    pub(crate) sips: Option<u16>,
    /// HTTP; 0 is any free port
    #[arg(long, default_value_t = 8080)]
    pub(crate) http: u16,
    /// HTTPS, with a certificate of the demo's own authority; 0 is any free port [default: 8443; 0 with --http 0]
    #[arg(long)]
    pub(crate) https: Option<u16>,
    /// The ports for sound
    #[arg(long, value_name = "LOW-HIGH", default_value = "20000-29999")]
    pub(crate) rtp: PortRange,
}

/// What `simulate` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct SimulateArgs {
    /// Stories to be told and checked
    pub(crate) stories: Vec<PathBuf>,
    /// Dialplans to be used instead of the demo's
    #[arg(long, value_name = "FOLDER")]
    pub(crate) dialplans: Option<PathBuf>,
    /// What everything random is made from
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many call
    #[arg(long, default_value_t = 1000, conflicts_with = "stories")]
    pub(crate) calls: u64,
    /// Callers and agents at their worst, on a network that loses, doubles and reorders
    #[arg(long, conflicts_with = "stories")]
    pub(crate) wild: bool,
    /// Figures as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Adds somebody who can log in; a password is made and printed once unless one comes on standard input
    Add(UserArgs),
    /// Lists who can log in
    List {
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, Subcommand)]
enum RecordingsCommand {
    /// Checks the chain of all recordings with their sound, and whether files and library agree; exit 1 if they do not
    Verify {
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, Subcommand)]
enum BansCommand {
    /// Lets an address in again, whatever it was kept out for
    Lift {
        /// The address, as the list shows it
        address: IpAddr,
        #[command(flatten)]
        at: At,
    },
}

/// What `user add` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct UserArgs {
    /// The login
    pub(crate) login: String,
    /// agent, supervisor, planner, marketing or admin
    #[arg(long)]
    pub(crate) role: String,
    /// The name people see; the login if there is none
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Reads the password from standard input
    #[arg(long)]
    pub(crate) password_stdin: bool,
    #[command(flatten)]
    pub(crate) at: At,
}

/// Which center is meant.
#[derive(Debug, clap::Args)]
pub(crate) struct At {
    /// The configuration file
    #[arg(long, value_name = "FILE", required_unless_present = "dir")]
    pub(crate) config: Option<PathBuf>,
    /// The demo's folder, instead
    #[arg(long, conflicts_with = "config")]
    pub(crate) dir: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Cli {
    /// Does what was asked for.
    pub fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Serve { config } => serve::serve(&config),
            Command::Demo(args) => demo::run(&args),
            Command::Check { config, dialplans } => check::run(config.as_deref(), &dialplans),
            Command::Simulate(args) => simulate::run(&args),
            Command::Migrate { config } => lists::migrate(&config),
            Command::User { command: UserCommand::Add(args) } => users::add(&args),
            Command::User { command: UserCommand::List { at } } => users::list(&at),
            Command::Phone { user, domain } => users::phone(&user, &domain),
            Command::Calls { at, limit } => lists::calls(&at, limit),
            Command::Trunks { at } => lists::trunks(&at),
            Command::Recordings { command: RecordingsCommand::Verify { at } } => recordings::verify(&at),
            Command::Bans { command: Some(BansCommand::Lift { address, at }), .. } => {
                bans::lift(&at, address)
            }
            Command::Bans { at: Some(at), .. } => bans::list(&at),
            Command::Bans { at: None, .. } => anyhow::bail!("say which center: --config FILE or --dir DIR"),
            Command::Queues { at } => lists::queues(&at),
            Command::Agents { at } => lists::agents(&at),
        }
    }
}
