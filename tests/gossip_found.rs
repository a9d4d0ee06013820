//! Hard cases for the model of `tests/gossip_model.rs`, as small as they get.
#![cfg(test)]

use chinwag::Strategy;
use chinwag_memory::{Fidelity, LinkModel, ms};
use chinwag_testkit::gossip::Move::{Begin, Break, Crash, Join, Leave, Partition, Resume, Say, Tell};
use chinwag_testkit::gossip::{Move, Scenario, Views, World};

/// A node that lost its memory meets what it said in its earlier life.
#[test]
fn an_earlier_self_does_not_lag_for_ever() {
    let scenario =
        plan(17_340_398_697_068_862_658, USUAL, 4, LinkModel::stream().latency(ms(1)..ms(62)).jitter(ms(31)));
    play(
        scenario,
        &[
            (Join(1, 0), 10),
            (Join(2, 1), 191),
            (Join(3, 1), 171),
            (Tell(2, 0), 1213),
            (Say(2), 738),
            (Crash(2), 2423),
            (Begin(2, 2), 100),
            (Tell(0, 3), 0),
        ],
    );
}

/// Nobody crashes: the ways that were found lead in a circle.
#[test]
fn a_word_finds_its_way_when_old_ways_lead_in_circles() {
    let scenario =
        plan(12_314_429_726_709_337_293, FEW, 17, LinkModel::stream().latency(ms(1)..ms(32)).jitter(ms(27)));
    play(
        scenario,
        &[
            (Join(1, 0), 0),
            (Join(2, 0), 100),
            (Join(3, 0), 57),
            (Join(4, 1), 100),
            (Join(5, 0), 180),
            (Join(6, 1), 131),
            (Join(7, 2), 159),
            (Join(8, 2), 39),
            (Join(9, 0), 0),
            (Tell(9, 14), 978),
            (Say(9), 29),
            (Leave(16), 0),
            (Leave(4), 0),
        ],
    );
}

/// The recipient is dialed for it where a link was wanted already, and has no room for a neighbour.
#[test]
fn a_word_is_handed_over_where_there_is_no_room_for_a_neighbour() {
    let scenario =
        plan(16_465_787_474_913_753_300, FEW, 8, LinkModel::stream().latency(ms(1)..ms(77)).jitter(ms(6)));
    play(
        scenario,
        &[
            (Join(1, 0), 100),
            (Join(2, 0), 0),
            (Join(3, 1), 10),
            (Join(4, 2), 155),
            (Join(6, 2), 194),
            (Partition(4_241_787_931), 1096),
            (Move::Heal, 2),
            (Say(5), 726),
            (Partition(21_952_757), 1134),
            (Say(6), 50),
            (Move::Heal, 3690),
            (Say(2), 0),
            (Say(6), 0),
            (Crash(5), 0),
            (Begin(5, 1), 989),
            (Crash(1), 1293),
            (Resume(2), 100),
            (Leave(0), 0),
        ],
    );
}

/// Two islands whose nodes all have neighbours enough, and one of them joins the other.
#[test]
fn a_join_connects_two_islands_that_are_full() {
    let scenario = plan(8_459_250_141_746_670_282, FEW, 14, LinkModel::stream().latency(ms(1)..ms(60)));
    play(
        scenario,
        &[
            (Join(1, 0), 0),
            (Join(2, 0), 0),
            (Join(6, 5), 0),
            (Join(8, 1), 0),
            (Join(9, 6), 184),
            (Join(11, 5), 43),
            (Join(12, 5), 32),
            (Join(13, 7), 100),
            (Say(2), 80),
            (Join(9, 1), 0),
        ],
    );
}

/// The one whom a newcomer joined leaves at once.
#[test]
fn a_newcomer_outlives_its_contact() {
    let link = LinkModel::datagram().latency(ms(1)..ms(144)).loss(0.099_028).duplication(0.073_061);
    let scenario = plan(16_998_176_384_151_236_078, USUAL, 15, link.reordering(0.142_782, ms(33)));
    play(
        scenario,
        &[
            (Join(1, 0), 0),
            (Join(2, 0), 0),
            (Join(3, 2), 0),
            (Join(4, 3), 0),
            (Join(5, 0), 0),
            (Join(6, 4), 0),
            (Join(10, 0), 0),
            (Join(12, 6), 0),
            (Say(5), 916),
            (Leave(6), 0),
        ],
    );
}

/// Neighbours that were asked to link with somebody else instead are linked with them already.
#[test]
fn nobody_keeps_more_neighbours_than_there_should_be() {
    let link = LinkModel::stream().latency(ms(1)..ms(125)).jitter(ms(8));
    let mut scenario = plan(1_225_129_252_744_341_324, FEW, 13, link);
    scenario.spreading = Strategy::Flood;
    play(
        scenario,
        &[
            (Join(1, 0), 100),
            (Join(2, 1), 168),
            (Join(4, 1), 38),
            (Join(5, 2), 127),
            (Join(6, 2), 119),
            (Join(7, 6), 147),
            (Join(8, 4), 41),
            (Join(9, 0), 192),
            (Join(10, 4), 74),
            (Join(11, 7), 45),
            (Join(12, 2), 197),
            (Tell(8, 4), 265),
            (Say(5), 58),
            (Crash(1), 0),
        ],
    );
}

/// It was announced just before a cut in which nobody could give it, and the cut has healed.
#[test]
fn what_nobody_could_give_in_a_cut_is_heard_after_it() {
    let link = LinkModel::stream().latency(ms(1)..ms(116)).jitter(ms(28));
    let scenario = plan(2_619_936_581_341_911_309, FEW, 9, link);
    play(
        scenario,
        &[
            (Join(1, 0), 77),
            (Join(3, 0), 100),
            (Join(4, 3), 188),
            (Join(5, 1), 0),
            (Join(6, 1), 94),
            (Join(7, 6), 133),
            (Join(8, 3), 0),
            (Join(2, 8), 659),
            (Move::OneWay(1_112_966_338), 841),
            (Tell(2, 1), 2267),
            (Say(3), 965),
            (Join(5, 1), 668),
            (Partition(3_810_105_705), 1343),
        ],
    );
}

/// It kept its memory, and a link on which it had only introduced itself ended with the crash.
#[test]
fn an_introduction_ends_with_its_link() {
    let link = LinkModel::datagram().latency(ms(1)..ms(106));
    let scenario = plan(3_658_164_155_328_957_540, FEW, 4, link);
    play(scenario, &[(Join(2, 0), 0), (Crash(2), 0), (Resume(2), 0)]);
}

/// As bytes over datagrams.
#[test]
fn datagrams_that_are_arrays_are_read() {
    let mut scenario = plan(1, USUAL, 2, LinkModel::datagram());
    scenario.fidelity = Fidelity::Bytes;
    play(scenario, &[(Join(0, 1), 0), (Break(0, 1), 0), (Say(0), 0)]);
}

fn plan(seed: u64, views: Views, nodes: usize, link: LinkModel) -> Scenario {
    Scenario {
        seed,
        fidelity: Fidelity::Typed,
        link,
        spreading: Strategy::Tree,
        views,
        history: 10_000,
        nodes,
        moves: Vec::new(),
    }
}

fn play(mut scenario: Scenario, moves: &[(Move, u64)]) {
    scenario.moves = moves.iter().map(|(move_, pause)| (*move_, ms(*pause))).collect();
    World::play(&scenario).unwrap();
}

const USUAL: Views = Views { target: 6, most: 8, passive: 160 };
const FEW: Views = Views { target: 3, most: 4, passive: 12 };
