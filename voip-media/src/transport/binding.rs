//! The STUN client that learns our address behind a NAT (RFC 8489 §3, Binding): asked over the
//! media socket itself, repeated, and cut off, none of which the ICE agent would do.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A Binding request with this transaction identity.
pub(crate) fn request(transaction: &[u8; 12]) -> [u8; 20] {
    let mut message = [0; 20];
    message[..2].copy_from_slice(&BINDING_REQUEST.to_be_bytes());
    message[4..8].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
    message[8..].copy_from_slice(transaction);
    message
}

/// Our address as a Binding success response with this transaction identity tells it.
pub(crate) fn mapped_address(message: &[u8], transaction: &[u8; 12]) -> Option<SocketAddr> {
    let (header, mut attributes) = message.split_at_checked(20)?;
    let is_answer = header[..2] == BINDING_SUCCESS.to_be_bytes()
        && header[4..8] == MAGIC_COOKIE.to_be_bytes()
        && header[8..] == *transaction;
    if !is_answer {
        return None;
    }
    loop {
        let (head, rest) = attributes.split_at_checked(4)?;
        let kind = u16::from_be_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let value = rest.get(..length)?;
        if kind == XOR_MAPPED_ADDRESS {
            return unmask(value, transaction);
        }
        attributes = rest.get(length.next_multiple_of(4)..)?;
    }
}

fn unmask(value: &[u8], transaction: &[u8; 12]) -> Option<SocketAddr> {
    let (head, address) = value.split_at_checked(4)?;
    let port = u16::from_be_bytes([head[2], head[3]]) ^ (MAGIC_COOKIE >> 16) as u16;
    let mut mask = [0; 16];
    mask[..4].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
    mask[4..].copy_from_slice(transaction);
    let ip = match (head[1], address.len()) {
        (1, 4) => IpAddr::V4(Ipv4Addr::from(
            <[u8; 4]>::try_from(xor(address, &mask)).ok()?,
        )),
        (2, 16) => IpAddr::V6(Ipv6Addr::from(
            <[u8; 16]>::try_from(xor(address, &mask)).ok()?,
        )),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

fn xor(address: &[u8], mask: &[u8]) -> Vec<u8> {
    address
        .iter()
        .zip(mask)
        .map(|(octet, mask)| octet ^ mask)
        .collect()
}

const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
/// RFC 8489 §5.
const MAGIC_COOKIE: u32 = 0x2112_A442;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The IPv4 response of RFC 5769 §2.2, its transaction and what it says.
    const RESPONSE: &[u8] = b"\x01\x01\x00\x3c\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\x80\x22\x00\x0btest vector \x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43";
    const TRANSACTION: &[u8; 12] = b"\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae";

    #[test]
    fn the_published_vector_gives_its_address() {
        let address = mapped_address(RESPONSE, TRANSACTION);
        assert_eq!(
            address,
            Some("192.0.2.1:32853".parse().expect("an address"))
        );
    }

    #[test]
    fn an_answer_to_somebody_else_is_none() {
        assert_eq!(mapped_address(RESPONSE, &[0; 12]), None);
        assert_eq!(mapped_address(&request(TRANSACTION), TRANSACTION), None);
    }

    #[test]
    fn a_cut_answer_is_none() {
        for length in 0..RESPONSE.len() {
            assert_eq!(
                mapped_address(&RESPONSE[..length], TRANSACTION),
                None,
                "{length}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_behind_the_header_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut message = RESPONSE[..20].to_vec();
            message.extend(bytes);
            let _ = mapped_address(&message, TRANSACTION);
        }
    }
}
