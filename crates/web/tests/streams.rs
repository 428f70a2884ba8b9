//! What goes on: the live board, the event stream, and the server that carries them, over real sockets.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "these tests meet sockets")]

mod desk;

use base::Duration;
use desk::{Desk, agent, id, line, live, offered, queue};
use futures_util::{SinkExt, StreamExt};
use model::{AgentState, BoardEvent, Outcome};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use web::{Listener, ServeLimits};

/// How long anything here may take before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_watcher_sees_the_board_and_then_what_changes() {
    let house = House::open(ServeLimits::default()).await;
    let mut socket = house.watch("root", None).await.unwrap();
    let snapshot = heard(&mut socket).await;
    assert_eq!((&snapshot["type"], &snapshot["at"]), (&json!("snapshot"), &json!(desk::NOON)));
    assert_eq!(snapshot["agents"].as_array().unwrap().len(), 2);
    assert_eq!(snapshot["queues"].as_array().unwrap().len(), 2);
    assert_eq!(snapshot["interactions"].as_array().unwrap().len(), 2);
    // What a caller typed goes through as it is: the page writes it as text.
    assert_eq!(snapshot["interactions"][0]["from"]["display"], "<script>alert(1)</script>");

    house.desk.board.apply([agent("anna", AgentState::Ready), live(5, "sales")]);
    let delta = heard(&mut socket).await;
    assert_eq!(delta["type"], "delta");
    assert_eq!((&delta["agents"][0]["id"], &delta["agents"][0]["state"]), (&json!("anna"), &json!("ready")));
    assert_eq!(delta["interactions"][0]["id"], id(5).to_string());
    assert!(delta.get("queues").is_none() && delta.get("gone").is_none(), "{delta}");

    house.desk.board.apply([BoardEvent::InteractionGone { id: id(5), outcome: Outcome::Abandoned }]);
    let delta = heard(&mut socket).await;
    assert_eq!(delta["gone"]["interactions"], json!([{"id": id(5).to_string(), "outcome": "abandoned"}]));
    assert!(delta["gone"].get("agents").is_none(), "{delta}");
}

#[tokio::test]
async fn changes_come_at_most_ten_times_a_second_and_none_is_lost() {
    let house = House::open(ServeLimits::default()).await;
    let mut socket = house.watch("root", None).await.unwrap();
    heard(&mut socket).await;
    let begin = tokio::time::Instant::now();
    for round in 0..200u32 {
        let state = if round % 2 == 0 { AgentState::Ready } else { AgentState::LoggedOut };
        house.desk.board.apply([agent("anna", state), queue("support")]);
        tokio::task::yield_now().await;
    }
    house.desk.board.apply([agent("anna", AgentState::Ready), agent("zoe", AgentState::Ready)]);
    let mut messages = 0;
    loop {
        let delta = heard(&mut socket).await;
        messages += 1;
        let names: Vec<&str> =
            delta["agents"].as_array().unwrap().iter().map(|agent| agent["id"].as_str().unwrap()).collect();
        if names.contains(&"zoe") {
            assert_eq!(delta["agents"][0]["state"], "ready", "the last word counts");
            break;
        }
    }
    let allowed = 2 + begin.elapsed().as_millis() / 100;
    assert!(messages <= allowed, "{messages} messages, {allowed} allowed");
}

