//! Connections on the loopback interface: frames cut anywhere, limits, and who has to go.

use super::*;
use std::net::Shutdown;

#[test]
fn frames_are_found_wherever_the_bytes_are_cut() {
    let mut scene = Scene::new();
    let (mut browser, number) = scene.connects();
    let bytes = [&[0, 3][..], b"one", &[0, 0], &[0, 2], b"to"].concat();
    let mut found = Vec::new();
    for byte in bytes {
        browser.write_all(&[byte]).expect("written");
        found.extend(scene.frames(number));
    }
    assert_eq!(found, [b"one".to_vec(), Vec::new(), b"to".to_vec()]);

    browser.write_all(&[0, 1, 7, 0, 9, 7]).expect("written");
    browser.shutdown(Shutdown::Write).expect("closed");
    assert_eq!(scene.frames(number), [[7]]);
    assert!(!scene.streams.fill(number), "it is over, and half a frame is none");
}

#[test]
fn a_frame_that_is_too_long_is_not_waited_for() {
    let mut scene = Scene::new();
    let (mut browser, number) = scene.connects();
    browser.write_all(&[0xff, 0xff]).expect("written");
    assert!(scene.streams.fill(number));
    assert_eq!(scene.streams.frame(number, &mut [0; FRAME_BYTES_MAX]), Err(FrameTooLong));
}

#[test]
fn too_many_strangers_push_out_the_oldest_and_never_who_has_passed_a_check() {
    let mut scene = Scene::new();
    let (_honest, proven) = scene.connects();
    scene.streams.prove(proven);
    let mut strangers: Vec<_> = (0..STRANGERS_MAX).map(|_| scene.connects()).collect();
    assert_eq!(scene.streams.sizes(), (STRANGERS_MAX + 1, STRANGERS_MAX));
    strangers.push(scene.connects());
    assert_eq!(scene.streams.sizes(), (STRANGERS_MAX + 1, STRANGERS_MAX));
    assert!(scene.streams.socket(proven).is_some());
    let first = strangers[0].0.local_addr().expect("its address");
    assert_eq!(scene.gone, [first]);
    assert_eq!(scene.streams.is_stranger(first), None);
}

#[test]
fn a_connection_that_there_is_no_file_for_is_closed_and_does_not_wait() {
    let mut scene = Scene::new();
    let mut browser = TcpStream::connect(scene.door).expect("a connection");
    scene.streams.turn_away();
    assert_eq!(browser.read(&mut [0; 1]).ok().unwrap_or(0), 0, "it is closed");
    assert!(scene.streams.spare.is_some());
    assert_eq!(scene.streams.accept().0, [], "nobody waits");
    scene.connects();
}

#[test]
fn connections_turned_away_are_told_of_once_a_minute_with_how_many_they_were() {
    let mut turned_away = TurnedAway::default();
    let began = Instant::now();
    let told: Vec<_> = [0, 1, 59, 60, 61, 121]
        .map(|second| turned_away.note(began + std::time::Duration::from_secs(second)))
        .into();
    assert_eq!(told, [Some(1), None, None, Some(3), None, Some(2)]);
}

#[test]
fn who_reads_nothing_loses_packets_and_costs_little() {
    let mut scene = Scene::new();
    let (mut browser, number) = scene.connects();
    let remote = browser.local_addr().expect("its address");
    let packet = |number: u32| [&number.to_be_bytes()[..], &[7; 168]].concat();
    let mut sent = 0;
    // What the system keeps is full at some time.
    while scene.streams.send(remote, &packet(sent)) {
        sent += 1;
        assert!(sent < 1_000_000, "nothing is ever lost");
    }
    assert!(scene.streams.streams[number].queue.len() <= QUEUE_BYTES_MAX);

    // It reads again: whole frames in order, and what was lost is missing, not cut.
    browser.set_read_timeout(Some(std::time::Duration::from_secs(20))).expect("patience");
    for expected in 0..sent {
        let mut frame = [0; 174];
        browser.read_exact(&mut frame).expect("a frame");
        assert_eq!((frame[..2].to_vec(), frame[2..].to_vec()), (vec![0, 172], packet(expected)));
        if expected == sent / 2 {
            assert!(scene.streams.send(remote, &packet(sent)), "there is room again");
        }
    }
}

/// One thread's connections.
struct Scene {
    streams: Streams,
    door: SocketAddr,
    gone: Vec<SocketAddr>,
}

impl Scene {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let door = listener.local_addr().expect("its address");
        Self { streams: Streams::new(listener).expect("streams"), door, gone: Vec::new() }
    }

    /// Somebody opens a connection; loopback has it ready at once.
    fn connects(&mut self) -> (TcpStream, usize) {
        let browser = TcpStream::connect(self.door).expect("a connection");
        let (new, gone) = self.streams.accept();
        self.gone.extend(gone);
        assert_eq!(new.len(), 1);
        (browser, new[0])
    }

    fn frames(&mut self, number: usize) -> Vec<Vec<u8>> {
        assert!(self.streams.fill(number));
        let mut buffer = [0; FRAME_BYTES_MAX];
        let mut found = Vec::new();
        while let Some(length) = self.streams.frame(number, &mut buffer).expect("short frames") {
            found.push(buffer[..length].to_vec());
        }
        found
    }
}
