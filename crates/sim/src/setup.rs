//! What a simulated center is made of.

use model::SipUser;
use std::collections::BTreeMap;
use telephony::Prompts;

/// Settings, sounds and phones, as production would read them from files.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Queues, agents, dialplans.
    pub center: center::Settings,
    /// Every sound, or silence of the same length.
    pub prompts: Prompts,
    /// The agents' phones and their passwords.
    pub phones: BTreeMap<SipUser, String>,
}
