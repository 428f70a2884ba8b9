//! RTCP, silence on the line, and the quality of a call.

use crate::world::{World, ms};
use base::Duration;
use media::engine::NO_MEDIA_AFTER;
use media::{Channel, Codec, Command, Event, PortId, Way};
use rtp::Ssrc;
use rtp::rtcp::{Compound, ReportBlock, RtcpPacket, Writer};

#[test]
fn reports_go_out_every_few_seconds_and_a_goodbye_at_the_end() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    world.command(Command::Echo { port: caller, on: true });
    world.run(Duration::from_secs(60));
    world.command(Command::Close { port: caller });
    world.pass(ms(1));
    let phone = world.phone_of(caller).twin();
    let reports: Vec<_> = world.net.sent.iter().filter(|sent| sent.channel == Channel::Rtcp).collect();
    assert!((8..=25).contains(&reports.len()), "{} reports in a minute", reports.len());
    for report in &reports {
        assert_eq!(
            report.destination,
            std::net::SocketAddr::new(phone.address.ip(), phone.address.port() + 1)
        );
        let mut packets = Compound::new(&report.datagram);
        let Some(RtcpPacket::Sender { info, mut blocks, .. }) = packets.next() else {
            panic!("a sender report")
        };
        assert_eq!(u64::from(info.octets), u64::from(info.packets) * 160);
        let block = blocks.next().unwrap();
        assert_eq!((block.ssrc, block.lost, block.fraction_lost), (Ssrc(phone.ssrc), 0, 0));
        assert!(matches!(packets.next(), Some(RtcpPacket::Name { cname, .. }) if cname.len() == 16));
    }
    let goodbyes = reports.iter().filter(|report| has_goodbye(&report.datagram)).count();
    assert!(goodbyes == 1 && has_goodbye(&reports[reports.len() - 1].datagram));
}

#[test]
fn a_muted_wire_is_told_within_seconds_and_again_after_it_was_well() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    let agent = world.phone(2, Codec::Opus, 660.0);
    world.command(Command::Bridge { a: caller, b: agent });
    world.run(Duration::from_secs(30));
    assert_eq!(one_ways(&mut world), [], "both are heard");
    for _ in 0..2 {
        world.phone_of(agent).talks = false;
        world.run(Duration::from_secs(10));
        assert_eq!(one_ways(&mut world), [(agent, Way::In)]);
        world.phone_of(agent).talks = true;
        world.run(Duration::from_secs(2));
        let events = world.take_events();
        assert_eq!((silent_ways(&events), well_ways(&events)), (vec![], vec![(agent, Way::In)]));
    }
    assert_eq!(world.engine.quality(agent).unwrap().one_way, Some(Way::In));
    assert_eq!(world.engine.quality(caller).unwrap().one_way, None);
}

#[test]
fn two_who_both_keep_quiet_and_one_who_says_so_are_no_alarm() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    let agent = world.phone(2, Codec::Pcmu, 660.0);
    world.command(Command::Bridge { a: caller, b: agent });
    world.run(Duration::from_secs(1));
    world.phone_of(agent).talks = false;
    let time = world.phone_of(agent).time;
    let noise = world.phone_of(agent).datagram(13, time, &[60]);
    world.packet(agent, noise);
    world.run(Duration::from_secs(15));
    world.phone_of(caller).talks = false;
    world.run(Duration::from_secs(15));
    assert_eq!(one_ways(&mut world), []);
}

