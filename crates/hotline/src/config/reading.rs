//! Reading the file, and saying what is wrong with it.

use super::{Config, SupervisorSection};
use serde::Deserialize;
use std::fmt;
use std::net::IpAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// How many mistakes of a file are told at once.
const MISTAKES_MAX: usize = 50;

/// Something in a file that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) file: PathBuf,
    /// Counted from 1; `None` when the whole file is meant.
    pub(crate) line: Option<usize>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(help) = &self.help {
            write!(f, " ({help})")?;
        }
        Ok(())
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("the configuration {file} cannot be read")]
    Unreadable { file: String, source: std::io::Error },
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Mistakes(Vec<Mistake>),
}

/// Reads and checks the file.
pub(crate) fn read(file: &Path) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(file)
        .map_err(|source| ConfigError::Unreadable { file: file.display().to_string(), source })?;
    parse(&text, file).map_err(ConfigError::Mistakes).and_then(|config| {
        let mistakes = inspect(&config, &text, file);
        if mistakes.is_empty() { Ok(config) } else { Err(ConfigError::Mistakes(mistakes)) }
    })
}

/// Reads the file. A parser stops at the first thing it does not understand; so each key it stops at is told, taken out, and
/// the rest read again.
fn parse(text: &str, file: &Path) -> Result<Config, Vec<Mistake>> {
    let told = |error: &toml::de::Error| {
        let line = error.span().map(|span| line_of(text, span.start));
        let message = error.message().to_owned();
        let (message, help) = match message.strip_prefix("unknown field `") {
            Some(rest) => unknown_key(rest),
            None => (message, None),
        };
        Mistake { file: file.to_owned(), line, message, help }
    };
    let mut table = DeTable::parse(text).map_err(|error| vec![told(&error)])?;
    let mut mistakes: Vec<Mistake> = Vec::new();
    let mut took_value = false;
    loop {
        match Config::deserialize(toml::Deserializer::from(table.clone())) {
            Ok(config) if mistakes.is_empty() => return Ok(config),
            Ok(_) => break,
            Err(error) => {
                // A key that is missing only because its value was wrong has been told.
                if took_value && error.message().starts_with("missing field") {
                    break;
                }
                took_value |= !error.message().starts_with("unknown field");
                mistakes.push(told(&error));
                let Some(span) = error.span() else { break };
                if mistakes.len() >= MISTAKES_MAX || !take_out(table.get_mut(), &span) {
                    break;
                }
            }
        }
    }
    mistakes.sort_by_key(|mistake| mistake.line);
    Err(mistakes)
}

/// Takes the innermost key out that stands at a place, or has its value there. Returns whether there was one.
fn take_out(table: &mut DeTable<'_>, at: &Range<usize>) -> bool {
    let covers = |span: Range<usize>| span.start <= at.start && at.end <= span.end;
    let key = table.iter().find(|(key, _)| covers(key.span())).map(|(key, _)| key.clone());
    if let Some(key) = key {
        return table.remove(&key).is_some();
    }
    for (_, value) in table.iter_mut() {
        let is_taken = match value.get_mut() {
            DeValue::Table(inner) => take_out(inner, at),
            DeValue::Array(all) => all.iter_mut().any(|one| match one.get_mut() {
                DeValue::Table(inner) => take_out(inner, at),
                _ => false,
            }),
            _ => false,
        };
        if is_taken {
            return true;
        }
    }
    let key = table.iter().find(|(_, value)| covers(value.span())).map(|(key, _)| key.clone());
    key.is_some_and(|key| table.remove(&key).is_some())
}

/// `rest` is what serde says after "unknown field `": the key, then the keys there are.
fn unknown_key(rest: &str) -> (String, Option<String>) {
    let mut words = rest.split('`');
    let key = words.next().unwrap_or_default();
    let known: Vec<_> = words.skip(1).step_by(2).collect();
    let nearest = known.iter().min_by_key(|word| distance(key, word)).filter(|word| distance(key, word) <= 3);
    let help = match nearest {
        Some(word) => format!("did you mean {word}?"),
        None => format!("known here: {}", known.join(", ")),
    };
    (format!("there is no key {key} here"), Some(help))
}

