//! Whose turn it is when: ports with something to send, in phases.
//!
//! Every port on the tick path gets a turn each 20 ms. If all had theirs at the same moment, a thousand listeners to
//! music would make relayed packets wait behind a thousand sends; so no phase takes more than [`PORTS_PER_PHASE`] ports
//! as long as there are phases left, and each phase begins when its first port does. Few ports share one phase, because
//! each phase wakes the thread. Whoever is in a mix shares
//! phase 0: a listener's turn must come after those of all it hears.

use base::{Duration, Instant};

/// The pace of everything that is made here.
pub const TICK: Duration = Duration::from_millis(20);

/// How many ports a phase takes before the next one begins.
pub const PORTS_PER_PHASE: usize = 50;

/// How many phases there are at most; then they take more ports.
pub const PHASES_MAX: usize = 32;

/// How far apart two phases are that a port does not notice: less than a driver is late in its every day.
pub const NEAR: Duration = Duration::from_millis(1);

/// The phase of all who are mixed, or whose sound is.
pub const MIXERS: usize = 0;

/// Ports, by their places, that have their turn together.
#[derive(Clone, Debug, Default)]
struct Phase {
    ports: Vec<usize>,
    next: Option<Instant>,
}

/// All phases.
#[derive(Clone, Debug)]
pub struct Metronome {
    phases: Vec<Phase>,
}

impl Metronome {
    /// No port has a turn.
    pub fn new() -> Self {
        Self { phases: vec![Phase::default()] }
    }

    /// Gives a port turns; the first one is now, or with those who share its phase. Returns the phase.
    pub fn add(&mut self, place: usize, confers: bool, now: Instant) -> usize {
        let phase = if confers { MIXERS } else { self.roomiest() };
        let Phase { ports, next } = &mut self.phases[phase];
        ports.push(place);
        next.get_or_insert(now);
        phase
    }

    /// Gives a port that had turns in another engine its next one here: `at`, if that can be, and as near to it as can be if
    /// not. Whoever is mixed goes with those who are; whoever is not goes with those whose turn is [`NEAR`], or has a phase
    /// of its own while there are any. Returns the phase.
    pub fn join(&mut self, place: usize, confers: bool, at: Instant) -> usize {
        let phase = if confers { MIXERS } else { self.nearest(at) };
        let Phase { ports, next } = &mut self.phases[phase];
        ports.push(place);
        next.get_or_insert(at);
        phase
    }

    /// The phase with room whose turn is nearest, an idle or new one, or the nearest of all.
    fn nearest(&mut self, at: Instant) -> usize {
        let away = |phase: &Phase| phase.next.map(|next| next.since(at).max(at.since(next)));
        let others = || self.phases.iter().enumerate().skip(1);
        let near = others()
            .filter(|(_, phase)| phase.ports.len() < PORTS_PER_PHASE)
            .filter_map(|(number, phase)| Some((away(phase)?, number)))
            .min()
            .filter(|(away, _)| *away <= NEAR);
        if let Some((_, phase)) = near {
            return phase;
        }
        if let Some((phase, _)) = others().find(|(_, phase)| phase.next.is_none()) {
            return phase;
        }
        if self.phases.len() < PHASES_MAX {
            self.phases.push(Phase::default());
            return self.phases.len() - 1;
        }
        let nearest = others().min_by_key(|(_, phase)| (phase.ports.len() >= PORTS_PER_PHASE, away(phase)));
        nearest.map_or(MIXERS, |(phase, _)| phase)
    }

    /// The first phase with room, a new one, or the one with the fewest ports.
    fn roomiest(&mut self) -> usize {
        let others = || self.phases.iter().enumerate().skip(1);
        if let Some((phase, _)) = others().find(|(_, phase)| phase.ports.len() < PORTS_PER_PHASE) {
            return phase;
        }
        if self.phases.len() < PHASES_MAX {
            self.phases.push(Phase::default());
            return self.phases.len() - 1;
        }
        others().min_by_key(|(_, phase)| phase.ports.len()).map_or(MIXERS, |(phase, _)| phase)
    }

    /// Takes a port's turns away.
    pub fn remove(&mut self, place: usize, phase: usize) {
        self.keep(phase, |other| other != place);
    }

    /// Keeps only those ports of a phase.
    pub fn keep(&mut self, phase: usize, mut stays: impl FnMut(usize) -> bool) {
        let Phase { ports, next } = &mut self.phases[phase];
        ports.retain(|place| stays(*place));
        if ports.is_empty() {
            *next = None;
        }
    }