#[test]
fn a_far_end_whose_reports_know_nothing_of_us_does_not_hear_us() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    let agent = world.phone(2, Codec::Pcmu, 660.0);
    world.command(Command::Bridge { a: caller, b: agent });
    let mut told = vec![];
    for highest in [Some(10), Some(300), None, None, Some(600)] {
        world.run(Duration::from_secs(6));
        let sent = world.take_sent(agent);
        let ours = sent[0].header().ssrc;
        let block = highest.map(|highest| ReportBlock { ssrc: ours, highest, ..ReportBlock::default() });
        let mut buffer = [0; 128];
        let mut writer = Writer::new(&mut buffer);
        writer.report(Ssrc(99), None, block.as_slice());
        let mut report = writer.finish().to_vec();
        let source = world.phone_of(agent).address;
        world.engine.handle_rtcp(agent, source, &mut report, world.now);
        world.run(Duration::from_secs(2));
        let events = world.take_events();
        told.push((silent_ways(&events), well_ways(&events)));
    }
    let (nothing, out) = (vec![], vec![(agent, Way::Out)]);
    let well = (nothing.clone(), nothing.clone());
    assert_eq!(told, [well.clone(), well.clone(), (out.clone(), nothing.clone()), well, (nothing, out)]);
}

#[test]
fn what_the_far_end_reports_becomes_part_of_the_quality() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    world.command(Command::Echo { port: caller, on: true });
    world.run(Duration::from_secs(10));
    let report = world.net.sent.iter().rfind(|sent| sent.channel == Channel::Rtcp).unwrap().clone();
    let Some(RtcpPacket::Sender { ssrc, info, .. }) = Compound::new(&report.datagram).next() else {
        panic!("a report")
    };
    // The far end keeps the report for what has passed since, less 80 ms on the way.
    let kept = world.now.mono.since(report.at) - ms(80);
    let delay_since = ((kept.as_micros() << 16) / 1_000_000) as u32;
    let block = ReportBlock {
        ssrc,
        lost: 12,
        jitter: 80,
        last_report: info.ntp_middle(),
        delay_since,
        ..ReportBlock::default()
    };
    let mut buffer = [0; 128];
    let mut writer = Writer::new(&mut buffer);
    writer.report(Ssrc(1), None, &[block]);
    let mut answer = writer.finish().to_vec();
    let [trusted, foreign] = ["127.0.0.1:4001", "127.0.0.66:4001"].map(|address| address.parse().unwrap());
    world.engine.handle_rtcp(caller, foreign, &mut answer, world.now);
    assert_eq!(world.engine.quality(caller).unwrap().far_lost, None);
    world.engine.handle_rtcp(caller, trusted, &mut answer, world.now);
    let quality = world.engine.quality(caller).unwrap();
    assert_eq!((quality.far_lost, quality.far_jitter_us), (Some(12), Some(10_000)));
    assert!(quality.round_trip_us.is_some_and(|trip| (78_000..=82_000).contains(&trip)), "{quality:?}");
}

#[test]
fn a_goodbye_from_the_far_end_ends_nothing() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    world.command(Command::Echo { port: caller, on: true });
    world.run(ms(100));
    let mut buffer = [0; 64];
    let mut writer = Writer::new(&mut buffer);
    writer.report(Ssrc(0x1001), None, &[]);
    writer.goodbye(Ssrc(0x1001));
    let goodbye = writer.finish().to_vec();
    world.packet(caller, goodbye);
    world.take_heard(caller);
    world.run(ms(200));
    assert_eq!(world.take_heard(caller).len(), 1_600);
}

#[test]
fn a_line_gone_quiet_is_told_once_and_again_after_it_came_back() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    world.run(Duration::from_secs(1));
    let last = world.now.mono;
    world.phone_of(caller).talks = false;
    world.run(NO_MEDIA_AFTER * 3);
    let quiet: Vec<_> =
        world.take_events().into_iter().filter(|event| matches!(event, Event::NoMedia { .. })).collect();
    let [Event::NoMedia { port, since }] = quiet[..] else { panic!("{quiet:?}") };
    assert!(port == caller && last.since(since) <= ms(20));
    world.phone_of(caller).talks = true;
    world.run(Duration::from_secs(1));
    world.phone_of(caller).talks = false;
    world.run(NO_MEDIA_AFTER * 3);
    assert_eq!(world.take_events().len(), 1);
}

#[test]
fn a_port_that_is_not_to_receive_is_not_missed() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 0.0);
    world.configure(caller, true, false);
    world.run(NO_MEDIA_AFTER * 3);
    assert_eq!(world.take_events(), []);
}

