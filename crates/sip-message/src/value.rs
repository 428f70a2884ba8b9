//! What can be written as a header's value. RFC 3261 §7.3.1.

use bytes::Bytes;

use crate::cseq::CSeq;
use crate::headers::{Value, Verbatim};
use crate::method::Method;
use crate::name_addr::NameAddr;
use crate::uri::Uri;
use crate::via::Via;

/// Something that writes itself as a header's value.
///
/// Whatever it writes is checked before it becomes part of a message: a control character is refused there.
pub trait ToValue {
    /// Appends the value.
    fn write_value(&self, out: &mut Vec<u8>);

    /// Whether the value is copied from a received message, where a quoted pair may hold a control character
    /// (RFC 4475 §3.1.1.2). A line break is refused all the same.
    fn is_verbatim(&self) -> bool {
        false
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn write_value(&self, out: &mut Vec<u8>) {
        (**self).write_value(out);
    }

    fn is_verbatim(&self) -> bool {
        (**self).is_verbatim()
    }
}

impl ToValue for str {
    fn write_value(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }
}

impl ToValue for String {
    fn write_value(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }
}

impl ToValue for [u8] {
    fn write_value(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl ToValue for Vec<u8> {
    fn write_value(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl ToValue for Bytes {
    fn write_value(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl ToValue for u32 {
    fn write_value(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.to_string().as_bytes());
    }
}

impl ToValue for NameAddr {
    fn write_value(&self, out: &mut Vec<u8>) {
        self.write(out);
    }
}

impl ToValue for Via {
    fn write_value(&self, out: &mut Vec<u8>) {
        self.write(out);
    }
}

impl ToValue for Uri {
    /// In angle brackets, as in Route or Refer-To.
    fn write_value(&self, out: &mut Vec<u8>) {
        out.push(b'<');
        out.extend_from_slice(self.as_bytes());
        out.push(b'>');
    }
}

impl ToValue for Method {
    fn write_value(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_str().as_bytes());
    }
}

impl ToValue for CSeq {
    fn write_value(&self, out: &mut Vec<u8>) {
        self.number.write_value(out);
        out.push(b' ');
        self.method.write_value(out);
    }
}

/// Several values in one header, separated by commas.
impl<T: ToValue> ToValue for [T] {
    fn write_value(&self, out: &mut Vec<u8>) {
        for (index, value) in self.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(b", ");
            }
            value.write_value(out);
        }
    }
}

/// A value taken from another message, unfolded.
impl ToValue for Value<'_> {
    fn write_value(&self, out: &mut Vec<u8>) {
        Verbatim(self.as_bytes()).write_value(out);
    }

    fn is_verbatim(&self) -> bool {
        true
    }
}

/// Types whose text is their value.
macro_rules! displayed {
    ($($name:ty),*) => {
        $(impl ToValue for $name {
            fn write_value(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(self.to_string().as_bytes());
            }
        })*
    };
}

displayed!(
    crate::header::Event,
    crate::header::Privacy,
    crate::header::RAck,
    crate::header::Reason,
    crate::header::Replaces,
    crate::header::RetryAfter,
    crate::header::SessionExpires,
    crate::header::SubscriptionState,
    crate::header::UserToUser
);
