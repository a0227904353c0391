//! Any resource of UCX, for properties.

use proptest::{collection::vec, option::of, prelude::*, sample::select};
use uc_protocol::ucx::{
    AccountResource, AssignedPhone, CallMeUpdate, CallOutcome, CallResource, CallRoute, Candidates,
    Cause, Changes, Clear, Configuration, ConnectionState, ContactDraft, ContactList,
    ContactOrigin, ContactResource, ConversationEntry, ConversationList, ConversationResource,
    Country, Deflect, Delivery, Describe, Description, DescriptionKind, Device, DialMethod,
    DialMethodUpdate, DirectedPickup, Direction, Directory, Event, EventId, Favourite,
    FavouriteChange, FavouriteGroup, FavouritesResource, ForwardingEntry, ForwardingTarget,
    FunctionKey, FunctionKeys, HeldCall, Hello, ImportReport, KeyFunction, KnownContact, Licence,
    LineState, Location, Mailbox, MakeCall, Me, Member, Message, Mode, NewDestination, Number,
    NumberKind, Party, PasswordUpdate, PhoneKind, PresenceResource, PresenceState, PresenceUpdate,
    Problem, ProblemType, Profile, SearchResults, Secret, SendMessage, Session, SettingsUpdate,
    SignIn, SkipReason, SkippedLine, Snapshot, Visibility, VisibilityUpdate,
};

fn id() -> impl Strategy<Value = String> {
    "[A-Za-z0-9._@-]{1,128}"
}

fn text() -> impl Strategy<Value = String> {
    ".{0,100}"
}

pub(crate) fn hello() -> impl Strategy<Value = Hello> {
    let mode = select(vec![Mode::Smart, Mode::Suite]);
    (
        text(),
        text(),
        vec(any::<u32>(), 0..3),
        mode,
        any::<[bool; 9]>(),
        of(location()),
    )
        .prop_map(|(server, version, ucx, mode, flags, location)| Hello {
            server,
            version,
            ucx,
            mode,
            configuration: Configuration {
                chat: flags[0],
                voip: flags[1],
                conferences: flags[2],
                desk_phones: flags[3],
                mobility: flags[4],
                mulap: flags[5],
                web_collaboration: flags[6],
                key_programming: flags[7],
                conversations_by_number: flags[8],
            },
            location,
        })
}

fn location() -> impl Strategy<Value = Location> {
    let country = select(vec![Country::De, Country::Nl, Country::Gb, Country::Us]);
    let digits = || of("[0-9]{1,15}");
    (
        country,
        [digits(), digits(), digits()],
        of(any::<[u8; 2]>()),
        of(vec("[0-9]{3}", 0..3)),
    )
        .prop_map(
            |(country, [area_code, system_number, trunk_code], extension_digits, emergency)| {
                Location {
                    country,
                    area_code,
                    system_number,
                    trunk_code,
                    extension_digits,
                    emergency,
                }
            },
        )
}

fn visibility() -> impl Strategy<Value = Visibility> {
    select(vec![
        Visibility::InternalAndExternal,
        Visibility::Internal,
        Visibility::NotVisible,
    ])
}

pub(crate) fn visibility_update() -> impl Strategy<Value = VisibilityUpdate> {
    visibility().prop_map(|visibility| VisibilityUpdate { visibility })
}

pub(crate) fn profile() -> impl Strategy<Value = Profile> {
    (of("[+][0-9 ]{1,30}"), of("[+][0-9 ]{1,30}"), of(text())).prop_map(
        |(mobile, private, email)| Profile {
            mobile,
            private,
            email,
        },
    )
}

pub(crate) fn settings_update() -> impl Strategy<Value = SettingsUpdate> {
    text().prop_map(|settings| SettingsUpdate { settings })
}

pub(crate) fn password_update() -> impl Strategy<Value = PasswordUpdate> {
    (of(text()), text()).prop_map(|(old, new)| PasswordUpdate {
        old: old.map(Secret),
        new: Secret(new),
    })
}

pub(crate) fn call_me_update() -> impl Strategy<Value = CallMeUpdate> {
    of("[+0-9 ]{1,30}").prop_map(|number| CallMeUpdate { number })
}

