//! Tables of ITU-T G.722, by their numbers there; index 0 is the first row.

/// Decision levels of the low band's 6-bit quantiser, in 1/4096 of the scale factor (table 14, LQ).
pub(super) const LOW_DECISIONS: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023,
    1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];

/// What a code of 6 bits stands for, in 1/32768 of the scale factor (table 18, QQ6). The four
/// codes that no encoder makes count as the smallest negative one.
pub(super) const LOW_VALUES_6: [i32; 64] = [
    -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232,
    -9360, -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776,
    -2400, -2032, -1688, -1360, -1040, -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280,
    11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776,
    2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
];

/// What its upper 4 bits stand for: the prediction follows these (table 16, QQ4).
pub(super) const LOW_VALUES_4: [i32; 16] = [
    0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584,
    1200, 0,
];

/// How the low band's scale factor follows the upper 4 bits (tables 15 and 20: WL of IL4).
pub(super) const LOW_SCALE_STEPS: [i32; 16] = [
    -60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60,
];

/// What a code of the high band stands for (table 19, QQ2).
pub(super) const HIGH_VALUES: [i32; 4] = [-7408, -1616, 7408, 1616];

/// How the high band's scale factor follows its code (tables 15 and 21: WH of IH2).
pub(super) const HIGH_SCALE_STEPS: [i32; 4] = [798, -214, 798, -214];

/// The only decision level of the high band, in 1/4096 of the scale factor (table 14, HQ).
pub(super) const HIGH_DECISION: i32 = 564;

/// 2048 · 2^(n/32) (table 17, ILB).
pub(super) const ANTILOGARITHM: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
    2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];

/// Half of the symmetric filter that splits and joins the bands, in 1/8192 (table 11).
pub(super) const QUADRATURE: [i32; 12] =
    [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];
