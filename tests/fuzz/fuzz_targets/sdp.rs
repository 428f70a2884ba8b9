//! A session description: read and printed, answered, taken as an answer.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sdp::{Codec, Crypto, Local, Secret, Session, Srtp, Suite};

fuzz_target!(|data: &[u8]| {
    let Ok(session) = Session::parse(data) else { return };
    let printed = session.to_string();
    let again = Session::parse(printed.as_bytes()).expect("what was printed");
    assert_eq!(again.to_string(), printed);

    let mut local = Local::new("192.0.2.1:4000".parse().expect("an address"), 7);
    local.codecs = &Codec::ALL;
    let keys: Vec<Crypto> = Suite::ALL
        .into_iter()
        .zip(1..)
        .map(|(suite, tag)| Crypto { tag, suite, secret: Secret::new(suite, |secret| secret.fill(7)) })
        .collect();
    for srtp in [Srtp::Off, Srtp::Offered(&keys), Srtp::Preferred(&keys), Srtp::Required(&keys)] {
        local.srtp = srtp;
        if let Ok(answer) = sdp::answer(&session, &local) {
            // One stream for each that was offered, of which one is taken.
            assert_eq!(answer.sdp.media.len(), session.media.len());
            let text = answer.sdp.to_string();
            assert_eq!(Session::parse(text.as_bytes()).expect("our own answer").to_string(), text);
            let taken = &answer.sdp.media[answer.chosen.media];
            assert_eq!(answer.chosen.sealed.is_some(), taken.has("crypto"));
            assert!(answer.chosen.sealed.is_some() || !matches!(srtp, Srtp::Required(_)), "in the clear");
        }
        let offer = sdp::offer(&local);
        if let Ok(agreed) = sdp::accept(&offer, &session) {
            assert!(agreed.sealed.is_some() || !matches!(srtp, Srtp::Required(_)), "a downgrade");
        }
        let _ = sdp::accept(&session, &offer);
    }
    for media in &session.media {
        let _ = (session.connection_of(media), session.direction_of(media), sdp::format::meanings(media));
    }
});
