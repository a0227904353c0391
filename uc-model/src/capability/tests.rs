use super::*;

#[test]
fn a_set_has_what_was_put_in() {
    let set: CapabilitySet = [Capability::Presence, Capability::CallMe]
        .into_iter()
        .collect();
    assert!(set.has(Capability::Presence) && set.has(Capability::CallMe));
    assert!(!set.has(Capability::Chat));
    assert_eq!(set.with(Capability::Presence), set);
    assert!(!CapabilitySet::EMPTY.has(Capability::Presence));
}
