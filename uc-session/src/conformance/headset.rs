//! [`HeadsetPort`].

use super::soon;
use crate::port::{HeadsetAction, HeadsetLamps, HeadsetPort};

/// Every promise of a [`HeadsetPort`] whose user presses the buttons that `expected` says and then
/// takes the headset away.
pub async fn all(headset: &dyn HeadsetPort, expected: &[HeadsetAction]) {
    headset.show(HeadsetLamps {
        ringing: true,
        ..HeadsetLamps::default()
    });
    for action in expected {
        drop(headset.next_action());
        assert_eq!(
            soon("a button", headset.next_action()).await.as_ref(),
            Some(action)
        );
    }
    assert_eq!(soon("the headset's end", headset.next_action()).await, None);
    assert_eq!(soon("the end, again", headset.next_action()).await, None);
    headset.show(HeadsetLamps::default());
}
