//! A program as a user of the SDK would write it: it links every library of the packages.
use headset as _;
use uc_model as _;
use uc_protocol as _;
use uc_session as _;
use voip_media as _;

fn main() {
    println!("the packages build and link outside their workspace");
}
