//! The normal and the log-normal distribution in integers: the same bits on every machine.

use crate::draw::Draw;

/// One in the fixed-point numbers of this file.
pub(crate) const ONE: i128 = 1 << 32;

/// A standard normal number in units of 2⁻³²; beyond [`LARGEST`], which one draw in 65,536 is, it is cut off.
pub(crate) fn standard_normal(draw: Draw) -> i128 {
    let drawn = draw.below(u64::MAX);
    let negative = drawn >> 63 == 1;
    // The probability of the tail beyond the number, in units of 2⁻⁶⁴: uniform below one half.
    let tail = (drawn & (u64::MAX >> 1)).max(SMALLEST_TAIL);
    let octave = tail.ilog2() - SMALLEST_TAIL.ilog2();
    // Inside an octave the leading bit is known; the next four choose the segment, the rest the place in it.
    let rest = u128::from(tail - (1 << tail.ilog2()));
    let position = (rest << 36) >> tail.ilog2();
    let segment = (octave as usize) * 16 + usize::try_from(position >> 32).unwrap_or(0);
    let (from, to) = (entry(segment), entry(segment + 1));
    let within = i128::try_from(position & 0xffff_ffff).unwrap_or(0);
    let magnitude = (from << 4) + (((to - from) * within) >> 28);
    if negative { -magnitude } else { magnitude }
}

/// `value × e^exponent`, the exponent in units of 2⁻³²; at most `u64::MAX`.
pub(crate) fn scaled_by_exp(value: u64, exponent: i128) -> u64 {
    let (doublings, rest) = (exponent.div_euclid(LN_2), exponent.rem_euclid(LN_2));
    let mut term = ONE;
    let mut sum = ONE;
    // The series of e^rest, rest below ln 2: the 15th term is below 2⁻³².
    for number in 1..15 {
        term = ((term * rest) >> 32) / number;
        sum += term;
    }
    let scaled = i128::from(value) * sum;
    let shift = 32 - doublings;
    let shifted = match u32::try_from(shift) {
        Ok(right) => scaled.checked_shr(right).unwrap_or(0),
        Err(_) => return u64::MAX,
    };
    u64::try_from(shifted).unwrap_or(u64::MAX)
}

fn entry(at: usize) -> i128 {
    TAIL_QUANTILES.get(at).copied().map_or(0, i128::from)
}

/// The largest number that is drawn, and the smallest without its sign: 4.32 standard deviations.
pub(crate) const LARGEST: i128 = (TAIL_QUANTILES[0] as i128) << 4;

const SMALLEST_TAIL: u64 = 1 << 47;

/// ln 2 in units of 2⁻³².
const LN_2: i128 = 2_977_044_472;

