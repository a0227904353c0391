mod calls;
mod conferences;
mod keys;
mod pickups;
mod provisional;
mod rig;
mod strangers;
mod transfers;
