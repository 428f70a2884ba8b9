//! Gives ports what they need to hear and to speak, and takes away what they need no more.
//!
//! Called after every command that changes what is needed; no packet and no tick ever makes anything.

use super::Engine;
use crate::Codec;
use crate::ear::Ear;
use crate::mix::{Mixing, Step};
use crate::mouth::Mouth;
use crate::port::Wire;
use base::Instant;
use codec::SampleRate;

impl Engine {
    /// Fits out a port, and the one it is tied to, as things stand.
    pub(super) fn arrange(&mut self, place: usize, now: Instant) {
        if self.silent.is_some() {
            return;
        }
        let other = match self.ports[place].wire {
            Wire::Bridge(other) => Some(other),
            Wire::Open | Wire::Echo | Wire::Conference(_) => None,
        };
        // Whether one hears a mix decides what ear the other needs.
        for place in [Some(place), other].into_iter().flatten() {
            self.settle(place);
        }
        for place in [Some(place), other].into_iter().flatten() {
            self.fit(place, now);
        }
    }

    /// Decides whether a port is to hear a mix.
    fn settle(&mut self, place: usize) {
        let port = &self.ports[place];
        let confers = matches!(port.wire, Wire::Conference(_));
        let relays = port.partner(place).is_some_and(|partner| {
            let partner = &self.ports[partner];
            partner.incoming.receives() && partner.format.codec.is_kin(port.format.codec)
        });
        let step = match confers || !port.beside.is_empty() {
            true => Step::Wanted { relays },
            false => Step::Unwanted { relays },
        };
        self.ports[place].mixing = port.mixing.step(step);
    }

    /// Gives a port the ear, the mouth and the turns that it needs.
    fn fit(&mut self, place: usize, now: Instant) {
        let port = &self.ports[place];
        let format = port.format;
        let speaks_law = format.codec.law().is_some();
        // Whoever hears this port in another codec wants the rate of that codec.
        let other = match port.wire {
            Wire::Bridge(other) => Some(self.ports[other].format.codec),
            Wire::Open | Wire::Echo | Wire::Conference(_) => None,
        };
        let transcoded = other.filter(|other| !format.codec.is_kin(*other)).map(Codec::sample_rate);
        let confers = matches!(port.wire, Wire::Conference(_));
        let is_mixed = port.partner(place).is_some_and(|listener| self.ports[listener].mixing != Mixing::No);
        let heard_at = if transcoded.is_some() {
            transcoded
        } else if confers {
            Some(format.codec.sample_rate())
        } else if is_mixed || !port.overheard.is_empty() {
            // An ear that somebody else has already stays as it is: who begins to listen disturbs nobody.
            let there = port.ear.as_ref().filter(|ear| ear.hears(format));
            Some(there.map_or(format.codec.sample_rate(), |ear| ear.rate()))
        } else {
            // Recorders and detectors want 8 kHz, and take G.711 as it comes.
            (!speaks_law && (port.is_listened_to() || !port.taps.is_empty())).then_some(SampleRate::Narrow)
        };
        let said_at = if transcoded.is_some() {
            // What is said in another codec comes from whoever is heard, at the rate of their codec.
            other.map(Codec::sample_rate)
        } else if port.mixing != Mixing::No {
            Some(format.codec.sample_rate())
        } else {
            let sounds = port.player.is_some() || (port.keys.is_none() && !port.keypad.is_idle());
            let is_wide = port.player.as_ref().is_some_and(|player| player.is_wide());
            let rate = if is_wide { SampleRate::Wide } else { SampleRate::Narrow };
            (!speaks_law && sounds).then_some(rate)
        };
        let mixes =
            port.mixing != Mixing::No || is_mixed || !port.overheard.is_empty() || port.line.is_some();
        // A program needs neither: its sound is as it is mixed.
        let (heard_at, said_at) = if port.line.is_some() { (None, None) } else { (heard_at, said_at) };

        if !matches!((&port.ear, heard_at), (Some(ear), Some(rate)) if ear.suits(format, rate)) {
            let ear = heard_at.and_then(|rate| Ear::new(format, rate).ok()).map(Box::new);
            if ear.is_some() || self.ports[place].ear.is_some() {
                self.ports[place].put_ear(ear);
            }
        }
        let mouth = &mut self.ports[place].mouth;
        if !matches!((&*mouth, said_at), (Some(mouth), Some(rate)) if mouth.suits(format, rate)) {
            *mouth = said_at.and_then(|rate| Mouth::new(format, rate).ok()).map(Box::new);
        }
        self.ports[place].is_stale = false;
        if self.ports[place].wants_turns() {
            self.sound(place, mixes, now);
        } else {
            self.rest(place);
        }
    }
}
