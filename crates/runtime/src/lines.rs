//! Programs that hear and speak in calls: whom each of them is tied to just now.
//!
//! A program names an interaction and parties of it. Legs come and go, with transfers for one; after everything that the
//! control thread does, the lines are tied to the legs that there are then.

use center::Center;
use media::{Command, PortId, SampleRate};
use model::timeline::LegRole;
use model::{InteractionId, LegId};
use net::rtp::line::LineEnd;
use net::rtp::{CommandError, MediaThreads};
use std::collections::{BTreeMap, BTreeSet};
use telephony::Telephony;
use tokio::sync::mpsc;
use web::{LineNews, LineRefused, LineWish};

/// How many programs may hear and speak at once; a further one is refused.
pub(crate) const LINES_MAX: usize = 256;

/// How many keys wait for a program to take them; more are not told.
const NEWS_WAITING_MAX: usize = 64;

/// A line that was opened: its number, its sound, and what else is told on it until it is over.
pub(crate) type OpenedLine = (PortId, LineEnd, mpsc::Receiver<LineNews>);

/// The lines there are.
#[derive(Debug, Default)]
pub(crate) struct Lines(BTreeMap<PortId, Line>);

#[derive(Debug)]
struct Line {
    interaction: InteractionId,
    wish: LineWish,
    hears: BTreeSet<PortId>,
    speaks_to: BTreeSet<PortId>,
    news: mpsc::Sender<LineNews>,
}

impl Lines {
    /// Opens a line on the media thread of the interaction, tied to nobody yet.
    pub(crate) fn open(
        &mut self,
        interaction: InteractionId,
        wish: LineWish,
        center: &Center,
        telephony: &mut Telephony,
        media: &MediaThreads,
    ) -> Result<OpenedLine, LineRefused> {
        let legs = center.legs_of(interaction);
        if legs.is_empty() {
            return Err(LineRefused::NoSuchInteraction);
        }
        if self.0.len() >= LINES_MAX {
            return Err(LineRefused::TooMany);
        }
        let beside = legs.iter().find_map(|(leg, _)| telephony.port_of(*leg)).ok_or(LineRefused::NoSound)?;
        let rate = if wish.rate == SampleRate::Narrow.hz() { SampleRate::Narrow } else { SampleRate::Wide };
        let port = telephony.new_port();
        let end = media.open_line(port, beside, rate).map_err(|error| {
            tracing::error!(%error, "no line to a program");
            LineRefused::NoSound
        })?;
        let (news, waiting) = mpsc::channel(NEWS_WAITING_MAX);
        let (hears, speaks_to) = (BTreeSet::new(), BTreeSet::new());
        self.0.insert(port, Line { interaction, wish, hears, speaks_to, news });
        Ok((port, end, waiting))
    }

    /// A program has gone.
    pub(crate) fn close(&mut self, line: PortId, media: &MediaThreads) {
        if self.0.remove(&line).is_some() {
            order(media, Command::Close { port: line });
        }
    }

    /// A party has pressed a key.
    pub(crate) fn digit(&self, leg: LegId, digit: char, center: &Center) {
        for line in self.0.values() {
            let legs = center.legs_of(line.interaction);
            let role = legs.iter().find(|(known, _)| *known == leg).map(|(_, role)| *role);
            if let Some(role) = role.filter(|role| line.wish.hears.contains(role)) {
                // A program that takes no news is told no more of it.
                let _ = line.news.try_send(LineNews::Digit { leg, role, digit });
            }
        }
    }

    /// Ties the lines to the legs that there are now, and ends those whose interaction is over.
    pub(crate) fn follow(&mut self, center: &Center, telephony: &Telephony, media: &MediaThreads) {
        self.0.retain(|port, line| {
            let legs = center.legs_of(line.interaction);
            // Nobody listens to the news of a line whose asker went before it had the answer.
            if legs.is_empty() || line.news.is_closed() {
                // If there is no room for the word, the program sees that nobody can tell it anything any more.
                let _ = line.news.try_send(LineNews::Ended);
                order(media, Command::Close { port: *port });
                return false;
            }
            let ports = |roles: &[LegRole]| -> BTreeSet<PortId> {
                let legs = legs.iter().filter(|(_, role)| roles.contains(role));
                legs.filter_map(|(leg, _)| telephony.port_of(*leg)).collect()
            };
            let hears = ports(&line.wish.hears);
            let hears = tie(&mut line.hears, hears, |speaker, on| {
                order(media, Command::Hear { listener: *port, speaker, on })
            });
            let speaks_to = ports(&line.wish.speaks_to);
            let speaks = tie(&mut line.speaks_to, speaks_to, |listener, on| {
                order(media, Command::Hear { listener, speaker: *port, on })
            });
            if !(hears && speaks) {
                let _ = line.news.try_send(LineNews::Crowded);
                order(media, Command::Close { port: *port });
            }
            hears && speaks
        });
    }

    /// A port cannot hear another one. If one of them is a line, it ends and its program is told why: better than a line on
    /// which nothing comes. Returns whether it was one.
    pub(crate) fn unheard(&mut self, listener: PortId, speaker: PortId, media: &MediaThreads) -> bool {
        let of_lines: Vec<_> =
            [listener, speaker].into_iter().filter_map(|port| Some((port, self.0.remove(&port)?))).collect();
        for (port, line) in &of_lines {
            let _ = line.news.try_send(LineNews::Crowded);
            order(media, Command::Close { port: *port });
        }
        !of_lines.is_empty()
    }
}

/// Puts `after` in place of `before`, and orders what has changed. Whether all of it could be ordered.
fn tie(
    before: &mut BTreeSet<PortId>,
    after: BTreeSet<PortId>,
    mut order: impl FnMut(PortId, bool) -> bool,
) -> bool {
    let gone = before.difference(&after).map(|port| (*port, false));
    let new = after.difference(before).map(|port| (*port, true));
    let ordered = gone.chain(new).fold(true, |ordered, (port, on)| order(port, on) && ordered);
    *before = after;
    ordered
}

/// Gives an order; whether it was taken.
fn order(media: &MediaThreads, command: Command) -> bool {
    match media.command(command) {
        // A port that is closed already needs no order.
        Ok(()) | Err(CommandError::NotOpen(_)) => true,
        Err(error) => {
            tracing::debug!(%error, "a program is not tied to a call as it should be");
            false
        }
    }
}
