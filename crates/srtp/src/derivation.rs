//! Session keys from a master key: RFC 3711 §4.3 with a key derivation rate of zero; RFC 6188 §3 and RFC 7714 §11 for the
//! long keys and the short salts of AES-GCM.

use crate::Keying;
use aes::cipher::{InnerIvInit, KeyInit, StreamCipherCore};
use aes::{Aes128Enc, Aes256Enc};
use ctr::CtrCore;
use ctr::flavors::Ctr128BE;

/// What a session key is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Label {
    Encryption = 0,
    Authentication = 1,
    Salt = 2,
}

/// Which of the two sorts of packets; the labels of reports stand behind those of media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Rtp = 0,
    Rtcp = 3,
}

/// Fills `out` with the key of that label.
pub(crate) fn derive(keying: &Keying, sort: Sort, label: Label, out: &mut [u8]) {
    let mut counter = [0; 16];
    counter[..14].copy_from_slice(keying.salt());
    // The label stands above 48 bits of index, which is zero when keys are derived once.
    counter[7] ^= sort as u8 + label as u8;
    out.fill(0);
    if let Ok(cipher) = Aes128Enc::new_from_slice(keying.key()) {
        CtrCore::<_, Ctr128BE>::inner_iv_init(&cipher, &counter.into()).apply_keystream_partial(out.into());
    } else if let Ok(cipher) = Aes256Enc::new_from_slice(keying.key()) {
        CtrCore::<_, Ctr128BE>::inner_iv_init(&cipher, &counter.into()).apply_keystream_partial(out.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Profile;

    #[test]
    fn the_session_keys_of_rfc_3711_b_3() {
        let master = hex("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6");
        let keying = Keying::new(Profile::AesCm128HmacSha1Tag80, &master).unwrap();
        let mut cipher = [0; 16];
        derive(&keying, Sort::Rtp, Label::Encryption, &mut cipher);
        assert_eq!(cipher.as_slice(), hex("C61E7A93744F39EE10734AFE3FF7A087"));
        let mut salt = [0; 14];
        derive(&keying, Sort::Rtp, Label::Salt, &mut salt);
        assert_eq!(salt.as_slice(), hex("30CBBC08863D8C85D49DB34A9AE1"));
        let mut authentication = [0; 94];
        derive(&keying, Sort::Rtp, Label::Authentication, &mut authentication);
        let wanted = hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCE
             E049646C43D9327AD175578EF72270986371C10C9A369AC2F94A8C5FBCDDDC25
             6D6E919A48B610EF17C2041E474035766B68642C59BBFC2F34DB60DBDFB2");
        assert_eq!(authentication.as_slice(), wanted);
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
        digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }
}
