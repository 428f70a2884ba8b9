//! The invariants of the whole: looked for after every step, and once more when all is quiet.

use crate::world::World;

impl World {
    /// Everything that is wrong just now.
    pub fn wrong(&self) -> Vec<String> {
        let mut wrong = self.center().audit();
        wrong.extend(self.troubles().iter().map(|trouble| format!("telephony: {trouble}")));
        wrong
    }

    /// Everything that is left when every call has ended: legs, ports, recordings, transactions.
    pub fn left_behind(&mut self) -> Vec<String> {
        let mut left = Vec::new();
        let mut count = |what: &str, number: usize| {
            if number > 0 {
                left.push(format!("{number} {what}"));
            }
        };
        count("open interactions", self.center().open_interactions());
        count("legs known to the center", self.center().open_legs());
        count("legs in telephony", self.telephony().legs());
        count("dialogs and transactions", self.telephony().signalling_left());
        count("calls on trunks", self.telephony().trunk_calls() as usize);
        count("media ports", self.sound().ports().count());
        count("recordings in the sound graph", self.sound().recordings().count());
        count("conferences", self.sound().conferences().count());
        if !self.center().is_idle() {
            left.push("the center is not idle".to_owned());
        }
        left.extend(self.center().desks().filter_map(|desk| {
            desk.state
                .interaction()
                .map(|id| format!("{} is {} with {id}", desk.agent.id, desk.state.as_str()))
        }));
        left
    }
}
