//! People who log in, and phones' secrets.

use crate::cli::{At, UserArgs};
use crate::lists::{plan_at, print_table};
use access::Role;
use anyhow::{Context, bail};
use base::SecretSource;
use serde_json::json;
use sip::DigestSecret;
use std::io::Read;
use store::Store;

/// Letters of a password made here.
const PASSWORD_LETTERS: usize = 20;

pub(crate) fn add(args: &UserArgs) -> anyhow::Result<()> {
    let role = Role::parse(&args.role).with_context(|| {
        let known: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!("there is no role {:?}; there are {}", args.role, known.join(", "))
    })?;
    let plan = plan_at(&args.at)?;
    let mut secrets = secrets()?;
    let (password, made) =
        if args.password_stdin { (first_line()?, false) } else { (secrets.token(PASSWORD_LETTERS), true) };
    crate::serve::tokio_runtime()?.block_on(async {
        let store = Store::open(&plan.database()).await?;
        store.migrate().await?;
        let name = args.name.as_deref().unwrap_or(&args.login);
        crate::demo::add_user(&store, &args.login, name, role, &password, &mut secrets).await?;
        store.close().await;
        anyhow::Ok(())
    })?;
    if role == Role::Agent && !plan.config.agent.iter().any(|agent| agent.login == args.login) {
        eprintln!(
            "hotline: {0} can log in but is no agent yet: add an [[agent]] with login = \"{0}\" to the configuration",
            args.login
        );
    }
    let password = made.then_some(&password);
    if args.at.json {
        println!("{}", json!({ "login": args.login, "role": role.as_str(), "password": password }));
    } else {
        println!("{} can log in as {}", args.login, role.as_str());
        if let Some(password) = password {
            println!("password, told only now: {password}");
        }
    }
    Ok(())
}

pub(crate) fn list(at: &At) -> anyhow::Result<()> {
    let plan = plan_at(at)?;
    let users = crate::serve::tokio_runtime()?.block_on(async {
        let store = Store::open(&plan.database()).await?;
        store.check_version().await?;
        let users = store.users().await?;
        store.close().await;
        anyhow::Ok(users)
    })?;
    if at.json {
        let rows: Vec<_> = users
            .iter()
            .map(|user| {
                json!({ "login": user.login, "name": user.name, "role": user.role.as_str(),
                        "created_at": user.created_at.as_millis(), "disabled": user.disabled })
            })
            .collect();
        println!("{}", json!({ "users": rows }));
        return Ok(());
    }
    let rows = users.iter().map(|user| {
        let state = if user.disabled { "disabled" } else { "" };
        vec![user.login.clone(), user.name.clone(), user.role.as_str().to_owned(), state.to_owned()]
    });
    print_table(&["LOGIN", "NAME", "ROLE", ""], rows.collect());
    Ok(())
}

/// Prints the hashes of a phone's password.
pub(crate) fn phone(user: &str, domain: &str) -> anyhow::Result<()> {
    let secret = DigestSecret::new(user, domain, &first_line()?);
    println!("[[phone]]\nuser = {user:?}");
    println!("ha1_md5 = \"{}\"\nha1_sha256 = \"{}\"", hex(&secret.md5), hex(&secret.sha256));
    Ok(())
}

fn first_line() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(4096).read_to_string(&mut text).context("standard input cannot be read")?;
    let password = text.lines().next().unwrap_or_default().to_owned();
    if password.is_empty() {
        bail!("the password is empty; write it to standard input");
    }
    Ok(password)
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Secrets from the operating system.
pub(crate) fn secrets() -> anyhow::Result<SecretSource> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|error| anyhow::anyhow!("the operating system gives no randomness: {error}"))?;
    Ok(SecretSource::from_bytes(seed))
}
