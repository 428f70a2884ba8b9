//! The demo center: its queues, agents, numbers. What `demo` starts and the simulator plays with.

/// The domain its phones register with.
pub const DOMAIN: &str = "hotline.test";

/// Login, name, phone, queues, skills.
pub type AgentLine =
    (&'static str, &'static str, &'static str, &'static [&'static str], &'static [(&'static str, u8)]);

/// The agents.
pub const AGENTS: [AgentLine; 10] = [
    ("anna", "Anna Lind", "1001", &["support"], &[("english", 3)]),
    ("bert", "Bert Vos", "1002", &["support"], &[("english", 3)]),
    ("chen", "陈浩", "1003", &["support"], &[("english", 2), ("chinese", 5)]),
    ("dora", "Dora Weiss", "1004", &["sales"], &[("english", 3)]),
    ("emil", "Emil Berg", "1005", &["sales"], &[("english", 3)]),
    ("faye", "Faye Moore", "1006", &["support", "sales"], &[("english", 5)]),
    ("gina", "Gina Rossi", "1007", &["support", "sales"], &[("english", 3)]),
    ("hugo", "Hugo Blanc", "1008", &["support", "sales"], &[("english", 3)]),
    ("ines", "Ines Costa", "1009", &["support", "sales"], &[("english", 3)]),
    ("jing", "周静", "1010", &["support", "sales"], &[("english", 2), ("chinese", 5)]),
];

/// People who log in and are no agents: login, name, role.
pub const STAFF: [(&str, &str, &str); 4] = [
    ("admin", "Administrator", "admin"),
    ("sara", "Sara Holm", "supervisor"),
    ("paul", "Paul Adler", "planner"),
    ("mona", "Mona Reyes", "marketing"),
];

/// The phones of those among them who listen to calls: login, phone.
pub const SUPERVISORS: [(&str, &str); 1] = [("sara", "1020")];

/// Numbers callers dial: what for, and which.
pub const NUMBERS: [(&str, &str); 8] = [
    ("main", "4000"),
    ("support", "4001"),
    ("sales", "4002"),
    ("voicemail", "4003"),
    ("echo", "4600"),
    ("music", "4601"),
    ("conference", "4602"),
    ("meeting", "4603"),
];
