//! Conferences: every port hears all others and not itself.
//!
//! A conference is data: who is in it, who speaks and who listens. Its sound is made in [`crate::mix`]: the voices of all
//! who speak are added up once, and each listener gets the sum less its own share. Who shall hear one member only, or be
//! heard by one only, is beside the conference ([`crate::Command::Hear`]).

/// How many ports a conference has at most; a further one is refused with [`crate::Event::JoinRefused`] and stays where
/// it was. The voices of so many fit into a sum by far; the time of a tick is the reason.
pub const CONFERENCE_PORTS_MAX: usize = 256;

/// How many conferences one engine has at most; a further one is refused likewise.
pub const CONFERENCES_MAX: usize = 1_024;

/// One port in a conference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The place of the port in the engine.
    pub place: usize,
    /// Whether the others hear it.
    pub speaks: bool,
    /// Whether it hears the others.
    pub listens: bool,
}

/// The ports of one conference.
#[derive(Clone, Debug, Default)]
pub struct Conference {
    /// In the order of joining.
    pub members: Vec<Member>,
}

impl Conference {
    /// The member at a place.
    pub fn member_mut(&mut self, place: usize) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.place == place)
    }
}
