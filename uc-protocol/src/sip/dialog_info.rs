use super::{Address, Uri};
use crate::{XmlError, xml::Element};

/// The calls of a telephone, as it tells those who watch it (RFC 4235, `application/dialog-info+xml`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialogInfo {
    /// Whose calls they are.
    pub entity: String,
    /// The calls; of more than [`DialogInfo::MOST`] only the first.
    pub dialogs: Vec<WatchedDialog>,
}

/// One call of a watched telephone, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedDialog {
    /// The `Call-ID`.
    pub call_id: String,
    /// The tag of the watched telephone's side.
    pub local_tag: String,
    /// The tag of the other side; none before it has answered.
    pub remote_tag: Option<String>,
    /// Whether the watched telephone is the one that was called.
    pub is_recipient: bool,
    /// How far it is.
    pub state: DialogState,
    /// Who the other side is.
    pub remote: Option<Address>,
    /// Where the other side is reached.
    pub target: Option<Uri>,
}

/// How far a call is (RFC 4235 §3.7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the RFC names them")]
pub enum DialogState {
    Trying,
    Proceeding,
    Early,
    Confirmed,
    Terminated,
}

impl DialogInfo {
    /// The type of the body.
    pub const TYPE: &str = "application/dialog-info+xml";
    /// Calls that are read (our choice: a telephone has fewer).
    pub const MOST: usize = 64;

    /// Reads a body. A call that lacks what identifies it is left out.
    ///
    /// # Errors
    /// Where it is no XML within the bounds of [`limits`](crate::limits).
    pub fn read(body: &[u8]) -> Result<Self, XmlError> {
        let root = Element::parse(body)?;
        let dialogs = root.all("dialog").filter_map(WatchedDialog::read);
        Ok(Self {
            entity: root.attribute("entity").unwrap_or_default().to_owned(),
            dialogs: dialogs.take(Self::MOST).collect(),
        })
    }

    /// Writes the whole state as the first version that a watcher gets.
    pub fn write(&self) -> Vec<u8> {
        let mut root = Element::new("dialog-info");
        root.attributes = attributes(&[
            ("xmlns", "urn:ietf:params:xml:ns:dialog-info"),
            ("version", "0"),
            ("state", "full"),
            ("entity", &self.entity),
        ]);
        for (index, dialog) in self.dialogs.iter().enumerate() {
            root = root.with(dialog.write(index));
        }
        root.to_bytes()
    }
}

impl WatchedDialog {
    fn read(element: &Element) -> Option<Self> {
        let text = |name| element.attribute(name).map(str::to_owned);
        let remote = element.child("remote");
        let identity = remote.and_then(|remote| remote.child("identity"));
        let target = remote.and_then(|remote| remote.child("target"));
        Some(Self {
            call_id: text("call-id")?,
            local_tag: text("local-tag")?,
            remote_tag: text("remote-tag"),
            is_recipient: element.attribute("direction") == Some("recipient"),
            state: DialogState::read(element.text_of("state")?)?,
            remote: identity.and_then(|identity| {
                let mut address = Address::new(identity.text.parse().ok()?);
                address.display = identity.attribute("display").map(str::to_owned);
                Some(address)
            }),
            target: target.and_then(|target| target.attribute("uri")?.parse().ok()),
        })
    }

    fn write(&self, index: usize) -> Element {
        let mut dialog = Element::new("dialog");
        let id = index.to_string();
        let direction = match self.is_recipient {
            true => "recipient",
            false => "initiator",
        };
        dialog.attributes = attributes(&[
            ("id", &id),
            ("call-id", &self.call_id),
            ("local-tag", &self.local_tag),
        ]);
        let remote_tag = self.remote_tag.as_deref();
        let more = remote_tag.map(|tag| ("remote-tag", tag));
        let more: Vec<_> = more.into_iter().chain([("direction", direction)]).collect();
        dialog.attributes.extend(attributes(&more));
        let mut remote = Element::new("remote");
        if let Some(address) = &self.remote {
            let mut identity = Element::new("identity");
            identity.text = address.uri.to_string();
            let display = address.display.as_deref();
            let display = display.map(|display| ("display", display));
            identity.attributes = attributes(display.as_slice());
            remote = remote.with(identity);
        }
        if let Some(uri) = &self.target {
            let mut target = Element::new("target");
            target.attributes = attributes(&[("uri", &uri.to_string())]);
            remote = remote.with(target);
        }
        dialog.with_text("state", self.state.as_str()).with(remote)
    }
}

impl DialogState {
    fn read(text: &str) -> Option<Self> {
        ALL.into_iter().find(|state| state.as_str() == text)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Trying => "trying",
            Self::Proceeding => "proceeding",
            Self::Early => "early",
            Self::Confirmed => "confirmed",
            Self::Terminated => "terminated",
        }
    }
}

fn attributes(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

const ALL: [DialogState; 5] = [
    DialogState::Trying,
    DialogState::Proceeding,
    DialogState::Early,
    DialogState::Confirmed,
    DialogState::Terminated,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn ringing() -> WatchedDialog {
        let mut remote = Address::new("sip:rosa@office.example".parse().unwrap());
        remote.display = Some("Rosa & <Co>".to_owned());
        WatchedDialog {
            call_id: "a-b@192.0.2.1".to_owned(),
            local_tag: "mine".to_owned(),
            remote_tag: Some("theirs".to_owned()),
            is_recipient: true,
            state: DialogState::Early,
            remote: Some(remote),
            target: Some("sip:rosa@192.0.2.7:5062;transport=tcp".parse().unwrap()),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let info = DialogInfo {
            entity: "sip:101@office.example".to_owned(),
            dialogs: vec![
                ringing(),
                WatchedDialog {
                    remote_tag: None,
                    is_recipient: false,
                    state: DialogState::Trying,
                    remote: None,
                    target: None,
                    ..ringing()
                },
            ],
        };
        assert_eq!(DialogInfo::read(&info.write()), Ok(info));
    }

    #[test]
    fn a_telephones_own_words_are_read_and_what_is_half_is_left_out() {
        let body = r#"<?xml version="1.0"?>
            <dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="7" state="partial"
                entity="sip:bob@example.com">
              <dialog id="1" call-id="c1" local-tag="l1" remote-tag="r1" direction="recipient">
                <state event="cancelled">early</state>
                <local><identity>sip:bob@example.com</identity></local>
                <remote><identity display="Alice">sip:alice@example.com</identity>
                  <target uri="sip:alice@pc33.example.com"><param pname="+sip.rendering" pval="yes"/></target>
                </remote>
              </dialog>
              <dialog id="2"><state>confirmed</state></dialog>
              <dialog id="3" call-id="c3" local-tag="l3"><state>unheard of</state></dialog>
            </dialog-info>"#;
        let info = DialogInfo::read(body.as_bytes()).unwrap();
        let [dialog] = &info.dialogs[..] else {
            panic!("{info:?}");
        };
        assert_eq!(dialog.state, DialogState::Early);
        assert_eq!(dialog.remote_tag.as_deref(), Some("r1"));
        let remote = dialog.remote.as_ref().unwrap();
        assert_eq!(remote.display.as_deref(), Some("Alice"));
        assert!(DialogInfo::read(b"no xml").is_err());
    }
}