#[test]
fn the_quality_tells_what_was_lost_and_how_it_sounded() {
    let mut world = World::new();
    let clean = world.phone(1, Codec::Pcmu, 440.0);
    let lossy = world.phone(2, Codec::Pcmu, 0.0);
    for number in 0..500 {
        let datagram = world.phone_of(lossy).next_packet();
        if number % 10 != 5 {
            world.packet(lossy, datagram);
        }
        world.run(ms(20));
    }
    for port in [clean, lossy] {
        world.command(Command::Close { port });
    }
    world.pass(ms(1));
    let qualities: Vec<_> = world
        .take_events()
        .into_iter()
        .filter_map(|event| if let Event::Closed { quality, .. } = event { Some(quality) } else { None })
        .collect();
    assert_eq!((qualities[0].received, qualities[0].lost), (500, 0));
    assert_eq!((qualities[1].received, qualities[1].lost), (450, 50));
    assert!(qualities[0].mos_x100.is_some_and(|mos| mos > 430));
    assert!(qualities[1].mos_x100.is_some_and(|mos| mos < 360));
}

#[test]
fn the_same_loss_is_heard_differently_with_every_codec() {
    let mut world = World::new();
    let ports = [(1, Codec::Pcmu), (2, Codec::G722), (3, Codec::Opus), (4, Codec::Opus)];
    let ports = ports.map(|(number, codec)| world.phone(number, codec, 0.0));
    // A tone is not told twice; speech is.
    let wav = include_bytes!("../../../../media/en/menu-main.wav");
    let speech: Vec<i16> =
        wav[44..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    world.phone_of(ports[3]).expect_loss(10);
    let mut scores = |lossy: bool| {
        for (number, sound) in speech.chunks_exact(160).cycle().take(500).enumerate() {
            for port in ports {
                let datagram = world.phone_of(port).packet_of(sound);
                if !lossy || number % 10 != 5 {
                    world.packet(port, datagram);
                }
            }
            world.run(ms(20));
        }
        ports.map(|port| world.engine.quality(port).and_then(|quality| quality.mos_x100).unwrap())
    };
    let clean = scores(false);
    assert_eq!(clean[0], clean[1]);
    assert!(clean[2] < clean[0] && clean[2] > 400, "{clean:?}");
    let [g711, g722, opus, redundant] = scores(true);
    assert!(g722 < g711 && opus < g711 && redundant > g711, "{g711} {g722} {opus} {redundant}");
}

fn has_goodbye(datagram: &[u8]) -> bool {
    Compound::new(datagram).any(|packet| matches!(packet, RtcpPacket::Goodbye { .. }))
}

/// The ways that were told to carry nothing since this was last asked.
fn one_ways(world: &mut World) -> Vec<(PortId, Way)> {
    silent_ways(&world.take_events())
}

fn silent_ways(events: &[Event]) -> Vec<(PortId, Way)> {
    let told = events.iter().filter_map(|event| match event {
        Event::OneWay { port, way } => Some((*port, *way)),
        _ => None,
    });
    told.collect()
}

fn well_ways(events: &[Event]) -> Vec<(PortId, Way)> {
    let told = events.iter().filter_map(|event| match event {
        Event::WayRestored { port, way } => Some((*port, *way)),
        _ => None,
    });
    told.collect()
}

#[test]
fn each_port_is_measured_again_and_again_while_it_lives() {
    let mut world = World::new();
    let ports = [1, 2, 3].map(|number| world.phone(number, Codec::Pcmu, 440.0));
    let mut told = vec![];
    for _ in 0..500 {
        world.run(Duration::from_millis(20));
        told.append(&mut world.measured);
    }
    for port in ports {
        let of: Vec<_> = told.iter().filter(|(one, _)| *one == port).map(|(_, quality)| quality).collect();
        assert!((3..=4).contains(&of.len()), "{} in ten seconds", of.len());
        assert!(
            of.windows(2).all(|two| two[1].received == two[0].received + 150),
            "three seconds of packets"
        );
    }
}
