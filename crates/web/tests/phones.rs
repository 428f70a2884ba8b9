//! Phones in browsers: their WebSocket, over real sockets. What they say is nothing but bytes here.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "these tests meet sockets")]

mod desk;

use base::Duration;
use desk::Desk;
use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use web::{Listener, PhoneLimits, ServeLimits, WebOptions};

/// How long anything here may take before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(20);

/// A limit that a test can wait for.
const SOON: Duration = Duration::from_millis(50);

#[tokio::test]
async fn what_a_phone_says_comes_through_and_so_does_the_answer() {
    let house = House::open().await;
    let (mut hears, speaks) = house.desk.phones.expect();
    let mut phone = house.connect(Some("sip"), None).await.expect("a connection");
    phone.send(Message::Text("REGISTER as text".into())).await.unwrap();
    phone.send(Message::Binary((&b"REGISTER \xff"[..]).into())).await.unwrap();
    assert_eq!(hears.recv().await.unwrap(), "REGISTER as text");
    assert_eq!(hears.recv().await.unwrap(), &b"REGISTER \xff"[..]);
    speaks.send("SIP/2.0 200 OK".into()).await.unwrap();
    speaks.send((&b"SIP/2.0 200 \xff"[..]).into()).await.unwrap();
    assert_eq!(heard(&mut phone).await, Message::Text("SIP/2.0 200 OK".into()));
    assert_eq!(heard(&mut phone).await, Message::Binary((&b"SIP/2.0 200 \xff"[..]).into()));
    let peer = house.desk.phones.peers.lock().unwrap()[0];
    let near = phone.get_ref().local_addr().unwrap();
    assert_eq!((SocketAddr::new(peer.address, peer.port), peer.local), (near, house.address));
    drop(phone);
    assert_eq!(hears.recv().await, None, "the line is gone with the phone");
}

#[tokio::test]
async fn two_line_ends_are_answered_with_one_and_are_no_message() {
    let house = House::open().await;
    let (mut hears, _speaks) = house.desk.phones.expect();
    let mut phone = house.connect(Some("sip"), None).await.expect("a connection");
    phone.send(Message::Text("\r\n\r\n".into())).await.unwrap();
    phone.send(Message::Text("\r\n".into())).await.unwrap();
    phone.send(Message::Text("OPTIONS".into())).await.unwrap();
    assert_eq!(heard(&mut phone).await, Message::Text("\r\n".into()));
    assert_eq!(hears.recv().await.unwrap(), "OPTIONS");
}

#[tokio::test]
async fn who_does_not_speak_sip_or_comes_from_another_page_is_refused() {
    let house = House::open().await;
    let status = async |protocol, origin| match house.connect(protocol, origin).await {
        Ok(_) => 101,
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    };
    let _lines = house.desk.phones.expect();
    assert_eq!(status(None, None).await, 400);
    assert_eq!(status(Some("chat"), None).await, 400);
    assert_eq!(status(Some("sip"), Some("https://evil.test")).await, 403);
    let ours = format!("http://{}", house.address);
    assert_eq!(status(Some("sip"), Some(&ours)).await, 101);
}

#[tokio::test]
async fn a_message_over_64_kb_ends_the_connection() {
    let house = House::open().await;
    let (mut hears, _speaks) = house.desk.phones.expect();
    let mut phone = house.connect(Some("sip"), None).await.expect("a connection");
    phone.send(Message::Text("x".repeat(64 * 1024).into())).await.unwrap();
    assert_eq!(hears.recv().await.unwrap().len(), 64 * 1024);
    // The server may close before all of it is written.
    let _ = phone.send(Message::Text("x".repeat(64 * 1024 + 1).into())).await;
    assert_eq!(hears.recv().await, None);
}

#[tokio::test]
async fn a_phone_that_finds_no_room_is_told_so() {
    let house = House::open().await;
    let mut phone = house.connect(Some("sip"), None).await.expect("a connection");
    let Message::Close(Some(frame)) = heard(&mut phone).await else { panic!("no close frame") };
    assert_eq!(
        (frame.code, frame.reason.as_str()),
        (CloseCode::Policy, "there is no room for one more phone")
    );
}

