use uc_model::{Destination, Dialling, Line, PhoneNumber, PhoneNumberError, RedialList};

use super::Client;

/// Numbers as they are written here and dialled there.
impl Client {
    /// What becomes of a number that the user wants to dial, in whatever notation (NUM-1, NUM-3): what
    /// is sent, or the question whether it is internal or external. Where the server tells no
    /// location, it goes as it was written.
    pub fn dialling(&self, number: &str) -> Result<Dialling, PhoneNumberError> {
        let number = PhoneNumber::new(number)?;
        let view = self.view();
        let located = view.user.as_ref();
        let located = located.and_then(|user| Some((user.mode?, user.dial_plan.as_ref()?)));
        Ok(match located {
            Some((mode, plan)) => plan.dial(&number, mode),
            None => Dialling::Send(Destination {
                number,
                line: Line::BySystem,
            }),
        })
    }

    /// The numbers dialled last from any of the user's clients, newest first (NUM-5).
    pub fn redial(&self) -> RedialList {
        self.view().account().redial.clone()
    }
}
