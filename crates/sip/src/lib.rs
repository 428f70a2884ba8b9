//! Transactions, dialogs, sessions, registrar, digest: what SIP does with messages over time.
//!
//! Every part is a machine without sockets, clock or threads (`handle_*`, `poll_output`, `poll_timeout`,
//! `handle_timeout`). Session descriptions pass through as bytes; who may call whom, and why, is decided above.
//!
//! Reading order: [`transport`] (where messages come from), [`transaction`] (four tables), [`Endpoint`] (all
//! transactions), [`dialog`], [`session`] (one leg of a call), [`notifier`] (who wants to hear of what),
//! [`registration`] (where we register ourselves), [`proxy`] (what is for somebody else), [`UserAgent`]
//! (all of it: what owners use); beside them
//! [`Authenticator`] on [`digest`] and [`bearer`] (who is it), [`binding`], [`device`], [`Locations`] and [`Registrar`]
//! (where is everybody).

pub mod authenticator;
pub mod bearer;
pub mod binding;
pub mod device;
pub mod dialog;
pub mod digest;
mod digest_dialect;
mod endpoint;
mod facts;
pub mod locations;
pub mod notifier;
pub mod proxy;
pub mod registrar;
pub mod registration;
pub mod saved_binding;
pub mod session;
mod token;
pub mod transaction;
pub mod transport;
mod user_agent;
mod wish;

pub use authenticator::{Authenticator, AuthenticatorConfig, Challenge, Holder, LockOut, Refusal, Verdict};
pub use bearer::TOKEN_LIFETIME;
pub use binding::{AddressOfRecord, Binding};
pub use device::Device;
pub use digest::{Credentials, DigestSecret};
pub use endpoint::{Endpoint, EndpointConfig, EndpointOutput, Incoming, Transmit, TransportError};
pub use locations::Locations;
pub use notifier::{
    Document, SubscriptionConfig, SubscriptionEnd, SubscriptionEvent, SubscriptionRequest, Termination,
};
pub use proxy::{
    NotProxied, ProxyConfig, ProxyEnd, ProxyEvent, ProxyOptions, ProxyTarget, Side as ProxySide,
};
pub use registrar::{Registrar, RegistrarConfig, RegistrarEvent};
pub use registration::{RegistrationConfig, RegistrationEvent, RegistrationFailure};
pub use saved_binding::SavedBinding;
pub use session::{
    Arrival, EndedBy, Event as SessionEvent, Invite, KeyPress, News, ReferId, Referral, Reliable,
    SessionTimer, Transfer,
};
pub use token::{ClientTransactionId, RegistrationId, ServerTransactionId, SessionId, SubscriptionId};
pub use transaction::{Failure, Timing};
pub use transport::{ConnectionId, Destination, Source, Transport};
pub use user_agent::{Output as UserAgentOutput, Trace, UserAgent, UserAgentConfig, UserAgentSnapshot};
