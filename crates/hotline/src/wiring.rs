//! From a configuration to what each part wants to know.

use crate::config::{Config, PhoneSection};
use crate::sounds::{Library, name_wordings};
use anyhow::{Context, bail};
use flow::{Flows, Source, Wording, World};
use model::SipUser;
use runtime::{Options, Reload, SipOptions, SipTls};
use sip::DigestSecret;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use web::tls::TlsFiles;

/// A configuration, where it lies, and what it leads to.
pub(crate) struct Plan {
    pub(crate) config: Config,
    pub(crate) folder: PathBuf,
}

impl Plan {
    /// Reads a configuration file.
    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        let config = crate::config::read(file)?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Self { config, folder: folder.to_owned() })
    }

    /// A path of the configuration, from its folder.
    pub(crate) fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// Where recordings, journal and ready.json are.
    pub(crate) fn data(&self) -> PathBuf {
        self.path(&self.config.folders.data)
    }

    /// The database's address; a relative SQLite file lies in the configuration's folder.
    pub(crate) fn database(&self) -> String {
        match self.config.database.url.strip_prefix("sqlite:") {
            Some(file) if !file.starts_with('/') && !file.starts_with(':') => {
                format!("sqlite:{}", self.path(Path::new(file)).display())
            }
            _ => self.config.database.url.clone(),
        }
    }

    /// The sounds.
    pub(crate) fn sounds(&self) -> anyhow::Result<Library> {
        let own = self.config.folders.media.as_ref().map(|folder| self.path(folder));
        Ok(Library::load(own.as_deref())?)
    }

    /// Speaks what has no sound file, and remembers it.
    pub(crate) fn speaker(&self) -> impl speech::Speaker + use<> {
        let section = &self.config.speech;
        let engine = speech::Espeak::new(&section.program, section.voices.clone());
        speech::Cache::new(engine, &self.data().join("spoken"))
    }

    /// What dialplans may name.
    pub(crate) fn world(&self, sounds: &Library) -> World {
        let mut world = World::default();
        world.queues.extend(self.config.queue.iter().map(|queue| queue.name.as_str().into()));
        let agents = self.config.agent.iter().flat_map(|agent| agent.skills.keys());
        let needs = self.config.queue.iter().flat_map(|queue| queue.needs.keys());
        world.skills.extend(agents.chain(needs).map(|skill| skill.as_str().into()));
        sounds.name_to(&mut world);
        world
    }

    /// The dialplans' texts.
    pub(crate) fn dialplans(&self) -> anyhow::Result<Vec<Source>> {
        let folder = self.path(&self.config.folders.dialplans);
        let mut sources = Vec::new();
        read_dialplans(&folder, &mut sources)?;
        Ok(sources)
    }

    /// Center, telephony and sounds, all checked. Speaks what has no sound file and was never spoken.
    pub(crate) fn reload(&self) -> anyhow::Result<Reload> {
        let (mut reload, mut sounds) = self.unspoken()?;
        sounds.speak_missing(&Wording::all(&reload.center.dialplans), &self.speaker())?;
        reload.prompts = sounds.prompts;
        Ok(reload)
    }

    /// The same with the sounds that are there as files, and what is to be spoken left to do.
    pub(crate) fn unspoken(&self) -> anyhow::Result<(Reload, Library)> {
        let sounds = self.sounds()?;
        let dialplans = self.dialplans()?;
        let wordings = Wording::all(&dialplans);
        let mut world = self.world(&sounds);
        name_wordings(&wordings, &mut world);
        if let Err(findings) = Flows::load(&dialplans, &world) {
            bail!("{}", findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
        }
        let mut directory = center::Directory {
            outside: self.config.trunk.iter().flat_map(|trunk| trunk.prefixes.clone()).collect(),
            emergency: self.config.emergency.numbers.clone(),
            ..center::Directory::default()
        };
        for section in &self.config.phone {
            let users = section.users().map_err(anyhow::Error::msg)?;
            directory.phones.extend(users.iter().map(|user| (SipUser::new(user), section.calls_out)));
        }
        let center = center::Settings {
            queues: self.config.queue.iter().map(|queue| queue.queue()).collect(),
            agents: self.config.agent.iter().map(|agent| agent.agent()).collect(),
            codes: self.config.codes.clone().into(),
            directory,
            supervisors: self
                .config
                .supervisor
                .iter()
                .map(|one| (one.login.as_str().into(), one.phone.as_str().into()))
                .collect(),
            agents_see_monitors: self.config.center.agents_see_monitors,
            zone: self.config.center.zone()?,
            language: self.config.center.language.clone(),
            dialplans,
            world,
        };
        let prompts = telephony::Prompts::default();
        let pages = web::PageSettings {
            zone: self.config.center.zone()?.to_string(),
            ice_servers: self.config.browsers.ice_servers().map_err(anyhow::Error::msg)?,
        };
        Ok((Reload { center, telephony: self.telephony()?, prompts, pages }, sounds))
    }

    fn telephony(&self) -> anyhow::Result<telephony::Settings> {
        let domain = &self.config.center.domain;
        let (mut phones, mut direct_media) = (BTreeMap::new(), BTreeSet::new());
        let (mut phone_codecs, mut phone_srtp) = (BTreeMap::new(), BTreeMap::new());
        let mut calls_out = BTreeSet::new();
        for section in &self.config.phone {
            for user in section.users().map_err(anyhow::Error::msg)? {
                if !section.codecs.0.is_empty() {
                    phone_codecs.insert(SipUser::new(&user), section.codecs.0.clone());
                }
                if let Some(srtp) = section.srtp {
                    phone_srtp.insert(SipUser::new(&user), srtp.into());
                }
                if section.calls_out {
                    calls_out.insert(SipUser::new(&user));
                }
                if section.direct_media {
                    direct_media.insert(SipUser::new(&user));
                }
                phones.insert(SipUser::new(&user), secret(section, &user, domain)?);
            }
        }
        let trunks = self.config.trunk.iter().map(|trunk| trunk.trunk().map_err(anyhow::Error::msg));
        let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
        Ok(telephony::Settings {
            domain: domain.clone(),
            // Filled in when the sockets listen.
            address: nowhere,
            media_address: nowhere.ip(),
            phones,
            trunks: trunks.collect::<Result<_, _>>()?,
            redirects: self.config.sip.redirects.into(),
            calls_out,
            codecs: self.config.media.codecs.0.clone(),
            phone_codecs,
            srtp: self.config.media.srtp.into(),
            phone_srtp,
            direct_media,
            emergency_trunks: self.config.emergency.trunks.iter().map(|name| name.as_str().into()).collect(),
            protection: self
                .config
                .protection
                .protection(&self.config.calls_out, &self.config.phone, &self.config.emergency.numbers)
                .map_err(anyhow::Error::msg)?,
            register_max: self.config.sip.register_max.0,
        })
    }

    /// Everything a node needs.
    pub(crate) fn options(&self) -> anyhow::Result<Options> {
        let Reload { center, telephony, prompts, pages } = self.reload()?;
        let config = &self.config;
        Ok(Options {
            sip: self.sip(),
            media_advertise: config.media.advertise,
            media_ports: config.media.ports.low..=config.media.ports.high,
            browser_port: config.media.browser_port,
            media_dscp: config.media.dscp.0,
            media_threads: config.media.threads,
            media_legs_per_thread: config.media.legs_per_thread,
            http: SocketAddr::new(config.http.listen, config.http.port),
            https: self.https(),
            database: self.database(),
            data: self.data(),
            recordings: config.recording.sound_format()?,
            recordings_low_below: config.recording.warn_below_mb.saturating_mul(1_000_000),
            center,
            telephony,
            prompts,
            web: web::WebOptions {
                name: config.center.name.clone(),
                domain: config.center.domain.clone(),
                metrics_token: config.http.metrics_token.clone(),
                plain_login: config.http.plain_login,
                origins: config.http.origins.clone(),
                pages,
                ..web::WebOptions::default()
            },
        })
    }

    /// Where SIP listens, and how.
    pub(crate) fn sip(&self) -> SipOptions {
        let sip = &self.config.sip;
        let tls = match (&sip.tls_port, &sip.tls_certificate, &sip.tls_key) {
            (Some(port), Some(certificate), Some(key)) => Some(SipTls {
                port: *port,
                files: TlsFiles { certificate: self.path(certificate), key: self.path(key), authority: None },
            }),
            _ => None,
        };
        SipOptions {
            listen: sip.listen.0.clone(),
            port: sip.port,
            tls,
            dscp: self.config.sip.dscp.0,
            advertise: sip.advertise.0.clone(),
            name_servers: sip.name_servers.0.clone(),
            authorities: sip.tls_authorities.as_ref().map(|file| self.path(file)),
        }
    }

    /// HTTPS, if there is any.
    pub(crate) fn https(&self) -> Option<runtime::Tls> {
        let config = &self.config;
        match (&config.http.tls_port, &config.http.tls_certificate, &config.http.tls_key) {
            (Some(port), Some(certificate), Some(key)) => Some(runtime::Tls {
                listen: SocketAddr::new(config.http.listen, *port),
                files: TlsFiles { certificate: self.path(certificate), key: self.path(key), authority: None },
            }),
            _ => None,
        }
    }
}

