mod calls;
mod keys;
mod provisional;
mod rig;
mod strangers;
mod transfers;
