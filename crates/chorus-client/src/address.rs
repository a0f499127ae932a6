//! Which network addresses may be contacted. One rule for address literals in a base URL and for what a name resolves to.
//!
//! Only public addresses, except for hosts that the administrator trusts; link-local ones (cloud metadata services live
//! there) never, not even for trusted hosts. An address that carries an IPv4 address inside (mapped, 6to4, NAT64) is
//! judged by what it carries.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether `address` may be contacted; `trusted` says that its host is in the list of trusted hosts.
pub fn is_allowed(address: IpAddr, trusted: bool) -> bool {
    !is_link_local(address) && (trusted || is_public(address))
}

/// Whether `host` (a name or an address literal, with or without brackets) is among the trusted ones.
pub fn is_trusted(host: &str, trusted_hosts: &[String]) -> bool {
    let host = plain_host(host);
    !host.is_empty()
        && trusted_hosts
            .iter()
            .any(|trusted| plain_host(trusted) == host)
}

/// Lower case, without blanks, brackets and the dot of the root.
fn plain_host(host: &str) -> String {
    host.trim()
        .trim_start_matches('[')
        .trim_end_matches(']')
        .trim_end_matches('.')
        .to_ascii_lowercase()
}

/// 169.254.0.0/16 and fe80::/10, also when carried inside an IPv6 address.
pub fn is_link_local(address: IpAddr) -> bool {
    match unwrapped(address) {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.segments()[0] & 0xffc0 == 0xfe80,
    }
}

/// Whether the address is one of the public internet: not private, shared, local, special or reserved.
pub fn is_public(address: IpAddr) -> bool {
    match unwrapped(address) {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !(a == 0
        || a >= 224 // multicast, reserved, broadcast
        || v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_documentation()
        || (a == 100 && b & 0xc0 == 64) // carrier-grade NAT
        || (a == 192 && b == 0 && c == 0) // IETF protocol assignments
        || (a == 192 && b == 88 && c == 99) // 6to4 relays
        || (a == 198 && b & 0xfe == 18)) // benchmarking
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let [first, second, ..] = v6.segments();
    // 2000::/3 is all that is handed out; within it, Teredo and other protocol ranges and documentation are not hosts.
    first & 0xe000 == 0x2000
        && !(first == 0x2001 && (second < 0x200 || second == 0xdb8))
        && first != 0x3fff
}

/// The IPv4 address inside a mapped, compatible, 6to4 or NAT64 address, else the address itself.
fn unwrapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let s = v6.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, low] => v4(high, low),
        [0, 0, 0, 0, 0xffff, 0, high, low] => v4(high, low), // "translated", RFC 2765
        [0, 0, 0, 0, 0, 0, high, low] if (high, low) > (0, 1) => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn public_addresses_are_allowed() {
        for text in [
            "8.8.8.8",
            "100.128.0.1",
            "172.32.0.1",
            "2606:4700::1111",
            "::ffff:8.8.8.8",
            "2002:808:808::1",
            "64:ff9b::808:808",
        ] {
            assert!(is_allowed(ip(text), false), "{text}");
        }
    }

    #[test]
    fn other_addresses_are_only_for_trusted_hosts() {
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "2002:7f00:1::",
            "2002:c0a8:101::1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2001::1",
            "2001:db8::1",
        ] {
            assert!(!is_allowed(ip(text), false), "{text}");
            assert!(is_allowed(ip(text), true), "{text}");
        }
    }

    #[test]
    fn link_local_is_for_nobody() {
        for text in [
            "169.254.169.254",
            "fe80::1",
            "febf::1",
            "::ffff:169.254.169.254",
            "2002:a9fe:a9fe::",
            "64:ff9b::a9fe:a9fe",
        ] {
            assert!(!is_allowed(ip(text), true), "{text}");
        }
    }

    #[test]
    fn trust_ignores_case_brackets_and_the_root_dot() {
        let trusted = vec![" Chorus.Internal ".to_owned(), "[::1]".to_owned()];
        assert!(is_trusted("chorus.internal.", &trusted));
        assert!(is_trusted("::1", &trusted));
        assert!(!is_trusted("x.chorus.internal", &trusted));
        assert!(!is_trusted("", &[String::new()]));
    }
}
