//! Which network addresses a webhook may go to: the public internet's, and nothing else. What is refused is of the IANA
//! special-purpose registries (RFC 6890); of IPv6, only global unicast without its transition ranges is let through, so that
//! no IPv4 address is reached in disguise.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::url::Reach;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("webhooks are not sent to {kind} addresses")]
pub struct AddressRefusal {
    pub kind: &'static str,
}

/// IPv4 networks that are not the public internet.
const REFUSED_V4: [(Ipv4Addr, u8, &str); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, "unspecified"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "shared"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    // The metadata service of EC2 and that of ECS tasks are here.
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "reserved"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "6to4"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "benchmarking"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

/// What lies in global unicast (2000::/3) and is not the public internet.
const REFUSED_V6: [(Ipv6Addr, u8, &str); 5] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, "Teredo"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "reserved"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "documentation"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "6to4"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "documentation"),
];

/// Asked of the very address that is connected to: a name may resolve to another one each time.
pub fn check_address(address: IpAddr, reach: Reach) -> Result<(), AddressRefusal> {
    if reach == Reach::LoopbackToo && address.is_loopback() {
        return Ok(());
    }
    let refused = match address {
        IpAddr::V4(address) => refused_v4(address),
        IpAddr::V6(address) => refused_v6(address),
    };
    refused.map_or(Ok(()), |kind| Err(AddressRefusal { kind }))
}

fn refused_v4(address: Ipv4Addr) -> Option<&'static str> {
    let bits = u32::from(address);
    let holds = |(network, length, _): &&(Ipv4Addr, u8, &str)| {
        let mask = u32::MAX << (32 - u32::from(*length));
        bits & mask == u32::from(*network)
    };
    REFUSED_V4.iter().find(holds).map(|(_, _, kind)| *kind)
}

fn refused_v6(address: Ipv6Addr) -> Option<&'static str> {
    let bits = u128::from(address);
    let holds = |(network, length, _): &&(Ipv6Addr, u8, &str)| {
        let mask = u128::MAX << (128 - u32::from(*length));
        bits & mask == u128::from(*network)
    };
    let is_global_unicast = bits >> 125 == 0b001;
    if !is_global_unicast {
        return Some(kind_outside(address));
    }
    REFUSED_V6.iter().find(holds).map(|(_, _, kind)| *kind)
}

fn kind_outside(address: Ipv6Addr) -> &'static str {
    let first = address.segments()[0];
    match first {
        _ if address.is_unspecified() => "unspecified",
        _ if address.is_loopback() => "loopback",
        _ if address.to_ipv4_mapped().is_some() => "IPv4-mapped",
        0x64 => "NAT64",
        0xfc00..=0xfdff => "private",
        0xfe80..=0xfebf => "link-local",
        0xff00..=0xffff => "multicast",
        _ => "reserved",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind(text: &str) -> Option<&'static str> {
        let address: IpAddr = text.parse().expect("an address");
        check_address(address, Reach::Public).err().map(|refusal| refusal.kind)
    }

    #[test]
    fn what_is_not_the_public_internet_is_refused() {
        for (address, expected) in [
            ("0.0.0.0", "unspecified"),
            ("0.1.2.3", "unspecified"),
            ("10.0.0.1", "private"),
            ("100.64.0.1", "shared"),
            ("100.127.255.255", "shared"),
            ("127.0.0.1", "loopback"),
            ("127.255.255.255", "loopback"),
            ("169.254.169.254", "link-local"),
            ("169.254.170.2", "link-local"),
            ("172.16.0.1", "private"),
            ("172.31.255.255", "private"),
            ("192.168.1.1", "private"),
            ("192.0.0.192", "reserved"),
            ("198.19.0.1", "benchmarking"),
            ("224.0.0.1", "multicast"),
            ("255.255.255.255", "reserved"),
            ("::", "unspecified"),
            ("::1", "loopback"),
            ("::ffff:10.0.0.1", "IPv4-mapped"),
            ("::ffff:8.8.8.8", "IPv4-mapped"),
            ("::7f00:1", "reserved"),
            ("64:ff9b::a9fe:a9fe", "NAT64"),
            ("64:ff9b:1::1", "NAT64"),
            ("2002:7f00:1::", "6to4"),
            ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "Teredo"),
            ("2001:10::1", "reserved"),
            ("2001:db8::1", "documentation"),
            ("fd00:ec2::254", "private"),
            ("fc00::1", "private"),
            ("fe80::1", "link-local"),
            ("fec0::1", "reserved"),
            ("ff02::1", "multicast"),
            ("100::1", "reserved"),
            ("5f00::1", "reserved"),
        ] {
            assert_eq!(kind(address), Some(expected), "{address}");
        }
    }

    #[test]
    fn the_public_internet_is_let_through() {
        for address in
            ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "223.255.255.255"]
        {
            assert_eq!(kind(address), None, "{address}");
        }
        for address in ["2606:4700:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888", "3ffe::1"] {
            assert_eq!(kind(address), None, "{address}");
        }
    }

    #[test]
    fn the_laptop_reaches_itself_and_nothing_else_that_is_private() {
        let checked = |text: &str| check_address(text.parse().expect("an address"), Reach::LoopbackToo).is_ok();
        assert!(checked("127.0.0.1") && checked("::1") && checked("8.8.8.8"));
        for refused in ["10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "0.0.0.0", "fd00::1"] {
            assert!(!checked(refused), "{refused}");
        }
    }

    proptest! {
        /// The standard library's own words for it, where it has them.
        #[test]
        fn nothing_that_the_standard_library_calls_special_is_let_through(bits: u32) {
            let address = Ipv4Addr::from(bits);
            let special = address.is_private() || address.is_loopback() || address.is_link_local()
                || address.is_multicast() || address.is_broadcast() || address.is_documentation()
                || address.is_unspecified();
            prop_assert!(!special || check_address(address.into(), Reach::Public).is_err(), "{}", address);
        }

        #[test]
        fn no_ipv4_address_is_reached_in_disguise(bits: u32) {
            let address = Ipv4Addr::from(bits);
            let [high, low] = [(bits >> 16) as u16, (bits & 0xffff) as u16];
            for disguised in [
                address.to_ipv6_mapped(),
                address.to_ipv6_compatible(),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, high, low, 0, 0, !high, !low),
            ] {
                prop_assert!(check_address(disguised.into(), Reach::Public).is_err(), "{}", disguised);
            }
        }

        #[test]
        fn of_ipv6_nothing_outside_global_unicast(bits: u128) {
            let address = Ipv6Addr::from(bits);
            let is_outside = !(0x2000..=0x3fff).contains(&address.segments()[0]);
            prop_assert!(!is_outside || check_address(address.into(), Reach::Public).is_err(), "{}", address);
        }
    }
}
