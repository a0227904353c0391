mod limits;
mod round_trips;
mod transcripts;
