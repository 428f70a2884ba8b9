//! One end of a call's sound in the hands of a test: SIPp speaks for it, the ear hears and plays a tone.
//!
//! It speaks G.711 µ-law in packets of 20 ms. A tone goes to wherever sound comes from, and to nobody before that. What
//! does not arrive is silence in [`Ear::heard`], for as long as it did not.

use std::io::ErrorKind;
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use codec::Law;

use crate::patience;
use crate::sound::Sound;

const RATE: u32 = 8000;
const PACKET: Duration = Duration::from_millis(20);
const PACKET_SAMPLES: usize = 160;
const HEADER_BYTES: usize = 12;

/// Sound that is this late was not there: longer than any jitter of a loaded machine that a test should forgive.
const LATE: Duration = Duration::from_millis(150);

/// Listens on a port of its own until it is dropped.
#[derive(Debug)]
pub struct Ear {
    port: u16,
    heard: Arc<Mutex<Vec<i16>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ear {
    /// An ear that plays this tone to whoever it hears.
    pub fn playing(hz: f64) -> Ear {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a port for sound");
        let port = socket.local_addr().expect("its address").port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let over = Arc::new(AtomicBool::new(false));
        let (kept, told) = (Arc::clone(&heard), Arc::clone(&over));
        // One second, over and over: a whole number of waves, so that there is no seam.
        let tone: Vec<u8> = Sound::tone(RATE, hz.round(), 1.0)
            .channel(0)
            .iter()
            .map(|sample| Law::Mu.encode(*sample))
            .collect();
        let thread = thread::spawn(move || converse(&socket, &tone, &kept, &told));
        Ear { port, heard, over, thread: Some(thread) }
    }

    /// Where it listens, on the machine's own address.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it has heard since its first packet; nothing at all before that.
    pub fn heard(&self) -> Sound {
        Sound::of(RATE, self.heard.lock().expect("no test panics while it holds this").clone())
    }

    /// Waits until what it hears satisfies `is_so`.
    pub fn hears(&self, what: &str, within_s: u64, is_so: impl Fn(&Sound) -> bool) {
        let heard = patience::until(within_s, || Some(self.heard()).filter(|sound| is_so(sound)));
        let sound = self.heard();
        assert!(
            heard.is_some(),
            "the ear does not hear {what} within {within_s} s; it heard {:.1} s, {:.1} s of it not silent",
            sound.seconds(),
            sound.seconds_sounding()
        );
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn converse(socket: &UdpSocket, tone: &[u8], heard: &Mutex<Vec<i16>>, over: &AtomicBool) {
    let mut datagram = [0; 2048];
    let mut began: Option<Instant> = None;
    let mut far_end = None;
    let mut next = Instant::now();
    let pieces: Vec<&[u8]> = tone.chunks_exact(PACKET_SAMPLES).collect();
    let mut count = 0u32;
    while !over.load(Ordering::Relaxed) {
        // The time to the next packet of ours is how long we listen.
        let wait = next.saturating_duration_since(Instant::now()).max(Duration::from_micros(100));
        socket.set_read_timeout(Some(wait)).expect("a time-out can be set");
        match socket.recv_from(&mut datagram) {
            Ok((length, from)) => {
                if let Some(payload) = sound_in(&datagram[..length]) {
                    far_end = Some(from);
                    let began = *began.get_or_insert_with(Instant::now);
                    let mut heard = heard.lock().expect("no test panics while it holds this");
                    let due = began.elapsed().saturating_sub(LATE).as_secs_f64() * f64::from(RATE);
                    let due = due as usize;
                    if heard.len() < due {
                        heard.resize(due, 0);
                    }
                    heard.extend(payload.iter().map(|byte| Law::Mu.decode(*byte)));
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            // A port that is closed says so to whoever still speaks to it.
            Err(_) => {}
        }
        if Instant::now() >= next {
            next += PACKET;
            if let Some(far_end) = far_end {
                let piece = pieces[count as usize % pieces.len()];
                let _ = socket.send_to(&packet(count, piece), far_end);
                count = count.wrapping_add(1);
            }
        }
    }
}

/// The payload of an RTP packet with G.711 µ-law; keys and comfort noise are not for the ear.
fn sound_in(datagram: &[u8]) -> Option<&[u8]> {
    let is_sound = datagram.len() > HEADER_BYTES && datagram[0] == 0x80 && datagram[1] & 0x7f == 0;
    is_sound.then(|| &datagram[HEADER_BYTES..])
}

fn packet(count: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80, 0x00];
    bytes.extend_from_slice(&(count as u16).to_be_bytes());
    bytes.extend_from_slice(&count.wrapping_mul(PACKET_SAMPLES as u32).to_be_bytes());
    bytes.extend_from_slice(&0x6561_7230u32.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ears_hear_each_others_tone_once_one_has_spoken() {
        let (one, other) = (Ear::playing(440.0), Ear::playing(660.0));
        let first = UdpSocket::bind(("127.0.0.1", 0)).expect("a port");
        first.send_to(&packet(0, &[0xff; PACKET_SAMPLES]), ("127.0.0.1", one.port())).expect("sent");
        // The ear answers to this port; what it says is passed on to the other one, and back.
        let mut datagram = [0; 2048];
        let ports = [one.port(), other.port()];
        first.set_read_timeout(Some(Duration::from_secs(5))).expect("a time-out can be set");
        for _ in 0..300 {
            let (length, from) = first.recv_from(&mut datagram).expect("sound");
            let to = if from.port() == ports[0] { ports[1] } else { ports[0] };
            first.send_to(&datagram[..length], ("127.0.0.1", to)).expect("sent");
        }
        one.hears("the other", 5, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
        other.hears("the one", 5, |sound| sound.last(1.0).tone_share(440.0) > 0.9);
    }
}
