//! Who we are: a name, a run and a time zone.

use chinwag::{Config, PeerId};
use chinwag_mio::{epoch_now, random_seed};

/// A node called `name`, or after the login name, in a run that starts now.
pub(crate) fn config(name: Option<&PeerId>) -> Config {
    let id = name.cloned().unwrap_or_else(default_name);
    let mut config = Config::new(id, epoch_now());
    config.utc_offset_secs = jiff::Zoned::now().offset().seconds();
    config
}

/// The login name and a number, so that two terminals of one person are two peers.
fn default_name() -> PeerId {
    let number = random_seed().get() % 9000 + 1000;
    let login = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|variable| std::env::var(variable).ok());
    let named =
        login.filter(|login| !login.is_empty()).map(|login| PeerId::new(&format!("{login}-{number}")));
    named.and_then(Result::ok).unwrap_or_else(|| guest(number))
}

#[expect(clippy::expect_used, reason = "a short ASCII word and a number are a name")]
fn guest(number: u64) -> PeerId {
    PeerId::new(&format!("guest-{number}")).expect("a valid name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_person_gets_a_valid_configuration() {
        assert_eq!(config(None).validate(), Ok(()));
        assert_eq!(guest(9999).as_str(), "guest-9999");
    }
}
