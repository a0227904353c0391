use crate::{Call, CallDirection, ConnectionState, Mode, PhoneNumber};

/// What a colleague's telephone does (PRES-6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LineState {
    /// Nothing.
    #[default]
    Idle,
    /// It places a call.
    Dialling,
    /// It is in a call with a colleague.
    BusyInternal,
    /// It is in a call with somebody outside.
    BusyExternal,
    /// A colleague's call rings.
    RingingInternal,
    /// A call from outside rings.
    RingingExternal,
}

impl LineState {
    /// The state of a line with these calls. A ringing call outranks one that is answered, because
    /// it can be picked up, and an answered one outranks dialling.
    pub fn of<'a>(
        calls: impl IntoIterator<Item = &'a Call>,
        is_external: impl Fn(&PhoneNumber) -> bool,
    ) -> Self {
        let states = calls.into_iter().map(|call| {
            let external = is_external(&call.remote.party.number);
            Self::of_call(call, external)
        });
        states.max().unwrap_or_default()
    }

    /// Whether it rings.
    pub const fn is_ringing(self) -> bool {
        matches!(self, Self::RingingInternal | Self::RingingExternal)
    }

    /// Whether another may pick the ringing call up (FAV-3): not a `networked` colleague's, of
    /// another node, in Suite, whose line isn't told.
    pub const fn can_be_picked_up(self, mode: Mode, networked: bool) -> bool {
        self.is_ringing() && !(networked && matches!(mode, Mode::Suite))
    }

    const fn of_call(call: &Call, external: bool) -> Self {
        match (call.local, external) {
            (ConnectionState::Null | ConnectionState::Fail, _) => Self::Idle,
            (ConnectionState::Initiated, _) => Self::Dialling,
            (ConnectionState::Alerting | ConnectionState::Queued, false) => Self::RingingInternal,
            (ConnectionState::Alerting | ConnectionState::Queued, true) => Self::RingingExternal,
            (ConnectionState::Connected, _)
                if matches!(call.direction, CallDirection::Outgoing)
                    && matches!(
                        call.remote.state,
                        ConnectionState::Alerting | ConnectionState::Initiated
                    ) =>
            {
                Self::Dialling
            }
            (ConnectionState::Connected | ConnectionState::Hold, false) => Self::BusyInternal,
            (ConnectionState::Connected | ConnectionState::Hold, true) => Self::BusyExternal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CallId, Connection, DeviceKind, Party, Rev, Timestamp};

    fn call(local: ConnectionState, remote: ConnectionState, number: &str) -> Call {
        let direction = match local {
            ConnectionState::Alerting => CallDirection::Incoming,
            _ => CallDirection::Outgoing,
        };
        Call {
            id: CallId::new("c").unwrap(),
            rev: Rev(1),
            direction,
            device: DeviceKind::DeskPhone,
            local,
            remote: Connection {
                party: Party {
                    number: PhoneNumber::new(number).unwrap(),
                    name: None,
                    user: None,
                },
                state: remote,
            },
            members: Vec::new(),
            started: Timestamp(0),
            answered: None,
            cause: None,
        }
    }

    fn line(calls: &[Call]) -> LineState {
        LineState::of(calls, |number| number.as_str().starts_with('+'))
    }

    #[test]
    fn the_whole_table_of_one_call() {
        use ConnectionState as C;
        for (local, remote, internal, external) in [
            (C::Null, C::Null, LineState::Idle, LineState::Idle),
            (C::Fail, C::Fail, LineState::Idle, LineState::Idle),
            (
                C::Initiated,
                C::Null,
                LineState::Dialling,
                LineState::Dialling,
            ),
            (
                C::Connected,
                C::Alerting,
                LineState::Dialling,
                LineState::Dialling,
            ),
            (
                C::Alerting,
                C::Connected,
                LineState::RingingInternal,
                LineState::RingingExternal,
            ),
            (
                C::Queued,
                C::Connected,
                LineState::RingingInternal,
                LineState::RingingExternal,
            ),
            (
                C::Connected,
                C::Connected,
                LineState::BusyInternal,
                LineState::BusyExternal,
            ),
            (
                C::Hold,
                C::Connected,
                LineState::BusyInternal,
                LineState::BusyExternal,
            ),
        ] {
            assert_eq!(line(&[call(local, remote, "321")]), internal, "{local:?}");
            assert_eq!(
                line(&[call(local, remote, "+49891")]),
                external,
                "{local:?}"
            );
        }
    }

    #[test]
    fn without_calls_a_line_is_idle_and_a_ringing_call_outranks_others() {
        assert_eq!(line(&[]), LineState::Idle);
        let busy = call(
            ConnectionState::Connected,
            ConnectionState::Connected,
            "+491",
        );
        let rings = call(ConnectionState::Alerting, ConnectionState::Connected, "321");
        let dials = call(ConnectionState::Initiated, ConnectionState::Null, "321");
        let both = [busy.clone(), rings.clone(), dials.clone()];
        assert_eq!(line(&both), LineState::RingingInternal);
        assert_eq!(line(&[dials, busy]), LineState::BusyExternal);
    }

    #[test]
    fn a_ringing_call_is_picked_up_except_a_networked_ones_in_suite() {
        for ringing in [LineState::RingingInternal, LineState::RingingExternal] {
            for (mode, networked, can) in [
                (Mode::Smart, false, true),
                (Mode::Smart, true, true),
                (Mode::Suite, false, true),
                (Mode::Suite, true, false),
            ] {
                assert_eq!(ringing.can_be_picked_up(mode, networked), can);
            }
        }
        let others = [
            LineState::Idle,
            LineState::Dialling,
            LineState::BusyInternal,
        ];
        for state in others {
            assert!(!state.can_be_picked_up(Mode::Smart, false));
        }
    }
}
