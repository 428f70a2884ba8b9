//! A WebRTC stack that is neither a browser's nor ours, the crate `webrtc`, with desk phones and a browser: its descriptions, its ways, its
//! DTLS 1.2 in either role, its seal. Who hears whom is known by tones.

use codec::Codec;
use serde_json::{Value, json};
use tests::baresip::{Line, Phone};
use tests::browser::PhonePage;
use tests::http::Http;
use tests::library;
use tests::patience;
use tests::server::Server;
use tests::web_peer::Manner;
use tests::web_phone::WebPhone;

const PEER_HZ: f64 = 700.0;
const DESK_HZ: f64 = 440.0;
const PAGE_HZ: f64 = 1_000.0;

#[test]
fn an_independent_peer_calls_and_goes_on_talking_when_its_address_changes() {
    let server = Server::start("webrtc-calls");
    let http = server.as_admin();
    for (codec, spoken) in [(Codec::Opus, "opus"), (Codec::Pcmu, "pcmu")] {
        let mut desk = desk(&server, spoken);
        let mut phone = WebPhone::of_agent(&server, "anna", Manner::speaking(codec, PEER_HZ));
        phone.call(&server.agent("bert").sip_user);
        desk.connected(20);
        hear_each_other(&phone, &desk);
        // We wait for the handshake of whoever calls and does not mind.
        let way = phone.peer().way();
        assert_eq!((&way["dtlsState"], &way["dtlsRole"]), (&json!("connected"), &json!("client")), "{way:#}");
        assert!(way["srtpCipher"].as_str().is_some_and(|suite| !suite.is_empty()), "{way:#}");

        // From elsewhere, by a new name; the keys stay.
        phone.moves();
        hear_each_other(&phone, &desk);
        let other = phone.peer().way();
        let name = "iceLocalUsernameFragment";
        assert!(other[name] != way[name] && other["dtlsState"] == "connected", "{way:#} {other:#}");
        phone.hang_up();
        desk.ended(20);
        library::no_leg_is_left(&http);
        assert_eq!(
            spoken_in(&http),
            [("dtls".to_owned(), spoken.to_owned()), ("none".to_owned(), spoken.to_owned())]
        );
    }
    library::no_leg_is_left(&http);
}

#[test]
fn an_independent_peer_is_called_and_shakes_hands_in_either_role() {
    let server = Server::start("webrtc-called");
    let http = server.as_admin();
    // Who begins the handshake, and whether the peer's answer says where it is.
    for (codec, spoken, begins, names_ways) in
        [(Codec::Opus, "opus", true, true), (Codec::Pcmu, "opus", false, false)]
    {
        let manner = Manner { begins, names_ways, ..Manner::speaking(codec, PEER_HZ) };
        let mut phone = WebPhone::of_agent(&server, "anna", manner);
        let mut desk = desk(&server, spoken);
        desk.dial(&server.agent("anna").sip_user);
        phone.is_called();
        desk.connected(20);
        hear_each_other(&phone, &desk);
        let way = phone.peer().way();
        let role = if begins { "client" } else { "server" };
        assert_eq!((&way["dtlsState"], &way["dtlsRole"]), (&json!("connected"), &json!(role)), "{way:#}");
        phone.moves();
        hear_each_other(&phone, &desk);
        desk.hang_up();
        phone.is_hung_up();
        library::no_leg_is_left(&http);
        let both = spoken_in(&http);
        let peers = codec.name().to_lowercase();
        assert_eq!(both, [("dtls".to_owned(), peers), ("none".to_owned(), spoken.to_owned())]);
    }
}

#[test]
fn an_independent_peer_and_a_browser_talk_with_each_other() {
    let server = Server::start("webrtc-browser");
    let mut page = PhonePage::of_agent(&server, "bert", "jssip", PAGE_HZ);
    let mut phone = WebPhone::of_agent(&server, "anna", Manner::speaking(Codec::Opus, PEER_HZ));
    phone.call(&server.agent("bert").sip_user);
    page.noted("talks", 20);
    phone.peer().hears("the page", 20, PAGE_HZ);
    page.hears("the peer", 20, |sound| sound.tone_share(PEER_HZ) > 0.5);
    page.does("hangUp");
    phone.is_hung_up();
    library::no_leg_is_left(&server.as_admin());
}

/// By TCP, where nothing of a call has to be remembered once it is over.
fn desk(server: &Server, codec: &'static str) -> Line {
    Phone::of_agent(server, "bert").over("tcp").speaking(codec).playing(DESK_HZ).on(server).registered()
}

/// Both for a second from now on.
fn hear_each_other(phone: &WebPhone, desk: &Line) {
    phone.peer().hears("the desk phone", 20, DESK_HZ);
    desk.hears("anything", 20, |_| true);
    let before = desk.heard().seconds();
    desk.hears("the peer", 20, |sound| {
        sound.seconds() > before + 1.0 && sound.last(1.0).tone_share(PEER_HZ) > 0.9
    });
    assert!(phone.peer().heard().tone_share(PEER_HZ) < 0.05, "nobody hears himself");
}

/// How both ends of the newest call were keyed, and what they spoke, in order.
fn spoken_in(http: &Http) -> [(String, String); 2] {
    let ends = patience::until(20, || {
        let call = library::interactions(http).into_iter().next()?;
        let lines = library::timeline(http, call["id"].as_str()?);
        let ended = lines.iter().filter(|line| line["kind"] == "leg_ended");
        let mut ends: Vec<_> = ended.map(|line| said(&line["quality"])).collect();
        ends.sort();
        ends.try_into().ok()
    });
    ends.expect("both ends of the newest call are on record")
}

fn said(quality: &Value) -> (String, String) {
    let word = |name: &str| quality[name].as_str().unwrap_or_default().to_lowercase();
    (word("keying"), word("codec"))
}
