//! User-to-User: what applications hand to each other along with a call, `00a1b2;encoding=hex`. RFC 7433.

use std::fmt;

use crate::error::Malformed;
use crate::params::Params;
use crate::scan;

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserToUser {
    /// The data as written, without quotes; in hexadecimal digits unless `encoding` says otherwise.
    pub data: Box<str>,
    /// How the data is written: `hex` or another word.
    pub encoding: Option<Box<str>>,
    /// What the data is for.
    pub purpose: Option<Box<str>>,
    /// What the data is made of.
    pub content: Option<Box<str>>,
}

impl UserToUser {
    /// Reads `data;encoding=…;purpose=…;content=…`.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let value = scan::trim(value);
        let (data, params) = if value.first() == Some(&b'"') {
            scan::quoted(value)?
        } else {
            value.split_at(memchr::memchr(b';', value).unwrap_or(value.len()))
        };
        let data = scan::trim(data);
        let params = scan::trim(params);
        if !(params.is_empty() || params.first() == Some(&b';')) {
            return Err(Malformed::Trailing);
        }
        let text = scan::unquote(data);
        let text = std::str::from_utf8(&text).map_err(|_| Malformed::Character)?;
        if data.is_empty() {
            return Err(Malformed::Empty);
        }
        let bare = data.first() != Some(&b'"');
        if text.chars().any(char::is_control) || (bare && !scan::is_token(data)) {
            return Err(Malformed::Character);
        }
        let params = Params::parse(params)?;
        let word = |name| params.text(name).map(|text| scan::display(text.as_bytes()).into());
        Ok(Self {
            data: text.into(),
            encoding: word("encoding"),
            purpose: word("purpose"),
            content: word("content"),
        })
    }

    /// Bytes to be handed on, in hexadecimal digits.
    pub fn hex(bytes: &[u8]) -> Self {
        use std::fmt::Write;
        let mut data = String::with_capacity(bytes.len() * 2);
        for byte in bytes {
            // Writing to a string cannot fail.
            let _ = write!(data, "{byte:02X}");
        }
        Self { data: data.into(), encoding: Some("hex".into()), purpose: None, content: None }
    }

    /// The bytes that the hexadecimal digits mean; `None` if it is written otherwise.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        if self.encoding.as_deref().is_some_and(|encoding| !encoding.eq_ignore_ascii_case("hex")) {
            return None;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        if !self.data.len().is_multiple_of(2) {
            return None;
        }
        self.data
            .as_bytes()
            .chunks_exact(2)
            .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
            .collect()
    }
}

impl fmt::Display for UserToUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        write_word(&self.data, &mut text);
        for (name, value) in
            [("purpose", &self.purpose), ("content", &self.content), ("encoding", &self.encoding)]
        {
            if let Some(value) = value {
                text.extend_from_slice(format!(";{name}=").as_bytes());
                write_word(value, &mut text);
            }
        }
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

/// A word as it is where it is a token, in quotes otherwise, even if it has quotes of its own.
fn write_word(word: &str, out: &mut Vec<u8>) {
    if scan::is_token(word.as_bytes()) {
        out.extend_from_slice(word.as_bytes());
    } else {
        scan::write_quoted(word.as_bytes(), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_comes_as_digits_or_in_quotes() {
        let value = UserToUser::parse(b"00fF10 ;encoding=HEX;purpose=isdn-uui").unwrap();
        assert_eq!(value.bytes(), Some(vec![0, 255, 16]));
        assert_eq!(value.to_string(), "00fF10;purpose=isdn-uui;encoding=HEX");
        let quoted = UserToUser::parse(br#""ticket; 4711";encoding=text"#).unwrap();
        assert_eq!((&*quoted.data, quoted.bytes()), ("ticket; 4711", None));
        assert_eq!(UserToUser::parse(quoted.to_string().as_bytes()), Ok(quoted));
        let nested = UserToUser::parse(br#"a;content="\"b\"""#).unwrap();
        assert_eq!(nested.content.as_deref(), Some("\"b\""));
        assert_eq!(UserToUser::parse(nested.to_string().as_bytes()), Ok(nested));
        assert_eq!(UserToUser::hex(b"\x01z").to_string(), "017A;encoding=hex");
        assert_eq!(UserToUser::parse(b"012").unwrap().bytes(), None);
        for wrong in [&b""[..], b";encoding=hex", b"a b", b"\"a\" b", b"\"a"] {
            assert!(UserToUser::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
