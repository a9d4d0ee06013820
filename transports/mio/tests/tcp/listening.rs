//! Where a driver can listen, and what it says when it cannot.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use chinwag::Address;
use chinwag_mio::{DriverError, MioDriver, Options, random_seed};

use crate::common::{Peer, config, raise_file_limit, turn_until};

fn driver() -> MioDriver {
    MioDriver::new(config("ann"), random_seed(), Options::default()).unwrap()
}

#[test]
fn a_busy_port_is_told_with_what_to_do() {
    let bob = Peer::new("bob");
    let bind = bob.address.to_string();
    let error = driver().listen(&bind, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot listen on {bind}: the port is in use: choose another, or port 0 for any that is free"
        )
    );
}

#[test]
fn what_is_no_place_to_listen_is_told() {
    for bind in ["", "localhost", "127.0.0.1:65536", "127.0.0.1:-1", ":5001", "::1:5001", "[]:1"] {
        let error = driver().listen(bind, None).unwrap_err();
        assert!(matches!(error, DriverError::BadBind { .. }), "{bind}: {error}");
    }
    // An address for documentation, which is no machine's.
    let error = driver().listen("192.0.2.1:0", None).unwrap_err();
    assert!(error.to_string().contains("no interface of this machine has that address"), "{error}");
}

#[test]
fn every_interface_is_told_as_an_address_that_can_be_dialed() {
    let mut driver = driver();
    let address = driver.listen("0.0.0.0:0", None).unwrap();
    assert_ne!(address.host(), "0.0.0.0");
    assert_ne!(address.port(), 0);
    assert_eq!(driver.node().config().listening.as_ref(), Some(&address));
}

#[test]
fn everywhere_means_addresses_of_both_kinds() {
    let mut driver = driver();
    let Ok(address) = driver.listen("[::]:0", None) else {
        println!("skipped: this machine has no IPv6");
        return;
    };
    for ip in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
        TcpStream::connect((ip, address.port())).unwrap_or_else(|error| panic!("{ip}: {error}"));
    }
}

#[test]
fn many_can_wait_until_they_are_accepted() {
    // What the system allows is 4,096 on Linux since 5.4; where it is less, connecting takes a second and more.
    const WAITING: usize = 2_000;
    raise_file_limit();
    let mut driver = driver();
    let address = driver.listen("127.0.0.1:0", None).unwrap();
    let address: SocketAddr = address.to_string().parse().unwrap();
    let connected: Vec<_> = (0..WAITING)
        .map_while(|_| TcpStream::connect_timeout(&address, Duration::from_millis(500)).ok())
        .collect();
    assert_eq!(connected.len(), WAITING);
}

#[test]
fn another_address_can_be_told_than_is_listened_at() {
    let told: Address = "chat.example:5001".parse().unwrap();
    assert_eq!(driver().listen("127.0.0.1:0", Some(told.clone())).unwrap(), told);
}

#[test]
fn one_that_stops_listening_refuses_new_links_and_keeps_the_old() {
    let (mut ann, mut bob, mut cleo) = (Peer::new("ann"), Peer::new("bob"), Peer::new("cleo"));
    crate::common::link(&mut [&mut ann, &mut bob]);
    ann.driver.stop_listening();
    let address = ann.address.clone();
    cleo.join(&address);
    turn_until(&mut [&mut ann, &mut bob, &mut cleo], "cleo to be refused", |peers| {
        peers[2].saw(&["DialFailed", "Refused"])
    });
    bob.say("still linked");
    turn_until(&mut [&mut ann, &mut bob], "ann to hear", |peers| !peers[0].heard().is_empty());
    assert_eq!(ann.driver.node().config().listening, None);
}
