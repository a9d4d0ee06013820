//! A trace is enough to repeat what the nodes did.

mod support;

use chinwag::Input;
use chinwag_memory::{Clock, Machine, NetworkConfig, What, ms, secs};
use support::{datagram, eventful, stream};

#[test]
fn replaying_a_trace_gives_equal_nodes() {
    for link in [stream(), datagram()] {
        let network = eventful(NetworkConfig::new(6).link(link).record(true));
        let trace = network.trace().expect("recorded");
        let count = |of: fn(&What<_>) -> bool| trace.steps().iter().filter(|step| of(&step.what)).count();
        let commands = count(|what| matches!(what, What::Input(Input::Command(_))));
        assert!(commands > 80, "{commands}");
        assert_eq!(count(|what| matches!(what, What::Input(_))) - commands, network.stats().inputs as usize);
        assert_eq!(count(|what| matches!(what, What::State(_))), 13, "twelve starts and one anew");
        let replayed = trace.replay();
        assert_eq!(replayed.len(), 12);
        for node in network.nodes() {
            assert_eq!(&replayed[node.index()], network.node(node), "{node}");
        }
    }
}

#[test]
fn a_trace_has_the_times_that_the_nodes_saw() {
    let machine = Machine::new().clock(Clock::ahead(secs(9)).drift(-20_000)).handling(ms(1));
    let network = eventful(NetworkConfig::new(6).machine(machine).record(true));
    assert!(network.stats().misdated > 1_000);
    let replayed = network.trace().expect("recorded").replay();
    for node in network.nodes() {
        assert_eq!(&replayed[node.index()], network.node(node), "{node}");
    }
}

#[test]
fn nothing_is_recorded_unless_asked_for() {
    assert!(eventful(NetworkConfig::new(6)).trace().is_none());
}