pub(crate) fn forwarding_entry() -> impl Strategy<Value = ForwardingEntry> {
    let target = prop_oneof![
        Just(ForwardingTarget::Voicemail),
        Just(ForwardingTarget::Mobile),
        "[+0-9 ]{1,30}".prop_map(|number| ForwardingTarget::Number { number }),
    ];
    (state(), of(target)).prop_map(|(state, target)| ForwardingEntry { state, target })
}

fn mailbox() -> impl Strategy<Value = Mailbox> {
    prop_oneof![
        Just(Mailbox::Own),
        Just(Mailbox::System),
        "[0-9]{3}".prop_map(|extension| Mailbox::Group { extension }),
    ]
}

fn dial_method() -> impl Strategy<Value = DialMethod> {
    select(vec![DialMethod::DeskPhone, DialMethod::Callback])
}

pub(crate) fn dial_method_update() -> impl Strategy<Value = DialMethodUpdate> {
    dial_method().prop_map(|method| DialMethodUpdate { method })
}

pub(crate) fn function_key() -> impl Strategy<Value = FunctionKey> {
    let first = prop_oneof![
        Just(KeyFunction::None),
        Just(KeyFunction::Shift),
        Just(KeyFunction::LocalApplication),
        "[+0-9 ]{1,30}".prop_map(|number| KeyFunction::Number { number }),
        "[a-z_]{1,20}".prop_map(|name| KeyFunction::Feature { name }),
    ];
    let label = of("[a-zäöü ]{0,20}");
    (label, first, of("[+0-9 ]{1,30}")).prop_map(|(label, first, second)| FunctionKey {
        label,
        first,
        second,
    })
}

fn phone_kind() -> impl Strategy<Value = PhoneKind> {
    select(vec![
        PhoneKind::System,
        PhoneKind::Sip,
        PhoneKind::Isdn,
        PhoneKind::Analogue,
        PhoneKind::Dect,
        PhoneKind::Webrtc,
        PhoneKind::Other,
    ])
}

pub(crate) fn function_keys() -> impl Strategy<Value = FunctionKeys> {
    (phone_kind(), vec(function_key(), 0..10))
        .prop_map(|(phone, keys)| FunctionKeys { phone, keys })
}

pub(crate) fn account() -> impl Strategy<Value = AccountResource> {
    (
        any::<u64>(),
        visibility(),
        profile(),
        of(any::<u64>()),
        of(text()),
        vec("[+0-9 ]{1,30}", 0..10),
        (any::<bool>(), of("[+0-9 ]{1,30}"), mailbox()),
        (vec(forwarding_entry(), 0..5), dial_method()),
    )
        .prop_map(
            |(
                rev,
                visibility,
                profile,
                photo,
                settings,
                redial,
                phone,
                (forwarding, dial_method),
            )| {
                let (in_mulap, call_me, mailbox) = phone;
                AccountResource {
                    rev,
                    visibility,
                    profile,
                    photo,
                    settings,
                    redial,
                    in_mulap,
                    call_me,
                    mailbox,
                    forwarding,
                    dial_method,
                }
            },
        )
}

pub(crate) fn sign_in() -> impl Strategy<Value = SignIn> {
    (id(), text(), text()).prop_map(|(user, password, client)| SignIn {
        user,
        password: Secret(password),
        client,
    })
}

fn me() -> impl Strategy<Value = Me> {
    (id(), "[0-9*#]{1,15}", text()).prop_map(|(user, extension, name)| Me {
        user,
        extension,
        name,
    })
}

pub(crate) fn session() -> impl Strategy<Value = Session> {
    let missing = vec(licence(), 0..4);
    let phones = (of(phone_kind()), vec(assigned_phone(), 0..4));
    (text(), me(), any::<bool>(), missing, phones).prop_map(
        |(session, me, must_change_password, missing_licences, (phone, assigned_phones))| Session {
            session: Secret(session),
            me,
            must_change_password,
            missing_licences,
            phone,
            assigned_phones,
        },
    )
}

fn assigned_phone() -> impl Strategy<Value = AssignedPhone> {
    ("[0-9*#]{1,15}", phone_kind()).prop_map(|(number, kind)| AssignedPhone { number, kind })
}

fn licence() -> impl Strategy<Value = Licence> {
    select(vec![
        Licence::User,
        Licence::Voip,
        Licence::Conference,
        Licence::Voicemail,
        Licence::Other,
    ])
}

