//! Where to listen.

use std::fmt;
use std::str::FromStr;

use chinwag::{Address, AddressError};

/// Where to listen: like an [`Address`], but port 0 means any free one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Bind {
    host: String,
    port: u16,
}

/// Why something is no [`Bind`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum BindError {
    /// The port is not a whole number from 0 to 65535.
    Port,
    /// Something else is wrong.
    Address(AddressError),
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port => f.write_str("the port must be a whole number from 0 (any free one) to 65535"),
            Self::Address(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl std::error::Error for BindError {}

impl Default for Bind {
    fn default() -> Self {
        Self { host: "127.0.0.1".to_owned(), port: 0 }
    }
}

impl FromStr for Bind {
    type Err = BindError;

    fn from_str(text: &str) -> Result<Self, BindError> {
        let (host, port) = text.rsplit_once(':').ok_or(BindError::Address(AddressError::NoPort))?;
        let port: u16 = port.parse().map_err(|_| BindError::Port)?;
        // Any port would do here: only the host is of interest.
        let address: Address = format!("{host}:1").parse().map_err(BindError::Address)?;
        Ok(Self { host: address.host().to_owned(), port })
    }
}

impl fmt::Display for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_0_is_for_listening_only() {
        assert_eq!("127.0.0.1:0".parse::<Bind>().unwrap().to_string(), "127.0.0.1:0");
        assert_eq!("[::]:5001".parse::<Bind>().unwrap().to_string(), "[::]:5001");
        assert_eq!("h:65536".parse::<Bind>(), Err(BindError::Port));
        assert_eq!("h".parse::<Bind>(), Err(BindError::Address(AddressError::NoPort)));
        assert_eq!(":1".parse::<Bind>(), Err(BindError::Address(AddressError::BadHost)));
    }
}
