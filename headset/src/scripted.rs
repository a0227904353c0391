use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{Action, CallControlDevice, DeviceError, Lamps};

/// A headset without hardware: a [`Script`] presses its buttons and looks at its lamps.
#[derive(Debug)]
pub struct ScriptedHeadset {
    model: Box<str>,
    state: Arc<Mutex<State>>,
}

/// The hand at a [`ScriptedHeadset`].
#[derive(Debug, Clone)]
pub struct Script {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    pressed: VecDeque<Action>,
    lamps: Lamps,
    shown: Vec<Lamps>,
    error: Option<DeviceError>,
}

impl ScriptedHeadset {
    /// A headset of that model name, and the hand that works it.
    pub fn new(model: &str) -> (Self, Script) {
        let state = Arc::new(Mutex::new(State::default()));
        (
            Self {
                model: model.into(),
                state: Arc::clone(&state),
            },
            Script { state },
        )
    }
}

impl Script {
    /// Presses a button.
    pub fn press(&self, action: Action) {
        lock(&self.state).pressed.push_back(action);
    }

    /// What the headset shows now.
    pub fn lamps(&self) -> Lamps {
        lock(&self.state).lamps
    }

    /// Every change of the lamps so far, oldest first.
    pub fn shown(&self) -> Vec<Lamps> {
        lock(&self.state).shown.clone()
    }

    /// Makes every further call give this error, until [`Script::mend`].
    pub fn fail(&self, error: DeviceError) {
        lock(&self.state).error = Some(error);
    }

    /// Ends a failure. What was pressed meanwhile is still there.
    pub fn mend(&self) {
        lock(&self.state).error = None;
    }
}

impl CallControlDevice for ScriptedHeadset {
    fn model(&self) -> &str {
        &self.model
    }

    fn poll_action(&mut self) -> Result<Option<Action>, DeviceError> {
        let mut state = lock(&self.state);
        match &state.error {
            Some(error) => Err(error.clone()),
            None => Ok(state.pressed.pop_front()),
        }
    }

    fn show(&mut self, lamps: Lamps) -> Result<(), DeviceError> {
        let mut state = lock(&self.state);
        if let Some(error) = &state.error {
            return Err(error.clone());
        }
        if state.lamps != lamps {
            state.lamps = lamps;
            state.shown.push(lamps);
        }
        Ok(())
    }
}

/// A panic elsewhere leaves a plain value behind: it is still good.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
