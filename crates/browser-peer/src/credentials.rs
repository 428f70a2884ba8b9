//! The name and the password of one side of ICE: RFC 8445 §5.3.

use base::SecretSource;
use core::fmt;

/// Letters of a name: 60 bits. It is not secret, but must not be met twice among those who use one socket.
const UFRAG_LETTERS: usize = 12;

/// Letters of a password: 160 bits, where 128 are asked for.
const PASSWORD_LETTERS: usize = 32;

/// What a side of ICE is named, and what its checks are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name (`a=ice-ufrag`).
    pub ufrag: String,
    /// The password (`a=ice-pwd`).
    pub password: String,
}

impl Credentials {
    /// New ones.
    pub fn generate(secrets: &mut SecretSource) -> Self {
        Self { ufrag: secrets.token(UFRAG_LETTERS), password: secrets.token(PASSWORD_LETTERS) }
    }
}

/// Does not show the password.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}, …)", self.ufrag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_new_each_time_and_show_no_password() {
        let mut secrets = SecretSource::fixed(1);
        let (one, other) = (Credentials::generate(&mut secrets), Credentials::generate(&mut secrets));
        assert_ne!(one.ufrag, other.ufrag);
        assert_ne!(one.password, other.password);
        assert!(!format!("{one:?}").contains(&one.password));
        // RFC 8839 §5.4: 4 to 256 letters, and 22 to 256.
        assert_eq!((one.ufrag.len(), one.password.len()), (12, 32));
    }
}
