//! Every way SIP travels, with real phones: UDP, TCP, TLS, WebSockets, IPv4 and IPv6, and a center that listens everywhere.

#![allow(clippy::disallowed_methods, reason = "these tests write files and open sockets")]

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv6Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tests::baresip::Phone;
use tests::library;
use tests::patience;
use tests::place;
use tests::server::{self, Server};
use tests::sipp::Sipp;
use tests::tls;
use tests::tree;
use tests::websocket::WebSocketPhone;

/// A center of one's own: phones may register, this machine may call in. It listens where `[sip]` says.
const CONFIGURATION: &str = r#"
[center]
name = "Test"
domain = "hotline.test"
[http]
port = 0
[media]
ports = "{rtp}"
[database]
url = "sqlite:hotline.db"
[folders]
data = "data"
dialplans = "{dialplans}"
[[queue]]
name = "support"
[[queue]]
name = "sales"
[[phone]]
user = "1001"
password = "secret"
[[trunk]]
name = "here"
accept_from = ["127.0.0.0/8", "::1"]
[sip]
port = 0
"#;

#[test]
fn a_phone_registers_calls_and_is_called_over_udp_tcp_and_tls() {
    let server = Server::start("transports-phone");
    let authority = server.ready.ca_file.clone().expect("the demo has an authority");
    let http = server.as_admin();
    for (login, transport) in [("anna", "udp"), ("bert", "tcp"), ("chen", "tls")] {
        let mut phone =
            Phone::of_agent(&server, login).over(transport).trusting(&authority).on(&server).registered();
        phone.call(server.number("echo"));
        phone.hears("its own tone", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
        phone.hang_up();
        phone.ended(20);
        // The center reaches it in its turn, over the way it came.
        phone.dial_code(&server.ready.codes.ready);
        library::agent_is(&http, login, "ready");
        let number = format!("+1555017{}", login.len());
        let mut caller = Phone::caller(&number).on(&server);
        caller.call(server.number("support"));
        phone.connected(40);
        caller.hears("the agent", 40, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
        phone.hears("the caller", 40, |sound| sound.last(1.0).tone_share(440.0) > 0.9);
        let open = library::interaction_where(&http, &number, "connected", |one| one["state"] == "connected");
        let lines = library::timeline(&http, open["id"].as_str().expect("an id"));
        let ways: Vec<_> = lines
            .iter()
            .filter(|line| line["kind"] == "sip" && line["sent"] == true)
            .filter(|line| line["summary"].as_str().is_some_and(|text| text.starts_with("INVITE")))
            .map(|line| line["transport"].as_str().unwrap_or_default().to_lowercase())
            .collect();
        assert!(ways.iter().any(|way| way == transport), "{ways:?}");
        caller.hang_up();
        library::closed(&http, &number);
        phone.dial_code(&server.ready.codes.logout);
    }
}

#[test]
fn the_tls_port_proves_its_name_in_both_versions() {
    // Debian's baresip takes any certificate, so this is asked of the port itself.
    let server = Server::start("transports-tls");
    let address = server.ready.sip.tls.expect("TLS is served");
    let authority = server.ready.ca_file.clone().expect("the demo has an authority");
    let options = |stream: &mut dyn Conversation| {
        let text = format!(
            "OPTIONS sip:{domain} SIP/2.0\r\nVia: SIP/2.0/TLS {address};branch=z9hG4bKt;rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:probe@{domain}>;tag=t\r\nTo: <sip:{domain}>\r\n\
             Call-ID: t\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
            domain = server.ready.domain
        );
        stream.write_all(text.as_bytes())?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).map(|()| String::from_utf8_lossy(&answer).into_owned())
    };
    for version in tls::VERSIONS {
        let stream = TcpStream::connect(address).expect("a connection");
        let answer = options(&mut tls::with(stream, &authority, &[version]));
        assert_eq!(answer.expect("an answer"), "SIP/2.0 200 ");
    }
    let stranger = Server::start("transports-tls-stranger").ready.ca_file.clone().expect("an authority");
    let stream = TcpStream::connect(address).expect("a connection");
    let refused = options(&mut tls::over(stream, &stranger)).expect_err("a stranger vouches for nobody");
    assert!(refused.to_string().contains("certificate"), "{refused}");
}

#[test]
fn a_phone_in_a_browser_registers_and_is_called_over_both_websockets() {
    let server = Server::start("transports-websocket");
    let authority = server.ready.ca_file.clone().expect("the demo has an authority");
    let ways = [("anna", server.ready.sip.ws.clone()), ("bert", server.ready.sip.wss.clone().expect("wss"))];
    for (login, url) in ways {
        let agent = server.agent(login);
        let mut phone = WebSocketPhone::connect(&url, Some(&authority)).of(
            &agent.sip_user,
            &agent.sip_password,
            &server.ready.domain,
        );
        let answer = phone.ask("OPTIONS", &format!("sip:{}", server.ready.domain), "");
        assert!(answer.starts_with("SIP/2.0 200 "), "{answer}");
        let answer = phone.register();
        assert!(answer.starts_with("SIP/2.0 200 ") && answer.contains(".invalid"), "{answer}");
        phone.send("\r\n\r\n");
        assert_eq!(phone.receive(), "\r\n");

        let own = server.http().log_in(&agent.login, &agent.password);
        let made_ready = own.put("/api/v1/me/state", &serde_json::json!({ "state": "ready" }));
        assert_eq!(made_ready.status, 200, "{}", made_ready.text());
        let mut caller = Phone::caller("+15550175").on(&server);
        caller.call(server.number("support"));
        let invite = phone.receive();
        let way = if url.starts_with("wss") { "WSS" } else { "WS" };
        assert!(
            invite.starts_with(&format!("INVITE sip:{}@df7jal23ls0d.invalid", agent.sip_user)),
            "{invite}"
        );
        assert!(invite.contains(&format!("SIP/2.0/{way} 127.0.0.1:")), "{invite}");
        phone.answer(&invite, "486 Busy Here");
        assert!(phone.receive().starts_with("ACK "));
        caller.hang_up();
        caller.ended(20);
        let gone = own.put("/api/v1/me/state", &serde_json::json!({ "state": "logged_out" }));
        assert_eq!(gone.status, 200, "{}", gone.text());
    }
}

#[test]
fn a_phone_in_a_browser_that_is_gone_is_not_registered_any_more() {
    let server = Server::start("transports-websocket-gone");
    let anna = server.agent("anna");
    let http = server.as_admin();
    let registered = |wanted: bool| {
        patience::expect(&format!("anna's phone is registered: {wanted}"), 20, || {
            let agents = http.json("/api/v1/agents");
            let all = agents["agents"].as_array().cloned().unwrap_or_default();
            all.iter().any(|agent| agent["id"] == "anna" && agent["phone_registered"] == wanted)
        });
    };
    let mut phone = WebSocketPhone::connect(&server.ready.sip.ws, None).of(
        &anna.sip_user,
        &anna.sip_password,
        &server.ready.domain,
    );
    assert!(phone.register().starts_with("SIP/2.0 200 "));
    registered(true);
    drop(phone);
    registered(false);
}

#[test]
fn a_center_that_listens_everywhere_tells_each_peer_the_address_it_came_to() {
    let server = serve("transports-everywhere", CONFIGURATION);
    let http = server.as_admin();
    let port = server.ready.sip.udp.port();
    for (count, transport) in ["udp", "tcp"].into_iter().enumerate() {
        let target = SocketAddr::from(([127, 0, 0, 1], port));
        let call = Sipp::new("call", "4600").between([127, 0, 0, 1].into(), target);
        let call = if transport == "tcp" { call.over_tcp() } else { call };
        let verdict = call.run(&server);
        verdict.must_be_well();
        assert!(verdict.messages.contains(&format!("@127.0.0.1:{port}")), "{}", verdict.messages);
        assert!(verdict.messages.contains("c=IN IP4 127.0.0.1"), "{}", verdict.messages);
        assert!(!verdict.messages.contains("0.0.0.0"), "{}", verdict.messages);
        every_call_had_sound(&http, count + 1);
    }
    let target = SocketAddr::from(([127, 0, 0, 1], port));
    let phone = Phone::caller("1001").with_password("secret").playing(660.0);
    let mut phone = phone.on_at("hotline.test", Some(target), server.folder()).registered();
    phone.call("4600");
    phone.hears("its own tone", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
}

#[test]
fn ipv4_and_ipv6_are_served_side_by_side() {
    if !place::has_ipv6() {
        return;
    }
    let configuration = format!("{CONFIGURATION}listen = [\"127.0.0.1\", \"::1\"]\n");
    let server = serve("transports-ipv6", &configuration);
    let http = server.as_admin();
    let port = server.ready.sip.udp.port();
    let here = Ipv6Addr::LOCALHOST;
    let target = SocketAddr::from((here, port));
    for (count, over_tcp) in [false, true].into_iter().enumerate() {
        let way = |sipp: Sipp| if over_tcp { sipp.over_tcp() } else { sipp };
        let register = way(Sipp::new("register", "1001").with_password("secret"));
        register.between(here.into(), target).run(&server).must_be_well();
        let verdict = way(Sipp::new("call", "4600")).between(here.into(), target).run(&server);
        verdict.must_be_well();
        assert!(verdict.messages.contains(&format!("@[::1]:{port}")), "{}", verdict.messages);
        assert!(verdict.messages.contains("c=IN IP6 ::1"), "{}", verdict.messages);
        every_call_had_sound(&http, 2 * count + 1);
        way(Sipp::new("call", "4600")).run(&server).must_be_well();
        every_call_had_sound(&http, 2 * count + 2);
    }
}

#[test]
fn a_new_certificate_is_shown_after_sighup_and_calls_go_on() {
    let server = Server::start("transports-reload");
    let tls = server.folder().join("demo/tls");
    let old = server.folder().join("old-ca.pem");
    fs::copy(tls.join("ca.pem"), &old).expect("copied");
    let mut early = Phone::of_agent(&server, "anna").over("tls").trusting(&old).on(&server).registered();
    early.call(server.number("echo"));

    // Half a certificate is refused, and the good one stays.
    let whole = fs::read(tls.join("server.pem")).expect("a certificate");
    fs::write(tls.join("server.pem"), &whole[..whole.len() / 2]).expect("written");
    server.signal("HUP");
    log_says(&server, "the certificate in use stays");
    Phone::of_agent(&server, "bert").over("tls").trusting(&old).on(&server).registered();

    let other = Server::start("transports-reload-other");
    for name in ["server.pem", "server.key", "ca.pem"] {
        fs::copy(other.folder().join("demo/tls").join(name), tls.join(name)).expect("copied");
    }
    server.signal("HUP");
    let new = tls.join("ca.pem");
    patience::expect("the new certificate is shown", 20, || shows(&server, &new));
    Phone::of_agent(&server, "chen").over("tls").trusting(&new).on(&server).registered();
    // The call that began before is as it was.
    early.hears("its own tone, still", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
    early.hang_up();
    early.ended(20);
}

#[test]
fn a_certificate_that_cannot_be_used_is_named_before_anything_starts() {
    let tls = "tls_port = 0\ntls_certificate = \"server.pem\"\ntls_key = \"server.key\"\n";
    let folder = write("transports-certificate", &format!("{CONFIGURATION}{tls}"));
    let file = folder.join("hotline.toml").display().to_string();
    let refused = |what: &str| {
        for command in ["check", "serve"] {
            let output = Command::new(server::binary())
                .args([command, "--config", &file])
                .stdin(Stdio::null())
                .output()
                .expect("hotline can be started");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{command}: {said}");
            assert!(said.contains("server.pem") && said.contains(what), "{command}: {said}");
        }
    };
    refused("cannot be used: No such file");
    fs::write(folder.join("server.pem"), "-----BEGIN NOTHING-----\n").expect("written");
    fs::write(folder.join("server.key"), "").expect("written");
    refused("holds no certificate in PEM form");
}

/// A center of this configuration, in an empty folder named after the test.
fn serve(test: &str, configuration: &str) -> Server {
    Server::serve(&write(test, configuration))
}

/// A configuration with ports and folders of its own, in an empty folder named after the test.
fn write(test: &str, configuration: &str) -> PathBuf {
    let folder = place::folder(test);
    let ports = place::rtp_ports();
    let text = configuration
        .replace("{rtp}", &format!("{}-{}", ports.start(), ports.end()))
        .replace("{dialplans}", &tree::root().join("dialplans").display().to_string());
    fs::write(folder.join("hotline.toml"), text).expect("the configuration is written");
    folder
}

/// Something to speak and listen to.
trait Conversation: Read + Write {}
impl<S: Read + Write> Conversation for S {}

fn shows(server: &Server, authority: &Path) -> bool {
    let url = server.ready.sip.wss.as_deref().expect("wss");
    WebSocketPhone::try_connect(url, Some(authority)).is_ok()
}

fn log_says(server: &Server, what: &str) {
    patience::expect(&format!("the log says: {what}"), 20, || server.log().contains(what));
}

/// Three seconds are 150 packets; a loaded machine may start late.
fn every_call_had_sound(http: &tests::http::Http, calls: usize) {
    patience::expect(&format!("{calls} calls are over"), 20, || {
        let all = library::interactions(http);
        all.len() == calls && all.iter().all(|one| one["state"] == "closed")
    });
    for one in library::interactions(http) {
        let lines = library::timeline(http, one["id"].as_str().expect("an id"));
        let quality = &library::line(&lines, "leg_ended")["quality"];
        let count = |name: &str| quality[name].as_u64().unwrap_or_default();
        assert!(count("received") > 75 && count("sent") > 75, "{quality}");
    }
}