fn state() -> impl Strategy<Value = PresenceState> {
    select(vec![
        PresenceState::Office,
        PresenceState::Meeting,
        PresenceState::Sick,
        PresenceState::Break,
        PresenceState::OutOfOffice,
        PresenceState::Holiday,
        PresenceState::Lunch,
        PresenceState::Home,
        PresenceState::DoNotDisturb,
        PresenceState::CallMe,
        PresenceState::Invisible,
    ])
}

pub(crate) fn presence() -> impl Strategy<Value = PresenceResource> {
    let line = of(select(vec![
        LineState::Idle,
        LineState::Dialling,
        LineState::BusyInternal,
        LineState::BusyExternal,
        LineState::RingingInternal,
        LineState::RingingExternal,
    ]));
    (
        id(),
        any::<u64>(),
        state(),
        of(any::<i64>()),
        of(text()),
        line,
    )
        .prop_map(|(user, rev, state, until, note, line)| PresenceResource {
            user,
            rev,
            state,
            until,
            note,
            line,
        })
}

pub(crate) fn presence_update() -> impl Strategy<Value = PresenceUpdate> {
    presence().prop_map(|presence| PresenceUpdate {
        state: presence.state,
        until: presence.until,
        note: presence.note,
    })
}

fn contact() -> impl Strategy<Value = ContactResource> {
    let directory = select(vec![
        Directory::Personal,
        Directory::Internal,
        Directory::System,
        Directory::General,
        Directory::External,
    ]);
    let kind = select(vec![
        NumberKind::Internal,
        NumberKind::Business,
        NumberKind::Private,
        NumberKind::Mobile,
    ]);
    let numbers = vec((kind, "[+0-9 /()-]{1,30}"), 0..4);
    (
        id(),
        directory,
        [text(), text()],
        numbers,
        of(text()),
        of(id()),
    )
        .prop_map(
            |(id, directory, [first_name, last_name], numbers, email, user)| ContactResource {
                id,
                directory,
                first_name,
                last_name,
                numbers: numbers
                    .into_iter()
                    .map(|(kind, number)| Number { kind, number })
                    .collect(),
                email,
                user,
            },
        )
}

pub(crate) fn search_results() -> impl Strategy<Value = SearchResults> {
    (vec(contact(), 0..4), any::<bool>())
        .prop_map(|(contacts, more)| SearchResults { contacts, more })
}

fn known_contact() -> impl Strategy<Value = KnownContact> {
    let origin = select(vec![ContactOrigin::Manual, ContactOrigin::Imported]);
    (any::<u64>(), contact(), of(origin)).prop_map(|(rev, contact, origin)| KnownContact {
        rev,
        contact,
        origin,
    })
}

pub(crate) fn contact_list() -> impl Strategy<Value = ContactList> {
    vec(known_contact(), 0..4).prop_map(|contacts| ContactList { contacts })
}

pub(crate) fn contact_draft() -> impl Strategy<Value = ContactDraft> {
    contact().prop_map(|contact| ContactDraft {
        first_name: contact.first_name,
        last_name: contact.last_name,
        numbers: contact.numbers,
        email: contact.email,
    })
}

pub(crate) fn import_report() -> impl Strategy<Value = ImportReport> {
    let reason = select(vec![
        SkipReason::Empty,
        SkipReason::BadNumber,
        SkipReason::FieldTooLong,
        SkipReason::TooManyNumbers,
        SkipReason::Duplicate,
        SkipReason::ChangedByHand,
        SkipReason::Unchanged,
    ]);
    let skipped = (any::<u32>(), reason, of(any::<u32>()));
    let lines = || vec(any::<u32>(), 0..4);
    (lines(), lines(), lines(), vec(skipped, 0..4)).prop_map(
        |(added, changed, flagged, skipped)| ImportReport {
            added,
            changed,
            flagged,
            skipped: skipped
                .into_iter()
                .map(|(line, reason, same_as)| SkippedLine {
                    line,
                    reason,
                    same_as,
                })
                .collect(),
        },
    )
}

fn description() -> impl Strategy<Value = Description> {
    let kind = select(vec![DescriptionKind::Offer, DescriptionKind::Answer]);
    (any::<u32>(), kind, "(?s).{0,100}").prop_map(|(generation, kind, sdp)| Description {
        generation,
        kind,
        sdp,
    })
}

fn device() -> impl Strategy<Value = Device> {
    select(vec![Device::Voip, Device::DeskPhone])
}

