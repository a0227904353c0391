mod calls;
mod rig;
mod strangers;
mod transfers;