/// How many letters must be changed, added or taken away to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<_> = b.chars().collect();
    let mut row: Vec<_> = (0..=b.len()).collect();
    for (i, one) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let changed = diagonal + usize::from(one != *other);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// What a parser cannot see: names that nobody has, values that fit no range.
fn inspect(config: &Config, text: &str, file: &Path) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut wrong = |near: &str, message: String| {
        let line = text.find(&format!("{near:?}")).map(|at| line_of(text, at));
        mistakes.push(Mistake { file: file.to_owned(), line, message, help: None });
    };

    if let (Some(name), Err(error)) = (&config.center.zone, config.center.zone()) {
        wrong(name, format!("[center] zone: {error}"));
    }
    for (at, queue) in config.queue.iter().enumerate() {
        if config.queue[..at].iter().any(|other| other.name == queue.name) {
            wrong(&queue.name, format!("queue {} is there twice", queue.name));
        }
        if queue.goal > 100 {
            wrong(&queue.name, format!("queue {}: goal {} is more than 100 percent", queue.name, queue.goal));
        }
        if queue.ring.0.is_zero() {
            wrong(&queue.name, format!("queue {}: ring must be longer than nothing", queue.name));
        }
        if queue.waiting_max == 0 {
            wrong(&queue.name, format!("queue {}: waiting_max 0 would turn everybody away", queue.name));
        }
        for (skill, level) in queue.needs.iter().filter(|(_, level)| !(1..=5).contains(*level)) {
            wrong(&queue.name, format!("queue {}: level {level} of {skill} is not 1 to 5", queue.name));
        }
    }
    let mut users = std::collections::BTreeSet::new();
    for phone in &config.phone {
        match phone.users() {
            Ok(named) => {
                for user in named {
                    if !users.insert(user.clone()) {
                        wrong(&phone.user, format!("phone {user} is there twice"));
                    }
                }
            }
            Err(message) => wrong(&phone.user, message),
        }
        match (&phone.password, &phone.ha1_md5, &phone.ha1_sha256) {
            (Some(_), None, None) | (None, Some(_), Some(_)) => {}
            _ => {
                wrong(&phone.user, format!("phone {}: give password, or ha1_md5 and ha1_sha256", phone.user))
            }
        }
        for (key, hash, length) in [("ha1_md5", &phone.ha1_md5, 32), ("ha1_sha256", &phone.ha1_sha256, 64)] {
            if hash.as_ref().is_some_and(|hash| {
                hash.len() != length || hash.bytes().any(|byte| !byte.is_ascii_hexdigit())
            }) {
                wrong(&phone.user, format!("phone {}: {key} is not {length} hexadecimal digits", phone.user));
            }
        }
    }
    for (at, agent) in config.agent.iter().enumerate() {
        if config.agent[..at].iter().any(|other| other.login == agent.login) {
            wrong(&agent.login, format!("agent {} is there twice", agent.login));
        }
        if let Some(phone) = &agent.phone {
            if !users.contains(phone) {
                wrong(phone, format!("agent {}: there is no [[phone]] with user {phone:?}", agent.login));
            }
            if config.agent[..at].iter().any(|other| other.phone.as_ref() == Some(phone)) {
                wrong(phone, format!("agent {}: phone {phone} belongs to another agent", agent.login));
            }
        }
        for queue in agent.queues.iter().filter(|name| !config.queue.iter().any(|queue| queue.name == **name))
        {
            wrong(queue, format!("agent {}: there is no [[queue]] with name {queue:?}", agent.login));
        }
        for (skill, level) in agent.skills.iter().filter(|(_, level)| !(1..=5).contains(*level)) {
            wrong(&agent.login, format!("agent {}: level {level} of {skill} is not 1 to 5", agent.login));
        }
    }
    for (at, supervisor) in config.supervisor.iter().enumerate() {
        let SupervisorSection { login, phone } = supervisor;
        if config.supervisor[..at].iter().any(|other| other.login == *login)
            || config.agent.iter().any(|agent| agent.login == *login)
        {
            wrong(
                login,
                format!("supervisor {login} is there twice; the phone of an agent stands at the agent"),
            );
        }
        if !users.contains(phone) {
            wrong(phone, format!("supervisor {login}: there is no [[phone]] with user {phone:?}"));
        }
        let is_taken = config.supervisor[..at].iter().any(|other| other.phone == *phone)
            || config.agent.iter().any(|agent| agent.phone.as_ref() == Some(phone));
        if is_taken {
            wrong(phone, format!("supervisor {login}: phone {phone} belongs to somebody else"));
        }
    }
    for (at, trunk) in config.trunk.iter().enumerate() {
        if config.trunk[..at].iter().any(|other| other.name == trunk.name) {
            wrong(&trunk.name, format!("trunk {} is there twice", trunk.name));
        }
        if let Err(message) = trunk.trunk() {
            wrong(&trunk.name, format!("trunk {}: {message}", trunk.name));
        }
    }
    for name in &config.emergency.trunks {
        match config.trunk.iter().find(|trunk| trunk.name == *name) {
            None => wrong(name, format!("[emergency]: there is no [[trunk]] with name {name:?}")),
            Some(trunk) if trunk.send_to.is_none() => {
                wrong(name, format!("[emergency]: trunk {name} calls nowhere; it has no send_to"));
            }
            Some(_) => {}
        }
    }
    if !config.emergency.numbers.is_empty() && !config.trunk.iter().any(|trunk| trunk.send_to.is_some()) {
        wrong(
            "numbers",
            "[emergency]: there is no [[trunk]] with send_to that could take these calls".to_owned(),
        );
    }
    if let Err(message) =
        config.protection.protection(&config.calls_out, &config.phone, &config.emergency.numbers)
    {
        wrong("protection", message);
    }
    if let Some(origin) = config.http.wrong_origin() {
        let what = "an origin is https://HOST, with a port if it has one, and nothing behind it";
        wrong(origin, format!("[http] origins: \"{origin}\": {what}"));
    }
    if let Err(message) = config.browsers.ice_servers() {
        wrong("browsers", format!("[browsers]: {message}"));
    }
    if config.media.codecs.0.is_empty() {
        wrong(
            "codecs",
            "[media] needs one codec at least; without the key all there are are spoken".to_owned(),
        );
    }
    let sip = &config.sip;
    if sip.listen.0.is_empty() {
        wrong("listen", "SIP has to listen on one address at least".to_owned());
    }
    for (at, address) in sip.listen.0.iter().enumerate() {
        if sip.listen.0[..at].contains(address) {
            wrong(&address.to_string(), format!("SIP listens on {address} twice"));
        }
    }
    for family in [IpAddr::is_ipv4, IpAddr::is_ipv6] {
        if sip.advertise.0.iter().filter(|address| family(address)).count() > 1 {
            wrong("advertise", "SIP advertises one IPv4 and one IPv6 address at the most".to_owned());
        }
    }
    let tls = [sip.tls_port.is_some(), sip.tls_certificate.is_some(), sip.tls_key.is_some()];
    if tls != [tls[0]; 3] {
        wrong("tls_port", "SIP over TLS wants all three of tls_port, tls_certificate and tls_key".to_owned());
    }
    if config.http.tls_port.is_some() != config.http.tls_certificate.is_some()
        || config.http.tls_port.is_some() != config.http.tls_key.is_some()
    {
        let message = "HTTPS wants all three of tls_port, tls_certificate and tls_key";
        wrong("tls_port", message.to_owned());
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "[center]\nname = \"Test\"\ndomain = \"hotline.test\"\n";

    #[test]
    fn every_mistake_is_named_with_its_line_and_a_way_out() {
        for (text, said) in [
            ("[sip]\nprot = 5061", "x.toml:5: there is no key prot here (did you mean port?)"),
            ("[zip]", "x.toml:4: there is no key zip here (did you mean sip?)"),
            ("[sip]\nport = 99999", "x.toml:5: invalid value: integer `99999`, expected u16"),
            (
                "[media]\nports = \"1-2\"",
                "x.toml:5: \"1-2\" is not a range of ports; write LOW-HIGH like 20000-29999, from 1024 up, two ports at least",
            ),
            (
                "[[queue]]\nname = \"a\"\nring = \"soon\"",
                "x.toml:6: \"soon\" is not a duration; write it like 15s, 2m or 1h 30m",
            ),
            ("[[queue]]\nname = \"a\"\n[[queue]]\nname = \"a\"", "x.toml:5: queue a is there twice"),
            (
                "[[agent]]\nlogin = \"anna\"\nqueues = [\"b\"]",
                "x.toml:6: agent anna: there is no [[queue]] with name \"b\"",
            ),
            (
                "zone = \"Europe/Berlln\"",
                "x.toml:4: [center] zone: there is no time zone \"Europe/Berlln\"; did you mean \"Europe/Berlin\"?",
            ),
            (
                "[[supervisor]]\nlogin = \"sara\"\nphone = \"7\"",
                "x.toml:6: supervisor sara: there is no [[phone]] with user \"7\"",
            ),
            (
                "[[phone]]\nuser = \"7\"\npassword = \"p\"\n[[agent]]\nlogin = \"anna\"\nphone = \"7\"\nqueues = []\n\
                 [[supervisor]]\nlogin = \"sara\"\nphone = \"7\"",
                "x.toml:5: supervisor sara: phone 7 belongs to somebody else",
            ),
            (
                "[[agent]]\nlogin = \"anna\"\nphone = \"7\"\nqueues = []",
                "x.toml:6: agent anna: there is no [[phone]] with user \"7\"",
            ),
            (
                "[sip]\nlisten = \"here\"",
                "x.toml:5: \"here\" is not an address such as 192.0.2.1, 0.0.0.0 or ::",
            ),
            (
                "[sip]\nname_servers = [\"dns\"]",
                "x.toml:5: \"dns\" is not a name server's address; write it like 192.0.2.53 or [2001:db8::53]:5353",
            ),
            ("[sip]\nlisten = [\"::\", \"::\"]", "x.toml:5: SIP listens on :: twice"),
            (
                "[sip]\ntls_port = 5061",
                "x.toml: SIP over TLS wants all three of tls_port, tls_certificate and tls_key",
            ),
            (
                "[protection]\ndeny = [\"everybody\"]",
                "x.toml: [protection]: \"everybody\" is not an address or a block of addresses such as 192.0.2.0/24",
            ),
            (
                "[protection]\naddress = { per_second = 0, at_once = 5 }",
                "x.toml: [protection]: address with 0 would keep every new phone out",
            ),
            (
                "[protection]\nlag = \"1ms\"",
                "x.toml: [protection]: lag is shorter than 20 ms, which would turn callers away for nothing; 0s is never",
            ),
            (
                "[calls_out]\nper_day = 0",
                "x.toml: [calls_out]: per_day = 0 lets no phone call outside; calls_out = false at the phone says so",
            ),
            (
                "[[phone]]\nuser = \"7\"\npassword = \"x\"\nlimits = { forbidden = [\"\"] }",
                "x.toml: phone 7: limits: every number begins with nothing; write what the numbers begin with",
            ),
            (
                "[http]\norigins = [\"https://crm.example.org\", \"https://crm.example.org/phone\"]",
                "x.toml:5: [http] origins: \"https://crm.example.org/phone\": an origin is https://HOST, with a port if it has one, and nothing behind it",
            ),
            (
                "[browsers]\nstun = [\"stun.example.org\"]",
                "x.toml: [browsers]: \"stun.example.org\" is no server; write it like stun:stun.example.org:3478",
            ),
            (
                "[[browsers.turn]]\nurls = [\"turn:a:1\"]\nsecret = \"s\"\npassword = \"p\"",
                "x.toml: [browsers]: turn:a:1: give secret, or username and password",
            ),
            (
                "[[browsers.turn]]\nurls = [\"turn:a:1\"]\nsecret = \"s\"\nlifetime = \"1s\"",
                "x.toml: [browsers]: turn:a:1: lifetime is not between 1 minute and 7 days",
            ),
            ("[[phone]]\nuser = \"7\"", "x.toml:5: phone 7: give password, or ha1_md5 and ha1_sha256"),
            (
                "[[trunk]]\nname = \"t\"\naccept_from = [\"x\"]",
                "x.toml:5: trunk t: \"x\" is not an address or a block of addresses such as 192.0.2.0/24",
            ),
        ] {
            assert_eq!(mistakes(&format!("{LEAST}{text}\n")), said);
        }
    }

    #[test]
    fn all_unknown_keys_are_named_at_once_in_the_order_of_the_file() {
        let text = "[sip]\nprot = 5061\nport = \"x\"\n[[queue]]\nname = \"a\"\ngaol = 3\n[[queue]]\nname = \"b\"\nrings = \"1s\"\n\
                    [zip]\na = 1\nb = 2\n[http]\ntsl_port = 1\n";
        let expected = [
            "x.toml:5: there is no key prot here (did you mean port?)",
            "x.toml:6: invalid type: string \"x\", expected u16",
            "x.toml:9: there is no key gaol here (did you mean goal?)",
            "x.toml:12: there is no key rings here (did you mean ring?)",
            "x.toml:13: there is no key zip here (did you mean sip?)",
            "x.toml:17: there is no key tsl_port here (did you mean tls_port?)",
        ];
        assert_eq!(mistakes(&format!("{LEAST}{text}")), expected.join("\n"));
    }

    #[test]
    fn a_value_that_is_wrong_is_not_missing_too() {
        let text = "[center]\nname = 5\ndomain = \"hotline.test\"\n";
        assert_eq!(mistakes(text), "x.toml:2: invalid type: integer `5`, expected a string");
    }

    #[test]
    fn the_least_file_is_enough() {
        assert_eq!(mistakes(LEAST), "");
    }

    #[test]
    fn the_example_explains_every_key_there_is() {
        let text = include_str!("../../../../docs/hotline.toml");
        let config = parse(text, Path::new("hotline.toml")).expect("the example is right");
        assert_eq!(inspect(&config, text, Path::new("hotline.toml")), []);
        let written: toml::Value = toml::from_str(text).expect("the example is TOML");
        let known = toml::Value::try_from(&config).expect("a configuration is TOML");
        assert_eq!(keys("", &written), keys("", &known), "the example has not every key, or one too many");
    }

    fn mistakes(text: &str) -> String {
        let file = Path::new("x.toml");
        match parse(text, file) {
            Err(mistakes) => mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
            Ok(config) => {
                inspect(&config, text, file).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
            }
        }
    }

    fn keys(above: &str, value: &toml::Value) -> std::collections::BTreeSet<String> {
        match value {
            toml::Value::Table(table) => table
                .iter()
                .filter(|(key, _)| !matches!(key.as_str(), "needs" | "skills" | "headers"))
                .flat_map(|(key, below)| {
                    let path = format!("{above}.{key}");
                    let mut all = keys(&path, below);
                    all.insert(path);
                    all
                })
                .collect(),
            toml::Value::Array(rows) => rows.iter().flat_map(|row| keys(above, row)).collect(),
            _ => std::collections::BTreeSet::new(),
        }
    }
}