    /// When the next turn is.
    pub fn next(&self) -> Option<Instant> {
        self.phases.iter().filter_map(|phase| phase.next).min()
    }

    /// When the next turn of a phase is.
    pub fn due(&self, phase: usize) -> Option<Instant> {
        self.phases[phase].next
    }

    /// How many phases there are.
    pub fn phases(&self) -> usize {
        self.phases.len()
    }

    /// The turn of a phase, if it is due; the one after is set.
    pub fn take_turn(&mut self, phase: usize, now: Instant) -> Option<Instant> {
        let next = &mut self.phases[phase].next;
        let at = next.filter(|at| *at <= now)?;
        *next = Some(at + TICK);
        Some(at)
    }

    /// Gives up the turns of a phase that were missed.
    pub fn skip(&mut self, phase: usize, now: Instant) {
        if let Some(next) = &mut self.phases[phase].next {
            *next = now + TICK;
        }
    }

    /// The ports of a phase.
    pub fn ports(&self, phase: usize) -> &[usize] {
        &self.phases[phase].ports
    }

    /// Whether no port has a turn.
    pub fn is_empty(&self) -> bool {
        self.phases.iter().all(|phase| phase.ports.is_empty())
    }
}

impl Default for Metronome {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_ports_share_a_phase_and_many_are_spread() {
        let mut metronome = Metronome::new();
        for place in 0..120 {
            metronome.add(place, false, ms(place as u64));
        }
        let ports: Vec<_> = (0..metronome.phases()).map(|phase| metronome.ports(phase).len()).collect();
        assert_eq!(ports, [0, 50, 50, 20]);
        assert_eq!(metronome.next(), Some(ms(0)));
        assert_eq!(metronome.take_turn(2, ms(50)), Some(ms(50)), "each phase has its own beginning");
        assert_eq!(metronome.take_turn(2, ms(69)), None);
        assert_eq!(metronome.take_turn(2, ms(75)), Some(ms(70)), "lateness does not add up");
    }

    #[test]
    fn when_all_phases_are_full_they_are_filled_evenly() {
        let mut metronome = Metronome::new();
        for place in 0..3_100 {
            metronome.add(place, false, ms(0));
        }
        assert_eq!(metronome.phases(), PHASES_MAX);
        assert!((1..PHASES_MAX).all(|phase| metronome.ports(phase).len() == 100));
    }

    #[test]
    fn who_comes_from_elsewhere_has_its_turn_when_it_was_due() {
        let mut metronome = Metronome::new();
        metronome.add(1, false, ms(0));
        assert_eq!(
            (metronome.join(2, false, ms(1)), metronome.ports(1)),
            (1, [1, 2].as_slice()),
            "near enough"
        );
        let own = metronome.join(3, false, ms(5));
        assert_eq!((own, metronome.due(own)), (2, Some(ms(5))), "a phase of its own");
        metronome.remove(1, 1);
        metronome.remove(2, 1);
        let idle = metronome.join(4, false, ms(13));
        assert_eq!((idle, metronome.due(idle)), (1, Some(ms(13))), "an idle one is as good as a new one");
        assert_eq!((metronome.join(5, true, ms(7)), metronome.due(MIXERS)), (MIXERS, Some(ms(7))));
        assert_eq!(
            (metronome.join(6, true, ms(9)), metronome.due(MIXERS)),
            (MIXERS, Some(ms(7))),
            "mixes are together"
        );
    }

    #[test]
    fn when_all_phases_have_begun_the_nearest_is_taken_and_of_equals_one_with_room() {
        let mut metronome = Metronome::new();
        let all = PORTS_PER_PHASE * (PHASES_MAX - 1);
        for place in 0..all - 1 {
            metronome.add(place, false, ms((place / PORTS_PER_PHASE) as u64 * 3));
        }
        let last = PHASES_MAX - 1;
        assert_eq!(metronome.join(all, false, ms(9)), last, "the only one with room");
        assert_eq!(metronome.join(all + 1, false, ms(10)), 4, "9 ms is nearer than 12");
    }

    #[test]
    fn a_phase_without_ports_has_no_turns() {
        let mut metronome = Metronome::new();
        let phase = metronome.add(7, false, ms(0));
        assert_eq!(metronome.add(8, true, ms(5)), MIXERS);
        metronome.remove(7, phase);
        assert_eq!(metronome.next(), Some(ms(5)));
        metronome.remove(8, MIXERS);
        assert!(metronome.is_empty() && metronome.next().is_none());
    }

    fn ms(millis: u64) -> Instant {
        Instant::from_micros(millis * 1_000)
    }
}
