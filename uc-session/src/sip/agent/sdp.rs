//! What a description says about hold.

/// Whether an offer puts this side on hold: `sendonly` or `inactive` (RFC 3264 §8.4), or the address
/// 0.0.0.0 that RFC 2543 used. With ICE that address says nothing (RFC 8839 §4.1).
pub(super) fn is_hold(sdp: &str) -> bool {
    let (mut session, mut media) = (false, None);
    let (mut in_audio, mut before_media) = (false, true);
    let (mut nowhere, mut ice) = (false, false);
    for line in sdp.lines().map(str::trim_end) {
        if let Some(kind) = line.strip_prefix("m=") {
            if in_audio {
                break;
            }
            before_media = false;
            in_audio = kind.starts_with("audio");
        }
        let direction = match line {
            "a=sendonly" | "a=inactive" => Some(true),
            "a=sendrecv" | "a=recvonly" => Some(false),
            _ => None,
        };
        if let Some(held) = direction {
            match in_audio {
                true => media = Some(held),
                false if before_media => session = held,
                false => {}
            }
        }
        if in_audio || before_media {
            ice |= line.starts_with("a=ice-ufrag:");
            if let Some(address) = line.strip_prefix("c=") {
                nowhere = address.ends_with(" 0.0.0.0");
            }
        }
    }
    media.unwrap_or(session) || (nowhere && !ice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hold_is_seen_in_all_its_forms() {
        let sdp = |session: &str, media: &str| {
            format!("v=0\r\nc=IN IP4 192.0.2.1\r\n{session}m=audio 4000 RTP/AVP 0\r\n{media}")
        };
        assert!(!is_hold(&sdp("", "")));
        assert!(!is_hold(&sdp("", "a=sendrecv\r\n")));
        assert!(!is_hold(&sdp("", "a=recvonly\r\n")));
        assert!(is_hold(&sdp("", "a=sendonly\r\n")));
        assert!(is_hold(&sdp("", "a=inactive\r\n")));
        assert!(is_hold(&sdp("a=sendonly\r\n", "")));
        assert!(!is_hold(&sdp("a=sendonly\r\n", "a=sendrecv\r\n")));
        assert!(is_hold(&sdp("", "c=IN IP4 0.0.0.0\r\n")));
        let ice = "c=IN IP4 0.0.0.0\r\na=ice-ufrag:x\r\n";
        assert!(!is_hold(&sdp("", ice)), "with ICE the address says nothing");
    }
}