#[tokio::test]
async fn when_the_center_lets_go_or_the_server_ends_the_phone_is_told() {
    let house = House::open().await;
    let (_hears, speaks) = house.desk.phones.expect();
    let mut phone = house.connect(Some("sip"), None).await.expect("a connection");
    drop(speaks);
    let Message::Close(Some(frame)) = heard(&mut phone).await else { panic!("no close frame") };
    assert_eq!(frame.code, CloseCode::Policy);

    let (_hears, _speaks) = house.desk.phones.expect();
    let mut phone = house.connect(Some("sip"), None).await.expect("a connection");
    house.desk.web.close();
    let Message::Close(Some(frame)) = heard(&mut phone).await else { panic!("no close frame") };
    assert_eq!(frame.code, CloseCode::Away);
}

#[tokio::test]
async fn a_phone_that_says_nothing_for_too_long_is_let_go() {
    let limits = PhoneLimits { first_message_max: SOON, ..PhoneLimits::default() };
    let house = House::open_with(limits).await;
    let (mut hears, _speaks) = house.desk.phones.expect();
    let mut phone = house.connect(Some("sip"), None).await.expect("a connection");
    // Line ends are no message.
    phone.send(Message::Text("\r\n".into())).await.unwrap();
    let Message::Close(Some(frame)) = heard(&mut phone).await else { panic!("no close frame") };
    assert_eq!(frame.reason.as_str(), "nothing was heard for too long");
    assert_eq!(hears.recv().await, None);
}

#[tokio::test]
async fn a_phone_is_asked_for_signs_of_life_and_stays_as_long_as_it_gives_them() {
    let limits = PhoneLimits { ping_every: SOON, silence_max: SOON * 30, ..PhoneLimits::default() };
    let house = House::open_with(limits).await;
    let (mut hears, _speaks) = house.desk.phones.expect();
    let mut phone = house.connect(Some("sip"), None).await.expect("a connection");
    phone.send(Message::Text("REGISTER".into())).await.unwrap();
    assert_eq!(hears.recv().await.unwrap(), "REGISTER");
    for _ in 0..60 {
        // The client answers a ping when it is read.
        let ping = phone.next().await.expect("the connection lives").expect("a frame");
        assert!(matches!(ping, Message::Ping(_)), "{ping:?}");
        phone.flush().await.unwrap();
    }
    phone.send(Message::Text("still here".into())).await.unwrap();
    assert_eq!(hears.recv().await.unwrap(), "still here");
    // From here on it reads nothing, so it answers no ping.
    assert_eq!(hears.recv().await, None, "a phone without a sign of life is let go");
}

/// The real server on a free port.
struct House {
    desk: Desk,
    address: SocketAddr,
}

impl House {
    async fn open() -> Self {
        Self::open_with(PhoneLimits::default()).await
    }

    async fn open_with(phones: PhoneLimits) -> Self {
        let desk = Desk::with(WebOptions { phones, ..WebOptions::default() });
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let router = desk.router.clone();
        tokio::spawn(web::serve(
            vec![Listener { socket, tls: None }],
            router,
            ServeLimits::default(),
            std::future::pending(),
        ));
        Self { desk, address }
    }

    async fn connect(
        &self,
        protocol: Option<&str>,
        origin: Option<&str>,
    ) -> Result<WebSocketStream<TcpStream>, Error> {
        let mut request = format!("ws://{}/sip", self.address).into_client_request().unwrap();
        if let Some(protocol) = protocol {
            request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        }
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (socket, response) = tokio_tungstenite::client_async(request, stream).await?;
        assert_eq!(response.headers()["sec-websocket-protocol"], "sip");
        Ok(socket)
    }
}

/// The next message that is no ping.
async fn heard(phone: &mut WebSocketStream<TcpStream>) -> Message {
    loop {
        let message = tokio::time::timeout(PATIENCE, phone.next()).await.expect("a message in time");
        match message.expect("the connection lives").expect("a message") {
            Message::Ping(_) => {}
            message => return message,
        }
    }
}
