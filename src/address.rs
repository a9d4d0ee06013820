//! Where a peer listens: opaque to the core, meaningful to drivers.

use core::fmt;
use core::num::NonZeroU16;
use core::str::FromStr;
use std::net::{Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// A host and a port at which somebody may be reached.
///
/// The core only compares and passes it on; drivers resolve it. The host is 1 to 255 bytes without control
/// characters or white space; the port is 1 to 65535. Written `host:port`, an IPv6 host in brackets. Cloning copies a pointer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Arc<HostPort>);

#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
struct HostPort {
    host: Box<str>,
    port: NonZeroU16,
}

/// Why something is not an [`Address`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// There is no `:port` at the end.
    NoPort,
    /// The port is not a whole number from 1 to 65535.
    BadPort,
    /// The host is empty, longer than 255 bytes, or holds control characters or white space.
    BadHost,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPort => "an address needs a port: write it as host:port, for example 127.0.0.1:5001",
            Self::BadPort => "the port must be a whole number from 1 to 65535",
            Self::BadHost => {
                "the host must be 1 to 255 bytes without spaces or control characters (an IPv6 address goes in brackets)"
            }
        })
    }
}

impl core::error::Error for AddressError {}

impl Address {
    /// An address of its two parts.
    ///
    /// # Errors
    /// [`AddressError::BadHost`] or [`AddressError::BadPort`] (port 0 included).
    pub fn new(host: &str, port: u16) -> Result<Self, AddressError> {
        let port = NonZeroU16::new(port).ok_or(AddressError::BadPort)?;
        let unfit = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '[' | ']');
        if host.is_empty() || host.len() > 255 || host.contains(unfit) {
            return Err(AddressError::BadHost);
        }
        Ok(Self(Arc::new(HostPort { host: host.into(), port })))
    }

    /// The host: a name, or an IP address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// The address as sockets take it; `None` if the host is a name, which somebody has to look up.
    #[must_use]
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        self.host().parse().ok().map(|ip| SocketAddr::new(ip, self.port()))
    }

    /// The port, never 0.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port.get()
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (host, port) = text.rsplit_once(':').ok_or(AddressError::NoPort)?;
        let port = port.parse().map_err(|_| AddressError::BadPort)?;
        let host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(inner) if inner.parse::<Ipv6Addr>().is_ok() => inner,
            Some(_) => return Err(AddressError::BadHost),
            None if host.contains(':') => return Err(AddressError::BadHost),
            None => host,
        };
        Self::new(host, port)
    }
}

impl TryFrom<SocketAddr> for Address {
    type Error = AddressError;

    fn try_from(address: SocketAddr) -> Result<Self, AddressError> {
        Self::new(&address.ip().to_string(), address.port())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HostPort { host, port } = &*self.0;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_parts_agree() {
        for text in ["127.0.0.1:5001", "localhost:1", "[::1]:65535"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        assert_eq!("[::1]:9".parse::<Address>().unwrap().host(), "::1");
    }

    #[test]
    fn what_is_no_address_is_told_apart() {
        for (text, error) in [
            ("localhost", AddressError::NoPort),
            ("localhost:0", AddressError::BadPort),
            ("localhost:65536", AddressError::BadPort),
            ("localhost:-1", AddressError::BadPort),
            (":5001", AddressError::BadHost),
            ("::1:5001", AddressError::BadHost),
            ("[nope]:5001", AddressError::BadHost),
            ("a b:5001", AddressError::BadHost),
        ] {
            assert_eq!(text.parse::<Address>(), Err(error), "{text}");
        }
    }
}
