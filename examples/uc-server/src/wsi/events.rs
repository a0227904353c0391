//! Changes of state as the events of CSTA that make them.

use std::collections::BTreeMap;

use uc_protocol::{
    ucx::{self, CallResource, ConnectionState, Device},
    wsi::{CallEvent, CallEventKind, Event},
};

use super::convert;

/// What a poller has been told of each running call of its device: own and far state.
#[derive(Debug, Default)]
pub(super) struct Told {
    calls: BTreeMap<String, (ConnectionState, ConnectionState)>,
    /// And of each user.
    presences: BTreeMap<String, ucx::PresenceState>,
}

impl Told {
    /// The events that tell of `event` at `device`; none where WSI has no word for it.
    pub(super) fn events(&mut self, event: ucx::Event, device: &str) -> Vec<Event> {
        match event {
            ucx::Event::Presence(presence) => {
                let (user, state) = (presence.user.clone(), presence.state);
                let known = self.presences.insert(user, state) == Some(state);
                if known && presence.line.is_some() {
                    // What has changed is the line, of which WSI tells nothing.
                    return Vec::new();
                }
                let person = convert::person(&presence);
                vec![Event::Presence(person.into_iter().collect())]
            }
            ucx::Event::Call(call) if call.device == Device::DeskPhone => {
                let kinds = self.kinds(&call);
                let event = |(kind, own)| Event::Call(write(&call, kind, own, device));
                kinds.into_iter().map(event).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What has happened to the call since it was last told, and whether the own side did it.
    fn kinds(&mut self, call: &CallResource) -> Vec<(CallEventKind, bool)> {
        use CallEventKind::{
            ConnectionCleared, Delivered, Established, Held, Retrieved, ServiceInitiated,
        };
        use ConnectionState::{Alerting, Connected, Hold, Initiated, Null};
        let now = (call.local, call.remote);
        if call.local == Null {
            self.calls.remove(&call.id);
            return vec![(ConnectionCleared, false)];
        }
        let before = self.calls.insert(call.id.clone(), now);
        let (own_before, far_before) = before.unwrap_or((Null, Null));
        let step = |before: ConnectionState, now, own| match (before, now) {
            (Connected, Hold) => Some((Held, own)),
            (Hold, Connected) => Some((Retrieved, own)),
            _ => None,
        };
        match (before, now) {
            (None, (Initiated, _)) => vec![(ServiceInitiated, true), (Delivered, true)],
            (None, (Alerting, _)) => vec![(Delivered, false)],
            (_, (Initiated | Alerting, _)) => Vec::new(),
            (None, _) => vec![(Established, false)],
            (Some((Initiated | Alerting, _)), _) => vec![(Established, false)],
            _ => {
                let own = step(own_before, call.local, true);
                let far = step(far_before, call.remote, false);
                own.into_iter().chain(far).collect()
            }
        }
    }
}

fn write(call: &CallResource, kind: CallEventKind, own: bool, device: &str) -> CallEvent {
    let (calling, called) = convert::parties(call, device);
    let acts = matches!(kind, CallEventKind::Held | CallEventKind::Retrieved);
    let by = if own { device } else { &call.party.number };
    CallEvent {
        kind,
        device: device.to_owned(),
        call: Some(call.id.clone()),
        calling: Some(calling),
        called: Some(called),
        by: acts.then(|| by.to_owned()),
        cause: call.cause,
    }
}

#[cfg(test)]
mod tests {
    use uc_protocol::ucx::{Cause, Direction, Party};

    use super::*;

    fn call(local: ConnectionState, remote: ConnectionState) -> CallResource {
        CallResource {
            id: "c1".into(),
            rev: 1,
            direction: Direction::Incoming,
            device: Device::DeskPhone,
            local,
            party: Party {
                number: "331".into(),
                name: None,
                user: None,
            },
            remote,
            started: 0,
            answered: None,
            cause: (local == ConnectionState::Null).then_some(Cause::Rejected),
            members: Vec::new(),
            far_end: 0,
            offers: false,
            generation: 0,
            description: None,
            candidates: None,
            unconfirmed: false,
            carried_here: false,
        }
    }

    fn told(told: &mut Told, call: CallResource) -> Vec<(CallEventKind, Option<String>)> {
        let events = told.events(ucx::Event::Call(call), "330").into_iter();
        events
            .map(|event| match event {
                Event::Call(call) => (call.kind, call.by),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn each_change_is_the_event_that_made_it() {
        use CallEventKind::{ConnectionCleared, Delivered, Established, Held, Retrieved};
        use ConnectionState::{Alerting, Connected, Hold, Initiated, Null};
        let mut known = Told::default();
        let mut tell = |local, remote| told(&mut known, call(local, remote));
        let by = |who: &str| Some(who.to_owned());
        assert_eq!(tell(Alerting, Initiated), [(Delivered, None)]);
        assert_eq!(tell(Alerting, Initiated), [], "nothing is told twice");
        assert_eq!(tell(Connected, Connected), [(Established, None)]);
        assert_eq!(tell(Hold, Connected), [(Held, by("330"))]);
        assert_eq!(tell(Hold, Hold), [(Held, by("331"))]);
        assert_eq!(tell(Connected, Hold), [(Retrieved, by("330"))]);
        assert_eq!(tell(Connected, Connected), [(Retrieved, by("331"))]);
        assert_eq!(tell(Null, Null), [(ConnectionCleared, None)]);
        assert!(known.calls.is_empty(), "a call that is over takes no room");
    }

    #[test]
    fn a_call_that_is_dialled_takes_the_receiver_off_first() {
        let mut call = call(ConnectionState::Initiated, ConnectionState::Alerting);
        call.direction = Direction::Outgoing;
        let kinds: Vec<_> = told(&mut Told::default(), call).into_iter().collect();
        let expected = [CallEventKind::ServiceInitiated, CallEventKind::Delivered];
        assert_eq!(
            kinds.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
            expected
        );
    }

    #[test]
    fn calls_of_voip_clients_are_no_business_of_the_desk_phone() {
        let mut call = call(ConnectionState::Alerting, ConnectionState::Initiated);
        call.device = Device::Voip;
        assert_eq!(told(&mut Told::default(), call), []);
    }
}