fn secret(section: &PhoneSection, user: &str, domain: &str) -> anyhow::Result<DigestSecret> {
    match (&section.password, &section.ha1_md5, &section.ha1_sha256) {
        (Some(password), ..) => Ok(DigestSecret::new(user, domain, password)),
        (None, Some(md5), Some(sha256)) => {
            let hash = |text: &str, into: &mut [u8]| {
                for (at, byte) in into.iter_mut().enumerate() {
                    *byte = text
                        .get(2 * at..2 * at + 2)
                        .and_then(|digits| u8::from_str_radix(digits, 16).ok())?;
                }
                Some(())
            };
            let mut secret = DigestSecret { md5: [0; 16], sha256: [0; 32] };
            hash(md5, &mut secret.md5)
                .and_then(|()| hash(sha256, &mut secret.sha256))
                .with_context(|| format!("phone {user}: the hashes are not hexadecimal digits"))?;
            Ok(secret)
        }
        _ => bail!("phone {user}: give password, or ha1_md5 and ha1_sha256"),
    }
}

/// Reads every `.toml` below a folder, in order of their names.
pub(crate) fn read_dialplans(folder: &Path, into: &mut Vec<Source>) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| {
        let what = "make it, or name another one in [folders] dialplans";
        format!("the dialplans folder {} cannot be read; {what}", folder.display())
    })?;
    let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_dialplans(&path, into)?;
        } else if path.extension().is_some_and(|ending| ending == "toml") {
            into.push(read_dialplan(&path)?);
        }
    }
    Ok(())
}

pub(crate) fn read_dialplan(path: &Path) -> anyhow::Result<Source> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(Source { name: path.display().to_string(), text })
}
