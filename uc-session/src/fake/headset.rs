use std::{collections::VecDeque, sync::Mutex};

use async_trait::async_trait;

use crate::{
    locked,
    port::{HeadsetAction, HeadsetLamps, HeadsetPort},
};

/// A headset whose buttons are pressed by a script; it remembers what it was told to show.
#[derive(Debug, Default)]
pub struct ScriptedHeadset {
    actions: Mutex<VecDeque<HeadsetAction>>,
    shown: Mutex<Vec<HeadsetLamps>>,
}

impl ScriptedHeadset {
    /// A headset whose user does this and then takes it away.
    pub fn new(actions: impl IntoIterator<Item = HeadsetAction>) -> Self {
        Self {
            actions: Mutex::new(actions.into_iter().collect()),
            shown: Mutex::default(),
        }
    }

    /// What it was told to show, oldest first.
    pub fn shown(&self) -> Vec<HeadsetLamps> {
        locked(&self.shown).clone()
    }
}

#[async_trait]
impl HeadsetPort for ScriptedHeadset {
    async fn next_action(&self) -> Option<HeadsetAction> {
        locked(&self.actions).pop_front()
    }

    fn show(&self, lamps: HeadsetLamps) {
        locked(&self.shown).push(lamps);
    }
}
