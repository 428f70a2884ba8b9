//! Programs that hear and speak in calls, over real WebSockets; the calls are the tests'.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "floor 4 touches the world: sockets and the clock"
)]

mod desk;

use access::Deed;
use desk::Desk;
use futures_util::{SinkExt, StreamExt};
use model::timeline::LegRole;
use model::{InteractionId, LegId};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use web::{LineNews, LineRefused, Listener, ServeLimits};

/// How long anything may take on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_program_hears_a_call_and_speaks_in_it_until_it_is_over() {
    let house = House::open().await;
    let mut program =
        house.connect("sara", 1, "?hears=customer,agent&speaks_to=customer&rate=8000").await.unwrap();
    let start = program.text().await;
    assert_eq!(
        start,
        json!({"type": "start", "interaction": id(1).to_string(), "hears": ["customer", "agent"],
               "speaks_to": ["customer"], "rate": 8000, "frame_ms": 20, "format": "s16le"})
    );
    let lines = &house.desk.lines;
    let wish = lines.wishes.lock().unwrap()[0].clone();
    assert_eq!(
        (wish.hears, wish.speaks_to),
        (vec![LegRole::Customer, LegRole::Agent], vec![LegRole::Customer])
    );

    lines.heard.lock().unwrap().extend([[1i16, -2].repeat(80), vec![3; 160]]);
    let heard = program.binary().await;
    assert_eq!((heard.len(), &heard[..4]), (320, &[1, 0, 254, 255][..]), "16 bits, the low byte first");
    assert_eq!(program.binary().await[..2], [3, 0]);

    // A second and a half of speech, and a word when it has been said.
    program.say(Message::binary([7, 0].repeat(12_000))).await;
    program.say(Message::text(r#"{"type":"mark","name":"said"}"#)).await;
    let mut said = 0;
    while said < 75 {
        tokio::time::timeout(PATIENCE, lines.changed.notified()).await.expect("it goes on");
        said += lines.said.lock().unwrap().drain(..).inspect(|frame| assert_eq!(frame[..], [7; 160])).count();
    }
    assert_eq!(program.text().await, json!({"type": "mark", "name": "said"}));

    let leg = LegId::from_u64(5);
    lines.news.lock().unwrap().push_back(LineNews::Digit { leg, role: LegRole::Customer, digit: '#' });
    let digit = json!({"type": "digit", "from": "customer", "leg": leg.to_string(), "digit": "#"});
    assert_eq!(program.text().await, digit);
    lines.lost.store(3, Ordering::SeqCst);
    assert_eq!(program.text().await, json!({"type": "lost", "frames": 3}));

    lines.news.lock().unwrap().push_back(LineNews::Ended);
    assert_eq!(program.text().await, json!({"type": "stop", "reason": "over"}));
    assert_eq!(program.close().await, (1000, "over".to_owned()));
    let audit = house.desk.library.audit.lock().unwrap().clone();
    let told: Vec<_> =
        audit.iter().map(|entry| (entry.who.as_str(), entry.deed, entry.object.as_str())).collect();
    let object = format!("{} hears customer,agent speaks to customer", id(1));
    assert_eq!(told, [("sara", Deed::StreamedSound, object.as_str())]);
}

#[tokio::test]
async fn who_interrupts_clears_what_was_not_said_yet() {
    let house = House::open().await;
    let mut program = house.connect("root", 2, "?hears=none&speaks_to=agent").await.unwrap();
    program.text().await;
    program.say(Message::binary([7, 0].repeat(16_000))).await;
    program.say(Message::text(r#"{"type":"mark","name":"one"}"#)).await;
    program.say(Message::text(r#"{"type":"clear"}"#)).await;
    assert_eq!(
        program.text().await,
        json!({"type": "mark", "name": "one"}),
        "what will not be said is through"
    );
    assert!(house.desk.lines.said.lock().unwrap().is_empty());
    program.say(Message::text(r#"{"type":"stop"}"#)).await;
    assert_eq!(program.text().await, json!({"type": "stop", "reason": "asked"}));
    assert_eq!(program.close().await.0, 1000);
    house.closed().await;
}

#[tokio::test]
async fn a_program_that_nobody_understands_is_let_go_and_one_that_leaves_leaves_nothing() {
    let house = House::open().await;
    for wrong in [Message::text("hello"), Message::text(r#"{"type":"dance"}"#), Message::binary(vec![0; 3])] {
        let mut program = house.connect("sara", 1, "").await.unwrap();
        program.text().await;
        program.say(wrong).await;
        assert_eq!(program.text().await, json!({"type": "stop", "reason": "misunderstood"}));
        assert_eq!(program.close().await.0, 1008);
        house.closed().await;
    }
    let program = house.connect("sara", 1, "").await.unwrap();
    drop(program);
    house.closed().await;
}

#[tokio::test]
async fn who_may_not_hear_is_refused_before_anything_is_opened() {
    let house = House::open().await;
    for (login, interaction, query, status) in [
        ("anna", 1, "", 403),
        ("sara", 2, "", 403),
        ("sara", 9, "", 404),
        ("nobody", 1, "", 401),
        ("sara", 1, "?hears=everybody", 400),
        ("sara", 1, "?rate=44100", 400),
        ("sara", 1, "?hears=none", 400),
    ] {
        assert_eq!(house.refused(login, interaction, query).await, status, "{login} {interaction} {query}");
    }
    assert!(house.desk.lines.wishes.lock().unwrap().is_empty());
    for (refused, status) in [
        (LineRefused::NoSuchInteraction, 404),
        (LineRefused::NoSound, 409),
        (LineRefused::TooMany, 503),
        (LineRefused::Unavailable, 503),
    ] {
        *house.desk.lines.refuses.lock().unwrap() = Some(refused);
        assert_eq!(house.refused("sara", 1, "").await, status, "{refused}");
    }
    // What cannot be written down is not heard.
    *house.desk.lines.refuses.lock().unwrap() = None;
    house.desk.library.away.store(true, Ordering::SeqCst);
    let wishes = house.desk.lines.wishes.lock().unwrap().len();
    assert_eq!(house.refused("sara", 1, "").await, 503);
    assert_eq!(house.desk.lines.wishes.lock().unwrap().len(), wishes);
    house.desk.library.away.store(false, Ordering::SeqCst);
}

#[tokio::test]
async fn a_call_that_goes_to_a_foreign_queue_is_heard_no_more() {
    let house = House::open().await;
    let mut program = house.connect("sara", 1, "").await.unwrap();
    program.text().await;
    house.desk.board.apply([desk::passed_on(1, "sales", "dora")]);
    assert_eq!(program.text().await, json!({"type": "stop", "reason": "out_of_reach"}));
    assert_eq!(program.close().await, (4403, "out_of_reach".to_owned()));
}

#[tokio::test]
async fn a_program_that_has_no_room_beside_the_parties_is_told() {
    let house = House::open().await;
    let mut program = house.connect("sara", 1, "").await.unwrap();
    program.text().await;
    house.desk.lines.news.lock().unwrap().push_back(LineNews::Crowded);
    assert_eq!(program.text().await, json!({"type": "stop", "reason": "crowded"}));
    assert_eq!(program.close().await.0, 1013);
}

#[tokio::test]
async fn a_server_that_closes_says_so() {
    let house = House::open().await;
    let mut program = house.connect("sara", 1, "").await.unwrap();
    program.text().await;
    house.desk.web.close();
    assert_eq!(program.text().await, json!({"type": "stop", "reason": "closing"}));
    assert_eq!(program.close().await.0, 1001);
}

/// The real server on a free port.
struct House {
    desk: Desk,
    address: std::net::SocketAddr,
}

impl House {
    async fn open() -> Self {
        let desk = Desk::new();
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let router = desk.router.clone();
        tokio::spawn(async move {
            let listeners = vec![Listener { socket, tls: None }];
            web::serve(listeners, router, ServeLimits::default(), std::future::pending()).await;
        });
        Self { desk, address }
    }

    async fn connect(&self, login: &str, interaction: u64, query: &str) -> Result<Program, Box<Error>> {
        let path = format!("/api/v1/interactions/{}/stream{query}", id(interaction));
        let mut request = format!("ws://{}{path}", self.address).into_client_request().unwrap();
        request.headers_mut().insert("authorization", format!("Bearer token-{login}").parse().unwrap());
        let stream = TcpStream::connect(self.address).await.unwrap();
        let opened = tokio::time::timeout(PATIENCE, tokio_tungstenite::client_async(request, stream));
        let (socket, _) = opened.await.expect("an answer in time")?;
        Ok(Program(socket))
    }

    async fn refused(&self, login: &str, interaction: u64, query: &str) -> u16 {
        match self.connect(login, interaction, query).await.map_err(|error| *error) {
            Err(Error::Http(response)) => response.status().as_u16(),
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("{login} is let in"),
        }
    }

    /// Waits until the line is closed.
    async fn closed(&self) {
        let closed = Arc::clone(&self.desk.lines);
        let wait = async {
            while !closed.closed.swap(false, Ordering::SeqCst) {
                closed.changed.notified().await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("the line is closed");
    }
}

struct Program(tokio_tungstenite::WebSocketStream<TcpStream>);

impl Program {
    async fn next(&mut self) -> Message {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a message in time");
            match next.expect("the connection is open").expect("it is well") {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    async fn text(&mut self) -> Value {
        match self.next().await {
            Message::Text(text) => serde_json::from_str(text.as_str()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    async fn binary(&mut self) -> Vec<u8> {
        match self.next().await {
            Message::Binary(bytes) => bytes.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    async fn close(&mut self) -> (u16, String) {
        match self.next().await {
            Message::Close(Some(CloseFrame { code, reason })) => (code.into(), reason.to_string()),
            other => panic!("{other:?}"),
        }
    }

    async fn say(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }
}

fn id(number: u64) -> InteractionId {
    InteractionId::from_u64(number)
}
