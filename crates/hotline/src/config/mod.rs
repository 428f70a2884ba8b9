//! The configuration file: read, checked, and turned into what each part wants to know.
//!
//! Unknown keys are refused with file, line and the nearest key there is. Paths are relative to the file's folder.

mod browsers;
mod center;
mod listen;
mod phone;
mod protection;
mod reading;
mod recording;
mod text;
mod trunk;

pub(crate) use browsers::BrowsersSection;
pub(crate) use center::{AgentSection, CenterSection, CodesSection, QueueSection, SupervisorSection};
pub(crate) use listen::{
    DatabaseSection, FoldersSection, HttpSection, LogSection, MediaSection, SipSection, SpeechSection,
    SrtpChoice,
};
pub(crate) use phone::PhoneSection;
pub(crate) use protection::{CallsOutSection, OwnCallsOut, ProtectionSection};
pub(crate) use reading::read;
pub(crate) use recording::RecordingSection;
pub(crate) use text::{AddressList, CodePoint, CodecList, NameServerList, PortRange, Span};
pub(crate) use trunk::{EmergencySection, TrunkSection};

use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) center: CenterSection,
    #[serde(default)]
    pub(crate) sip: SipSection,
    #[serde(default)]
    pub(crate) media: MediaSection,
    #[serde(default)]
    pub(crate) browsers: BrowsersSection,
    #[serde(default)]
    pub(crate) speech: SpeechSection,
    #[serde(default)]
    pub(crate) http: HttpSection,
    #[serde(default)]
    pub(crate) database: DatabaseSection,
    #[serde(default)]
    pub(crate) folders: FoldersSection,
    #[serde(default)]
    pub(crate) recording: RecordingSection,
    #[serde(default)]
    pub(crate) log: LogSection,
    #[serde(default)]
    pub(crate) codes: CodesSection,
    #[serde(default)]
    pub(crate) emergency: EmergencySection,
    #[serde(default)]
    pub(crate) protection: ProtectionSection,
    #[serde(default)]
    pub(crate) calls_out: CallsOutSection,
    #[serde(default)]
    pub(crate) queue: Vec<QueueSection>,
    #[serde(default)]
    pub(crate) agent: Vec<AgentSection>,
    #[serde(default)]
    pub(crate) supervisor: Vec<SupervisorSection>,
    #[serde(default)]
    pub(crate) phone: Vec<PhoneSection>,
    #[serde(default)]
    pub(crate) trunk: Vec<TrunkSection>,
}