fn direction() -> impl Strategy<Value = Direction> {
    select(vec![Direction::Incoming, Direction::Outgoing])
}

fn cause() -> impl Strategy<Value = Cause> {
    select(vec![
        Cause::NoSuchNumber,
        Cause::Busy,
        Cause::Rejected,
        Cause::NoAnswer,
        Cause::Cancelled,
        Cause::AnsweredElsewhere,
        Cause::Unreachable,
        Cause::Normal,
        Cause::MediaFailed,
        Cause::Deflected,
        Cause::Transferred,
        Cause::Conferenced,
        Cause::PickedUp,
        Cause::DoNotDisturb,
        Cause::ServerLost,
    ])
}

pub(crate) fn make_call() -> impl Strategy<Value = MakeCall> {
    ("[+0-9 ]{1,30}", device(), of(description())).prop_map(|(to, device, description)| MakeCall {
        to,
        device,
        description,
    })
}

pub(crate) fn describe() -> impl Strategy<Value = Describe> {
    of(description()).prop_map(|description| Describe { description })
}

pub(crate) fn clear() -> impl Strategy<Value = Clear> {
    of(cause()).prop_map(|cause| Clear { cause })
}

pub(crate) fn new_destination() -> impl Strategy<Value = NewDestination> {
    "[+0-9 ]{1,30}".prop_map(|to| NewDestination { to })
}

pub(crate) fn deflect() -> impl Strategy<Value = Deflect> {
    of("[+0-9 ]{1,30}").prop_map(|to| Deflect { to })
}

pub(crate) fn held_call() -> impl Strategy<Value = HeldCall> {
    id().prop_map(|held| HeldCall { held })
}

pub(crate) fn directed_pickup() -> impl Strategy<Value = DirectedPickup> {
    "[+0-9 ]{1,30}".prop_map(|number| DirectedPickup { number })
}

pub(crate) fn candidates() -> impl Strategy<Value = Candidates> {
    (any::<u32>(), vec(text(), 0..4), any::<bool>()).prop_map(
        |(generation, candidates, complete)| Candidates {
            generation,
            candidates,
            complete,
        },
    )
}

fn party() -> impl Strategy<Value = Party> {
    ("[+0-9 ]{1,30}", of(text()), of(id())).prop_map(|(number, name, user)| Party {
        number,
        name,
        user,
    })
}

fn connection() -> impl Strategy<Value = ConnectionState> {
    select(vec![
        ConnectionState::Null,
        ConnectionState::Initiated,
        ConnectionState::Alerting,
        ConnectionState::Connected,
        ConnectionState::Hold,
        ConnectionState::Queued,
        ConnectionState::Fail,
    ])
}

pub(crate) fn call() -> impl Strategy<Value = CallResource> {
    let who = (id(), any::<u64>(), direction(), device(), party());
    let states = [connection(), connection()];
    let times = (any::<i64>(), of(any::<i64>()), of(cause()));
    let member = (party(), connection()).prop_map(|(party, state)| Member { party, state });
    let far = (vec(member, 0..3), any::<[u32; 2]>());
    let media = (of(description()), of(candidates()), any::<[bool; 3]>());
    (who, states, times, far, media).prop_map(
        |(
            (id, rev, direction, device, party),
            [local, remote],
            (started, answered, cause),
            (members, [far_end, generation]),
            (description, candidates, [offers, unconfirmed, carried_here]),
        )| CallResource {
            id,
            rev,
            direction,
            device,
            local,
            party,
            remote,
            started,
            answered,
            cause,
            members,
            far_end,
            offers,
            generation,
            description,
            candidates,
            unconfirmed,
            carried_here,
        },
    )
}

fn message() -> impl Strategy<Value = ConversationEntry> {
    let delivery = select(vec![Delivery::Sent, Delivery::Delivered]);
    (id(), direction(), any::<i64>(), text(), delivery).prop_map(
        |(id, direction, at, text, delivery)| {
            ConversationEntry::Message(Message {
                id,
                direction,
                at,
                text,
                delivery,
            })
        },
    )
}

pub(crate) fn send_message() -> impl Strategy<Value = SendMessage> {
    (id(), "[+0-9 ]{1,30}", text()).prop_map(|(id, to, text)| SendMessage { id, to, text })
}