/// Where the tail of the standard normal distribution has probability 2⁻ᵏ × (1 + s / 16), for k from 17 down to 2
/// and s from 0 to 15, and at last one half; in units of 2⁻²⁸.
#[rustfmt::skip]
const TAIL_QUANTILES: [u32; 257] = [
    1_160_961_615, 1_157_369_036, 1_153_972_507, 1_150_751_243, 1_147_687_620, 1_144_766_563, 1_141_975_075, 1_139_301_869,
    1_136_737_086, 1_134_272_053, 1_131_899_110, 1_129_611_451, 1_127_403_001, 1_125_268_319, 1_123_202_510, 1_121_201_153,
    1_119_260_243, 1_115_545_523, 1_112_032_874, 1_108_700_897, 1_105_531_448, 1_102_509_002, 1_099_620_177, 1_096_853_347,
    1_094_198_355, 1_091_646_269, 1_089_189_195, 1_086_820_119, 1_084_532_785, 1_082_321_583, 1_080_181_468, 1_078_107_883,
    1_076_096_699, 1_072_246_858, 1_068_605_673, 1_065_151_082, 1_061_864_371, 1_058_729_526, 1_055_732_740, 1_052_862_021,
    1_050_106_886, 1_047_458_118, 1_044_907_569, 1_042_448_001, 1_040_072_953, 1_037_776_634, 1_035_553_835, 1_033_399_850,
    1_031_310_415, 1_027_310_036, 1_023_525_562, 1_019_934_198, 1_016_516_605, 1_013_256_237, 1_010_138_820, 1_007_151_957,
    1_004_284_811, 1_001_527_851, 998_872_649, 996_311_720, 993_838_380, 991_446_639, 989_131_105, 986_886_912,
    984_709_644, 980_540_198, 976_594_676, 972_849_479, 969_284_583, 965_882_847, 962_629_488, 959_511_662,
    956_518_138, 953_639_039, 950_865_631, 948_190_152, 945_605_674, 943_105_984, 940_685_493, 938_339_151,
    936_062_380, 931_701_272, 927_573_025, 923_653_144, 919_920_844, 916_358_330, 912_950_249, 909_683_262,
    906_545_701, 903_527_305, 900_618_998, 897_812_711, 895_101_245, 892_478_139, 889_937_582, 887_474_323,
    885_083_599, 880_502_826, 876_164_941, 872_044_453, 868_119_727, 864_372_235, 860_785_991, 857_347_099,
    854_043_404, 850_864_215, 847_800_071, 844_842_564, 841_984_185, 839_218_200, 836_538_547, 833_939_749,
    831_416_837, 826_581_006, 821_999_408, 817_645_435, 813_496_492, 809_533_230, 805_738_946, 802_099_119,
    798_601_046, 795_233_547, 791_986_730, 788_851_801, 785_820_905, 782_886_996, 780_043_730, 777_285_372,
    774_606_724, 769_470_050, 764_600_564, 759_970_389, 755_555_846, 751_336_649, 747_295_283, 743_416_515,
    739_687_018, 736_095_059, 732_630_254, 729_283_368, 726_046_152, 722_911_203, 719_871_856, 716_922_085,
    714_056_424, 708_557_975, 703_341_653, 698_378_126, 693_642_474, 689_113_339, 684_772_273, 680_603_230,
    676_592_162, 672_726_701, 668_995_897, 665_390_010, 661_900_335, 658_519_060, 655_239_149, 652_054_239,
    648_958_557, 643_014_321, 637_369_605, 631_993_400, 626_859_346, 621_944_844, 617_230_367, 612_698_921,
    608_335_627, 604_127_377, 600_062_563, 596_130_857, 592_323_024, 588_630_778, 585_046_647, 581_563_876,
    578_176_336, 571_665_105, 565_473_807, 559_569_470, 553_924_052, 548_513_500, 543_317_020, 538_316_510,
    533_496_111, 528_841_848, 524_341_340, 519_983_567, 515_758_671, 511_657_803, 507_672_983, 503_796_992,
    500_023_278, 492_759_326, 485_839_248, 479_227_751, 472_894_800, 466_814_619, 460_964_913, 455_326_262,
    449_881_644, 444_616_052, 439_516_186, 434_570_198, 429_767_491, 425_098_542, 420_554_765, 416_128_386,
    411_812_348, 403_486_124, 395_530_941, 387_908_717, 380_587_021, 373_538_000, 366_737_544, 360_164_640,
    353_800_856, 347_629_930, 341_637_440, 335_810_532, 330_137_697, 324_608_590, 319_213_875, 313_945_093,
    308_794_560, 298_820_813, 289_243_383, 280_020_664, 271_117_172, 262_502_373, 254_149_792, 246_036_307,
    238_141_591, 230_447_671, 222_938_566, 215_599_994, 208_419_130, 201_384_406, 194_485_349, 187_712_432,
    181_056_964, 168_067_174, 155_459_606, 143_186_078, 131_204_919, 119_479_689, 107_978_180, 96_671_632,
    85_534_103, 74_541_960, 63_673_456, 52_908_383, 42_227_765, 31_613_610, 21_048_672, 10_516_250,
    0,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{Place, Purpose};

    fn draws(count: u64) -> impl Iterator<Item = Draw> {
        let place = |sequence| Place { source: 1, destination: 2, link: 3, sequence };
        (0..count).map(move |number| Draw::new(1, Purpose::PairLatency, place(number)))
    }

    #[test]
    fn normal_numbers_have_the_shares_that_the_tables_of_statistics_give() {
        let numbers: Vec<i128> = draws(100_000).map(standard_normal).collect();
        // Per 100,000, from the error function: 15,866 beyond 1, 2,275 beyond 2, 135 beyond 3, on either side.
        let tenths = |from: i128| from * ONE / 10;
        for (beyond, expected, tolerance) in
            [(0, 50_000, 700), (10, 15_866, 500), (20, 2_275, 200), (30, 135, 50)]
        {
            let above = numbers.iter().filter(|&&number| number > tenths(beyond)).count();
            let below = numbers.iter().filter(|&&number| number < -tenths(beyond)).count();
            for count in [above, below] {
                assert!(count.abs_diff(expected) < tolerance, "{count} beyond {beyond} tenths");
            }
        }
        assert!(numbers.iter().all(|number| number.abs() <= LARGEST));
        assert!((432..433).contains(&(LARGEST * 100 / ONE)));
    }

    #[test]
    fn the_exponential_is_that_of_floats_to_a_millionth() {
        for thousandths in (-20_000..=20_000).step_by(7) {
            let ours = scaled_by_exp(1_000_000_000_000, i128::from(thousandths) * ONE / 1000);
            let theirs = 1e12 * (f64::from(thousandths) / 1000.0).exp();
            let error = (ours as f64 - theirs).abs();
            assert!(error <= theirs / 1e6 + 1.0 || ours == u64::MAX, "{thousandths}: {ours}, {theirs}");
        }
        assert_eq!(scaled_by_exp(7, 0), 7);
        assert_eq!(scaled_by_exp(u64::MAX, ONE), u64::MAX);
        assert_eq!((scaled_by_exp(1, 100 * ONE), scaled_by_exp(1, -200 * ONE)), (u64::MAX, 0));
    }
}
