//! Everything that can be wrong with a call, each with what to do about it.

use core::fmt;

use chinwag::{Address, AddressError, ConfigError, PeerIdError, SendError};

use crate::NodeId;

/// Why a node was not added.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AddError {
    /// The name is none.
    Name(PeerIdError),
    /// The configuration is not valid.
    Config(ConfigError),
    /// No address could be made up for it.
    Address(AddressError),
    /// Another node has its address.
    AddressTaken(Address),
}

impl fmt::Display for AddError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(error) => fmt::Display::fmt(error, f),
            Self::Config(error) => fmt::Display::fmt(error, f),
            Self::Address(error) => fmt::Display::fmt(error, f),
            Self::AddressTaken(address) => {
                write!(f, "{address} is another node's address: give each node its own")
            }
        }
    }
}

impl core::error::Error for AddError {}

impl From<PeerIdError> for AddError {
    fn from(error: PeerIdError) -> Self {
        Self::Name(error)
    }
}

impl From<ConfigError> for AddError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<AddressError> for AddError {
    fn from(error: AddressError) -> Self {
        Self::Address(error)
    }
}

/// Why a command was not carried out.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CommandError {
    /// The node has crashed: restart it first.
    Crashed(NodeId),
    /// The node refused.
    Refused(SendError),
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crashed(node) => write!(f, "{node} has crashed: restart it first"),
            Self::Refused(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl core::error::Error for CommandError {}

impl From<SendError> for CommandError {
    fn from(error: SendError) -> Self {
        Self::Refused(error)
    }
}