#[tokio::test]
async fn a_supervisor_watches_the_own_queues_only() {
    let house = House::open(ServeLimits::default()).await;
    let mut socket = house.watch("sara", None).await.unwrap();
    let snapshot = heard(&mut socket).await;
    assert_eq!(snapshot["queues"].as_array().unwrap().len(), 1);
    assert_eq!(snapshot["interactions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_foreign_page_may_not_watch() {
    let house = House::open(ServeLimits::default()).await;
    let own = format!("http://{}", house.address);
    assert!(house.watch("root", Some(&own)).await.is_ok());
    for foreign in ["http://evil.test", "null", "https://127.0.0.1"] {
        match house.watch("root", Some(foreign)).await {
            Err(Error::Http(response)) => assert_eq!(response.status().as_u16(), 403, "{foreign}"),
            other => panic!("{foreign}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_agent_is_told_the_own_call_while_it_rings_and_no_other() {
    let house = House::open(ServeLimits::default()).await;
    let mut socket = house.watch("anna", None).await.unwrap();
    let snapshot = heard(&mut socket).await;
    let ids = |rows: &Value| -> Vec<String> {
        rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&snapshot["agents"]), ["anna"]);
    assert_eq!((&snapshot["queues"], &snapshot["interactions"]), (&json!([]), &json!([])));

    // What happens to others comes first, so that it would be told first.
    house.desk.board.apply([live(6, "support"), offered(7, "support", "bert"), queue("support")]);
    house.desk.board.apply([offered(5, "support", "anna")]);
    let delta = heard(&mut socket).await;
    assert_eq!(ids(&delta["interactions"]), [id(5).to_string()]);
    let call = &delta["interactions"][0];
    assert_eq!(
        (&call["state"], &call["queue"], &call["from"]["number"]),
        (&json!("offered"), &json!("support"), &json!("200"))
    );
    assert!(delta.get("queues").is_none() && delta.get("gone").is_none(), "{delta}");

    house.desk.board.apply([offered(5, "support", "bert")]);
    let delta = heard(&mut socket).await;
    assert_eq!(ids(&delta["gone"]["interactions"]), [id(5).to_string()]);
}

#[tokio::test]
async fn a_watcher_who_talks_too_long_is_let_go() {
    let house = House::open(ServeLimits::default()).await;
    let mut socket = house.watch("root", None).await.unwrap();
    heard(&mut socket).await;
    let _ = socket.send(Message::text("x".repeat(5_000))).await;
    let ended = tokio::time::timeout(PATIENCE, async {
        while let Some(Ok(message)) = socket.next().await {
            if message.is_close() {
                break;
            }
        }
    });
    ended.await.expect("the connection ends");
}

#[tokio::test]
async fn a_stream_is_taken_up_after_the_last_line_known() {
    let house = House::open(ServeLimits::default()).await;
    let mut stream = house.follow("root", "/api/v1/events?after=1", &[]).await;
    let first = stream.event().await;
    assert_eq!((first.id.as_str(), first.kind.as_str()), ("2", "digit"));
    assert_eq!(first.data["interaction"], id(1).to_string());
    assert_eq!(
        (&first.data["seq"], &first.data["kind"], &first.data["digit"]),
        (&json!(2), &json!("digit"), &json!("2"))
    );
    assert_eq!(stream.event().await.id, "3");
    house.write(4);
    assert_eq!(stream.event().await.id, "4");
    drop(stream);

    // While nobody listens the story goes on; the header is what a browser sends by itself.
    (5..=9).for_each(|seq| house.write(seq));
    let mut stream = house.follow("root", "/api/v1/events?after=0", &["Last-Event-ID: 4"]).await;
    for expected in 5..=9 {
        assert_eq!(stream.event().await.id, expected.to_string());
    }
}

#[tokio::test]
async fn a_stream_without_a_number_begins_now() {
    let house = House::open(ServeLimits::default()).await;
    let mut stream = house.follow("root", "/api/v1/events", &[]).await;
    house.write(4);
    assert_eq!(stream.event().await.id, "4");
}

#[tokio::test]
async fn nothing_is_lost_between_reading_and_listening() {
    let house = House::open(ServeLimits::default()).await;
    let desk = Arc::clone(&house.desk);
    let last = 6_000;
    let writing = tokio::spawn(async move {
        for seq in 4..=last {
            desk.library.write(line(seq, None));
            desk.feed.publish(&[line(seq, None)]);
            if seq % 7 == 0 {
                tokio::task::yield_now().await;
            }
        }
    });
    let mut stream = house.follow("root", "/api/v1/events?after=0", &[]).await;
    for expected in 1..=last {
        assert_eq!(stream.event().await.id, expected.to_string());
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn a_supervisor_follows_the_own_queues_and_the_agents() {
    let house = House::open(ServeLimits::default()).await;
    let mut stream = house.follow("sara", "/api/v1/events", &[]).await;
    for (seq, interaction) in [(4, Some(2)), (5, Some(3)), (6, Some(99)), (7, None)] {
        house.desk.library.write(line(seq, interaction));
        house.desk.feed.publish(&[line(seq, interaction)]);
    }
    assert_eq!(stream.event().await.id, "5", "interaction 2 is of another queue");
    assert_eq!(stream.event().await.id, "7", "interaction 99 is nobody's");
}

#[tokio::test]
async fn closing_ends_streams_and_watchers_in_good_order() {
    let mut house = House::open(ServeLimits::default()).await;
    let mut socket = house.watch("root", None).await.unwrap();
    heard(&mut socket).await;
    let mut stream = house.follow("root", "/api/v1/events", &[]).await;
    house.close();
    let last = tokio::time::timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
    match last {
        Message::Close(Some(frame)) => assert_eq!(u16::from(frame.code), 1001),
        other => panic!("{other:?}"),
    }
    let mut rest = String::new();
    tokio::time::timeout(PATIENCE, stream.reader.read_to_string(&mut rest)).await.unwrap().unwrap();
    tokio::time::timeout(PATIENCE, house.served.take().unwrap()).await.unwrap().unwrap();
    assert!(TcpStream::connect(house.address).await.is_err(), "nobody is at the door");
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let limits = ServeLimits { head_time_max: Duration::from_millis(200), ..ServeLimits::default() };
    let house = House::open(limits).await;
    for beginning in ["", "GET /healthz HT"] {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let ended = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
        assert!(ended.is_ok(), "{beginning:?} is still waited for");
        assert!(!answer.contains("200 OK"), "{answer}");
    }
}

#[tokio::test]
async fn heads_without_end_are_refused() {
    let house = House::open(ServeLimits::default()).await;
    let many: String = (0..200).map(|number| format!("X-{number}: y\r\n")).collect();
    let large = format!("X-Large: {}\r\n", "y".repeat(100_000));
    for extra in [many, large] {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        let request = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{extra}\r\n");
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
        assert!(!String::from_utf8_lossy(&answer).contains("200 OK"));
    }
    assert!(house.is_healthy().await);
}

#[tokio::test]
async fn a_connection_too_many_is_closed_and_its_place_comes_back() {
    // The head is waited for longer than the test has patience, so that only the limit can close a connection.
    let limits = ServeLimits {
        address_connections_max: 2,
        head_time_max: Duration::from_secs(600),
        ..ServeLimits::default()
    };
    let house = House::open(limits).await;
    let first = TcpStream::connect(house.address).await.unwrap();
    let mut watcher = house.watch("root", None).await.unwrap();
    heard(&mut watcher).await;
    let mut third = TcpStream::connect(house.address).await.unwrap();
    let mut answer = Vec::new();
    let _ =
        tokio::time::timeout(PATIENCE, third.read_to_end(&mut answer)).await.expect("it is closed at once");
    assert!(answer.is_empty());
    drop((first, watcher));
    let until = tokio::time::Instant::now() + PATIENCE;
    while !house.is_healthy().await {
        assert!(tokio::time::Instant::now() < until, "the places do not come back");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_encrypted_door_opens_to_those_who_trust_the_demos_authority() {
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

    let folder = tempfile::tempdir().unwrap();
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let files = web::tls::demo_certificate(folder.path(), &names).unwrap();
    assert_eq!(web::tls::demo_certificate(folder.path(), &names).unwrap(), files, "made once");
    let before = std::fs::read(&files.certificate).unwrap();
    web::tls::demo_certificate(folder.path(), &names).unwrap();
    assert_eq!(std::fs::read(&files.certificate).unwrap(), before);

    let identity = web::tls::Identity::load(&files).unwrap();
    let tls = identity.server_config(&[web::tls::HTTP]).unwrap();
    let house = House::open_with(ServeLimits::default(), Some(tls)).await;
    let connect = async |roots: RootCertStore| {
        let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(house.address).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await
    };
    assert!(connect(RootCertStore::empty()).await.is_err());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(files.authority.unwrap()).unwrap()).unwrap();
    let mut stream = connect(roots).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[test]
fn certificates_that_are_none_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let files = web::tls::TlsFiles {
        certificate: folder.path().join("server.pem"),
        key: folder.path().join("server.key"),
        authority: None,
    };
    let missing = web::tls::Identity::load(&files).unwrap_err().to_string();
    assert!(missing.contains("server.pem"), "{missing}");
    std::fs::write(&files.certificate, "not a certificate").unwrap();
    let nonsense = web::tls::Identity::load(&files).unwrap_err().to_string();
    assert!(nonsense.ends_with("server.pem holds no certificate in PEM form"), "{nonsense}");

    let names = ["localhost".to_owned()];
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let one = web::tls::demo_certificate(one.path(), &names).unwrap();
    let other = web::tls::demo_certificate(other.path(), &names).unwrap();
    std::fs::copy(&one.certificate, &files.certificate).unwrap();
    std::fs::copy(&other.key, &files.key).unwrap();
    let strangers = web::tls::Identity::load(&files).unwrap_err().to_string();
    assert!(strangers.contains("server.pem cannot be used with the key"), "{strangers}");
    std::fs::copy(&one.key, &files.key).unwrap();
    let identity = web::tls::Identity::load(&files).unwrap();
    std::fs::write(&files.key, "half a ke").unwrap();
    let half = identity.reload().unwrap_err().to_string();
    assert!(half.ends_with("server.key holds no private key in PEM form"), "{half}");
}

/// The real server on a free port.
struct House {
    desk: Arc<Desk>,
    address: std::net::SocketAddr,
    shutdown: Option<oneshot::Sender<()>>,
    served: Option<tokio::task::JoinHandle<()>>,
}

type Socket = tokio_tungstenite::WebSocketStream<TcpStream>;

impl House {
    async fn open(limits: ServeLimits) -> Self {
        Self::open_with(limits, None).await
    }

    async fn open_with(limits: ServeLimits, tls: Option<Arc<tokio_rustls::rustls::ServerConfig>>) -> Self {
        let desk = Arc::new(Desk::new());
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let (shutdown, told) = oneshot::channel();
        let router = desk.router.clone();
        let served = tokio::spawn(async move {
            let told = async { told.await.unwrap_or_default() };
            web::serve(vec![Listener { socket, tls }], router, limits, told).await;
        });
        Self { desk, address, shutdown: Some(shutdown), served: Some(served) }
    }

    fn close(&mut self) {
        self.desk.web.close();
        self.shutdown.take().unwrap().send(()).unwrap();
    }

    /// Writes a line to the library and tells it.
    fn write(&self, seq: u64) {
        self.desk.library.write(line(seq, None));
        self.desk.feed.publish(&[line(seq, None)]);
    }

    async fn watch(&self, login: &str, origin: Option<&str>) -> Result<Socket, Error> {
        let mut request = format!("ws://{}/api/v1/live", self.address).into_client_request().unwrap();
        request.headers_mut().insert("cookie", format!("hotline_session=token-{login}").parse().unwrap());
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        let opened = tokio::time::timeout(PATIENCE, tokio_tungstenite::client_async(request, stream));
        opened.await.expect("an answer in time").map(|(socket, _)| socket)
    }

    async fn follow(&self, login: &str, path: &str, headers: &[&str]) -> Events {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let extra: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer token-{login}\r\n{extra}\r\n",
            self.address
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut events = Events { reader: BufReader::new(stream) };
        let mut head = Vec::new();
        loop {
            let line = events.line().await;
            if line.is_empty() {
                break;
            }
            head.push(line.to_lowercase());
        }
        assert_eq!(head[0], "http/1.1 200 ok");
        assert!(head.contains(&"content-type: text/event-stream".to_owned()), "{head:?}");
        events
    }

    async fn is_healthy(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(self.address).await else { return false };
        let asked = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        let mut answer = String::new();
        asked.is_ok() && stream.read_to_string(&mut answer).await.is_ok() && answer.contains("200 OK")
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.desk.library.away.store(false, Ordering::SeqCst);
        self.desk.web.close();
    }
}

/// An event stream, read by hand so that it is seen as it stands on the wire.
struct Events {
    reader: BufReader<TcpStream>,
}

struct Event {
    id: String,
    kind: String,
    data: Value,
}

impl Events {
    async fn line(&mut self) -> String {
        let mut line = String::new();
        let read = tokio::time::timeout(PATIENCE, self.reader.read_line(&mut line));
        read.await.expect("a line in time").expect("the connection lives");
        line.trim_end_matches(['\r', '\n']).to_owned()
    }

    async fn event(&mut self) -> Event {
        let (mut id, mut kind, mut data) = (None, None, None);
        loop {
            let line = self.line().await;
            // Lengths of chunks and comments stand between the fields.
            match line.split_once(": ") {
                Some(("id", value)) => id = Some(value.to_owned()),
                Some(("event", value)) => kind = Some(value.to_owned()),
                Some(("data", value)) => data = Some(serde_json::from_str(value).expect("JSON")),
                _ => {}
            }
            if let (Some(id), Some(kind), Some(data)) = (&id, &kind, &data) {
                return Event { id: id.clone(), kind: kind.clone(), data: Value::clone(data) };
            }
        }
    }
}

/// The next message that is not a sign of life.
async fn heard(socket: &mut Socket) -> Value {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("a message in time");
        let text = message.expect("the connection lives").expect("a message").into_text().expect("text");
        let json: Value = serde_json::from_str(text.as_str()).expect("JSON");
        if json["type"] != "alive" {
            return json;
        }
    }
}
