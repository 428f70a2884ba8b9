//! What the driver has to know to tie programs to legs: their ports in the sound graph.

use crate::Telephony;
use media::PortId;
use model::LegId;

impl Telephony {
    /// The port of a leg, if its sound comes by here: there is none on the way out, nor of a call that was forwarded.
    pub fn port_of(&self, leg: LegId) -> Option<PortId> {
        let leg = self.legs.get(&leg).filter(|leg| !leg.is_closing() && leg.address.is_some())?;
        (!self.is_proxied(leg.id)).then_some(leg.port)
    }

    /// A number for a port that no leg has.
    pub fn new_port(&mut self) -> PortId {
        PortId::generate(&mut self.ids)
    }
}
