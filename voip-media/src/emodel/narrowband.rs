//! ITU-T G.107 with all parameters but the delay at their defaults, in the recommendation's own
//! names and order.

use super::delay_impairment;

/// R = Ro − Is − Id (§7.1), still without the codec and its losses; `delay` in milliseconds.
pub(super) fn rating_without_equipment(delay: f64) -> f64 {
    let noise = circuit_noise();
    let ro = 15.0 - 1.5 * (SLR + noise);
    ro - simultaneous_impairment(ro, noise) - total_delay_impairment(ro, noise, delay)
}

/// No (§7.2): all noise, referred to the 0 dBr point, in dBm0p.
fn circuit_noise() -> f64 {
    let send_room = PS - SLR - DS - 100.0 + 0.004 * (PS - OLR - DS - 14.0).powi(2);
    let pre = PR + 10.0 * (1.0 + decibels((10.0 - LSTR) / 10.0)).log10();
    let receive_room = RLR - 121.0 + pre + 0.008 * (pre - 35.0).powi(2);
    let floor = NFOR + RLR;
    let power: f64 = [NC, send_room, receive_room, floor]
        .iter()
        .map(|noise| decibels(noise / 10.0))
        .sum();
    10.0 * power.log10()
}

/// Is (§7.3): too loud, wrong sidetone, quantisation.
fn simultaneous_impairment(ro: f64, noise: f64) -> f64 {
    let xolr = OLR + 0.2 * (64.0 + noise - RLR);
    let iolr = 20.0 * ((1.0 + (xolr / 8.0).powi(8)).powf(1.0 / 8.0) - xolr / 8.0);
    iolr + sidetone_impairment() + quantisation_impairment(ro)
}

fn sidetone_impairment() -> f64 {
    // STMRo: the sidetone's masking rating with the echo at no delay.
    let stmro = -10.0 * (decibels(-STMR / 10.0) + decibels(-TELR / 10.0)).log10();
    12.0 * (1.0 + ((stmro - 13.0) / 6.0).powi(8)).powf(1.0 / 8.0)
        - 28.0 * (1.0 + ((stmro + 1.0) / 19.4).powi(35)).powf(1.0 / 35.0)
        - 13.0 * (1.0 + ((stmro - 3.0) / 33.0).powi(13)).powf(1.0 / 13.0)
        + 29.0
}

fn quantisation_impairment(ro: f64) -> f64 {
    let q = 37.0 - 15.0 * QDU.log10();
    let g = 1.07 + 0.258 * q + 0.0602 * q * q;
    let y = (ro - 100.0) / 15.0 + 46.0 / 8.4 - g / 9.0;
    let z = 46.0 / 30.0 - g / 40.0;
    15.0 * (1.0 + decibels(y) + decibels(z)).log10()
}

/// Id (§7.4): talker's echo, listener's echo, and delay itself. All three paths are as long as the
/// call's: T = Ta = `delay`, Tr = 2 · `delay`.
fn total_delay_impairment(ro: f64, noise: f64, delay: f64) -> f64 {
    let roe = -1.5 * (noise - RLR);
    let terv = TELR - 40.0 * ((1.0 + delay / 10.0) / (1.0 + delay / 150.0)).log10()
        + 6.0 * (-0.3 * delay * delay).exp();
    let re = 80.0 + 2.5 * (terv - 14.0);
    let half = (roe - re) / 2.0;
    let talker_echo = (half + (half * half + 100.0).sqrt() - 1.0) * (1.0 - (-delay).exp());
    let rle = 10.5 * (WEPL + 7.0) * (2.0 * delay + 1.0).powf(-0.25);
    let half = (ro - rle) / 2.0;
    let listener_echo = half + (half * half + 169.0).sqrt();
    talker_echo + listener_echo + delay_impairment(delay)
}

/// 10 to the power of `exponent`.
fn decibels(exponent: f64) -> f64 {
    10.0_f64.powf(exponent)
}

// The default values of G.107 table 3.
/// Send loudness rating, dB.
const SLR: f64 = 8.0;
/// Receive loudness rating, dB.
const RLR: f64 = 2.0;
/// Overall loudness rating, dB.
const OLR: f64 = SLR + RLR;
/// Sidetone masking rating, dB.
const STMR: f64 = 15.0;
/// Listener sidetone rating, dB.
const LSTR: f64 = 18.0;
/// D-value of the telephone, send side.
const DS: f64 = 3.0;
/// Talker echo loudness rating, dB.
const TELR: f64 = 65.0;
/// Weighted echo path loss, dB.
const WEPL: f64 = 110.0;
/// Quantisation distortion units.
const QDU: f64 = 1.0;
/// Circuit noise at the 0 dBr point, dBm0p.
const NC: f64 = -70.0;
/// Noise floor at the receive side, dBmp.
const NFOR: f64 = -64.0;
/// Room noise at the send side, dB(A).
const PS: f64 = 35.0;
/// Room noise at the receive side, dB(A).
const PR: f64 = 35.0;
