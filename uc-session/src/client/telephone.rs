use uc_model::{
    DialMethod, Extension, ForwardingTarget, FunctionKey, FunctionKeyError, FunctionKeys,
    PhoneNumber, PresenceState,
};

use super::Client;
use crate::{
    core::{Reply, Request},
    error::{CallError, EditError, ServiceError},
    port::{AccountEdit, BackendError, Edit},
};

/// Where the user's calls go, how the user dials, and the keys of the desk phone.
impl Client {
    /// Where calls go while the own presence is `state`; `None` restores the default (PRES-3, Smart).
    /// What holds now is [`Account::forwarding`](uc_model::Account::forwarding).
    ///
    /// # Errors
    /// [`EditError::Forwarding`] for what can't be; nothing was sent then.
    pub async fn set_forwarding(
        &self,
        state: PresenceState,
        target: Option<ForwardingTarget>,
    ) -> Result<(), EditError> {
        self.check_forwarding(state, target.as_ref())?;
        self.edit_telephone(AccountEdit::SetForwarding { state, target })
            .await
    }

    fn check_forwarding(
        &self,
        state: PresenceState,
        target: Option<&ForwardingTarget>,
    ) -> Result<(), EditError> {
        let view = self.view();
        let Some(mode) = view.user.as_ref().and_then(|user| user.mode) else {
            return Ok(());
        };
        let account = view.account();
        let mut forwarding = account.forwarding(mode);
        let knows_mobile = account.profile.mobile.is_some();
        match target {
            Some(target) => forwarding.choose(state, target.clone(), knows_mobile)?,
            None => forwarding.reset(state)?,
        }
        Ok(())
    }

    /// Sends calls to the telephone at another workplace and places calls from there; the presence
    /// becomes CallMe. `None` ends that (CALLME-1, Suite).
    ///
    /// # Errors
    /// [`EditError::CallMe`] where the system sends no calls to this number.
    pub async fn set_call_me(&self, number: Option<&str>) -> Result<(), EditError> {
        let number = number.map(PhoneNumber::new).transpose()?;
        let set = self.edit_telephone(AccountEdit::SetCallMe(number)).await;
        set.map_err(|error| match error {
            EditError::Service(ServiceError::Backend(BackendError::RefusedValue)) => {
                EditError::CallMe
            }
            error => error,
        })
    }

    /// Chooses how calls are dialled (CONN-10, Mobility users).
    pub async fn set_dial_method(&self, method: DialMethod) -> Result<(), EditError> {
        self.edit_telephone(AccountEdit::SetDialMethod(method))
            .await
    }

    /// Controls another of the user's telephones (CONN-10): one of
    /// [`SignedIn::assigned_phones`](crate::port::SignedIn::assigned_phones) by its number; `None`: the
    /// first. The client connects anew, as this takes effect on reconnection; calls go on where they
    /// are. What holds then is [`View::controlled_phone`](crate::View::controlled_phone).
    ///
    /// # Errors
    /// [`EditError::AssignedPhone`] for a telephone that isn't the user's; nothing has changed then.
    pub async fn control_phone(&self, number: Option<&str>) -> Result<(), EditError> {
        let number = number.map(Extension::new).transpose()?;
        match self.ask(Request::ControlPhone(number)).await {
            Some(Reply::Edit(result)) => result.map(drop),
            _ => Err(ServiceError::Closed.into()),
        }
    }

    async fn edit_telephone(&self, edit: AccountEdit) -> Result<(), EditError> {
        self.edit(Edit::Account(edit)).await.map(drop)
    }

    /// Whether calls go through the built-in client from now on, or through the desk phone (VOIP-1); those
    /// that run go on where they are. What holds then is [`View::voip`](crate::View::voip).
    ///
    /// # Errors
    /// [`CallError::NoSound`] where the client was made without sound.
    pub async fn set_voip(&self, on: bool) -> Result<(), CallError> {
        match self.ask(Request::SetVoip(on)).await {
            Some(Reply::Act(result)) => result,
            _ => Err(CallError::Closed),
        }
    }

    /// The keys of the desk phone and its modules (KEYS-1).
    pub async fn function_keys(&self) -> Result<FunctionKeys, ServiceError> {
        self.ask_keys(Request::FunctionKeys).await
    }

    /// Programs key `number`, counted from 1, as a whole: label and both levels. Gives the keys as they
    /// are then.
    ///
    /// # Errors
    /// [`EditError::Key`] for what can't be; nothing was sent then.
    pub async fn program_key(
        &self,
        number: u16,
        key: FunctionKey,
    ) -> Result<FunctionKeys, EditError> {
        let index = number.checked_sub(1).ok_or(FunctionKeyError::NoSuchKey)?;
        let plan = self.view().dial_plan();
        let mut keys = self.function_keys().await?;
        keys.set(index.into(), key.clone(), &plan)?;
        Ok(self.ask_keys(Request::ProgramKey { number, key }).await?)
    }

    async fn ask_keys(&self, request: Request) -> Result<FunctionKeys, ServiceError> {
        match self.ask(request).await {
            Some(Reply::FunctionKeys(result)) => result,
            _ => Err(ServiceError::Closed),
        }
    }
}