pub(crate) fn favourites() -> impl Strategy<Value = FavouritesResource> {
    let member = (id(), of("[+0-9 ]{1,30}")).prop_map(|(contact, default_number)| Favourite {
        contact,
        default_number,
    });
    let group = (text(), vec(member, 0..3));
    let group = group.prop_map(|(name, members)| FavouriteGroup { name, members });
    (any::<u64>(), vec(group, 0..3)).prop_map(|(rev, groups)| FavouritesResource { rev, groups })
}

pub(crate) fn favourite_change() -> impl Strategy<Value = FavouriteChange> {
    let values = (id(), [text(), text()], any::<u32>(), of("[+0-9 ]{1,30}"));
    (0..8_u8, values).prop_map(|(kind, (contact, [group, name], to, number))| match kind {
        0 => FavouriteChange::Add { contact, group },
        1 => FavouriteChange::Remove { contact, group },
        2 => FavouriteChange::CreateGroup { group },
        3 => FavouriteChange::RenameGroup { group, name },
        4 => FavouriteChange::DeleteGroup { group },
        5 => FavouriteChange::MoveGroup { group, to },
        6 => FavouriteChange::MoveMember { contact, group, to },
        _ => FavouriteChange::SetDefaultNumber { contact, number },
    })
}

fn entry() -> impl Strategy<Value = ConversationEntry> {
    prop_oneof![call_entry(), message()]
}

fn call_entry() -> impl Strategy<Value = ConversationEntry> {
    let outcome = select(vec![CallOutcome::Answered, CallOutcome::Unanswered]);
    let route = select(vec![
        CallRoute::Direct,
        CallRoute::Group,
        CallRoute::TransferredOrPickedUp,
    ]);
    let times = (any::<i64>(), any::<u32>());
    (id(), direction(), outcome, route, times).prop_map(
        |(id, direction, outcome, route, (at, duration_s))| ConversationEntry::Call {
            id,
            direction,
            outcome,
            route,
            at,
            duration_s,
        },
    )
}

pub(crate) fn conversation() -> impl Strategy<Value = ConversationResource> {
    (
        id(),
        any::<u64>(),
        party(),
        of(id()),
        any::<u32>(),
        vec(entry(), 0..4),
    )
        .prop_map(
            |(id, rev, party, contact, unread, entries)| ConversationResource {
                id,
                rev,
                party,
                contact,
                unread,
                entries,
            },
        )
}

pub(crate) fn conversation_list() -> impl Strategy<Value = ConversationList> {
    vec(conversation(), 0..3).prop_map(|conversations| ConversationList { conversations })
}

pub(crate) fn event_id() -> impl Strategy<Value = EventId> {
    ("[A-Za-z0-9]{1,32}", any::<u64>()).prop_map(|(epoch, number)| EventId {
        epoch: epoch.into(),
        number,
    })
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        presence().prop_map(Event::Presence),
        account().prop_map(Event::Account),
        call().prop_map(Event::Call),
        conversation().prop_map(Event::Conversation),
        (id(), any::<u64>()).prop_map(|(id, rev)| Event::ConversationDeleted { id, rev }),
        known_contact().prop_map(Event::Contact),
        favourites().prop_map(Event::Favourites),
        (id(), any::<u64>()).prop_map(|(id, rev)| Event::ContactDeleted { id, rev }),
        Just(Event::Reset),
        Just(Event::SessionEnded),
    ]
}

pub(crate) fn changes() -> impl Strategy<Value = Changes> {
    vec(event(), 0..4).prop_map(|changes| Changes { changes })
}

pub(crate) fn snapshot() -> impl Strategy<Value = Snapshot> {
    let lists = (
        vec(presence(), 0..3),
        vec(call(), 0..3),
        vec(conversation(), 0..3),
        vec(known_contact(), 0..3),
        favourites(),
    );
    (event_id(), me(), account(), lists).prop_map(
        |(as_of, me, account, (presences, calls, conversations, contacts, favourites))| Snapshot {
            as_of,
            me,
            account,
            presences,
            calls,
            conversations,
            contacts,
            favourites,
        },
    )
}

pub(crate) fn problem() -> impl Strategy<Value = Problem> {
    let kind = select(ProblemType::ALL.to_vec());
    (kind, text(), of(cause()), of(licence())).prop_map(|(kind, title, cause, licence)| Problem {
        kind,
        status: kind.status(),
        title,
        cause,
        licence,
    })
}
