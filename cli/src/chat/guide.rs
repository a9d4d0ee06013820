//! What to say to a person who is alone.

use std::net::IpAddr;

use chinwag::{Address, PeerId};

/// How others join, with the very command line to type.
pub(crate) fn how_others_join(me: &PeerId, address: Option<&Address>) -> String {
    let Some(address) = address else {
        return "nobody else is here: /join HOST:PORT links with somebody".to_owned();
    };
    let other = if me.as_str() == "bob" { "alice" } else { "bob" };
    let mut guide = format!(
        "nobody else is here yet; others join with\n     {} chat --name {other} --join {address}",
        program()
    );
    if is_loopback(address) {
        let port = address.port();
        let others = format!(
            "\n   on this machine; to be reached from others too, start with --listen 0.0.0.0:{port}"
        );
        guide.push_str(&others);
    }
    guide
}

/// How this program was started, as a shell takes it.
fn program() -> String {
    let started = std::env::args().next().filter(|program| !program.is_empty());
    let program = started.unwrap_or_else(|| "chinwag".to_owned());
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:\\".contains(c);
    if program.chars().all(plain) { program } else { format!("'{}'", program.replace('\'', r"'\''")) }
}

fn is_loopback(address: &Address) -> bool {
    address.host() == "localhost" || address.host().parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_leads_here() {
        let bob = PeerId::new("bob").unwrap();
        let guide = how_others_join(&bob, Some(&"127.0.0.1:5001".parse().unwrap()));
        assert!(guide.contains(" chat --name alice --join 127.0.0.1:5001\n"), "{guide}");
        assert!(guide.contains("--listen 0.0.0.0"), "{guide}");
        let elsewhere = how_others_join(&bob, Some(&"10.0.0.7:5001".parse().unwrap()));
        assert!(!elsewhere.contains("0.0.0.0"), "{elsewhere}");
        assert!(how_others_join(&bob, None).contains("/join"));
    }
}
