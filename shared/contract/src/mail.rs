//! The book of mails: settings by version, one claim at a time, the first reason for sending nothing. And sending itself.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::ids::TenantId;
use domain::mail::{
    AddressHash, Lifting, MailClaim, MailId, MailKind, MailSettings, Refusal, RefusedAddress, SENDING_FOR,
    SENT_KEPT_FOR, Written,
};
use domain::opt_out::OptOut;
use domain::text::{Email, Name};
use domain::time::Timestamp;
use futures_util::future::join_all;
use ports::clock::Clock;
use ports::mail::{MailBook, Mailer, OptOutKey};

use crate::builders::mail;
use crate::pages::assert_lists;
use crate::{PlatformTable, World};

fn mail_id(world: &World) -> MailId {
    MailId { event: world.id(), address: AddressHash([7; 32]) }
}

async fn settings(book: &dyn MailBook, tenant: TenantId) -> Option<MailSettings> {
    book.settings(tenant).await.expect("settings are read")
}

async fn save(book: &dyn MailBook, settings: &MailSettings) -> bool {
    book.save_settings(settings).await.expect("settings are written")
}

pub async fn settings_are_kept_by_their_version(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    assert_eq!(settings(table.mail, tenant).await, None);
    let first = MailSettings {
        from_name: Some(Name::parse("Café Zoë").expect("a name")),
        reply_to: Some(Email::parse("help@shop.example").expect("an address")),
        off: BTreeSet::from(MailKind::ALL),
        logo: Some(world.id()),
        updated_at: world.now(),
        version: 1,
        ..MailSettings::standard(tenant)
    };
    assert!(save(table.mail, &first).await);
    assert_eq!(settings(table.mail, tenant).await, Some(first.clone()));
    assert_eq!(settings(table.mail, world.tenant()).await, None, "another tenant's");
    let second = MailSettings { version: 2, updated_at: world.now(), ..MailSettings::standard(tenant) };
    assert!(save(table.mail, &second).await);
    assert!(!save(table.mail, &second).await && !save(table.mail, &first).await, "stale");
    assert_eq!(settings(table.mail, tenant).await, Some(second));
}

pub async fn a_mail_is_claimed_by_one_until_it_is_sent(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, mail) = (world.tenant(), mail_id(&world));
    let claim = async |tenant, mail, now| table.mail.claim(tenant, mail, 100, now).await.expect("a claim is answered");
    let now = world.now();
    let claims = join_all((0..5).map(|_| table.mail.claim(tenant, mail, 100, now))).await;
    let ours = claims.into_iter().filter(|claim| matches!(claim, Ok(MailClaim::Ours))).count();
    assert_eq!(ours, 1, "of five at once");
    assert_eq!(claim(tenant, mail, now).await, MailClaim::Busy);
    let other_address = MailId { address: AddressHash([8; 32]), ..mail };
    assert_eq!(claim(tenant, other_address, now).await, MailClaim::Ours);
    assert_eq!(claim(world.tenant(), mail, now).await, MailClaim::Ours, "another tenant's");

    let almost = now.plus(SENDING_FOR).minus(Duration::from_millis(1));
    assert_eq!(claim(tenant, mail, almost).await, MailClaim::Busy);
    let later = now.plus(SENDING_FOR);
    assert_eq!(claim(tenant, mail, later).await, MailClaim::Ours, "who had it has died");
    for _ in 0..2 {
        table.mail.mark_sent(tenant, mail, later).await.expect("it is noted");
        let long_after = later.plus(SENT_KEPT_FOR).minus(Duration::from_millis(1));
        assert_eq!(claim(tenant, mail, long_after).await, MailClaim::Sent);
    }
}

/// Each is counted once, however often it is claimed; one that came too late is not sent on another day either.
pub async fn a_tenant_has_so_many_mails_a_day(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    // Eight in the morning.
    let (tenant, now) = (world.tenant(), Timestamp::from_ms(1_800_000_000_000));
    let claim = async |tenant, mail, per_day, now| {
        table.mail.claim(tenant, mail, per_day, now).await.expect("a claim is answered")
    };
    let [first, second, third, fourth] = [(); 4].map(|()| mail_id(&world));
    assert_eq!(claim(tenant, first, 2, now).await, MailClaim::Ours);
    let later = now.plus(SENDING_FOR);
    assert_eq!(claim(tenant, first, 2, later).await, MailClaim::Ours, "who had it has died");
    table.mail.mark_sent(tenant, first, later).await.expect("it is noted");
    assert_eq!(claim(tenant, second, 2, later).await, MailClaim::Ours, "one mail was counted");
    let tomorrow = now.plus(Duration::from_secs(16 * 60 * 60));
    for at in [later, later.plus(SENDING_FOR), tomorrow] {
        assert_eq!(claim(tenant, third, 2, at).await, MailClaim::DayFull);
    }
    assert_eq!(claim(tenant, first, 2, later).await, MailClaim::Sent);
    assert_eq!(claim(tenant, second, 2, later).await, MailClaim::Busy);
    assert_eq!(claim(world.tenant(), third, 2, later).await, MailClaim::Ours, "another tenant's");
    let last_moment = tomorrow.minus(Duration::from_millis(1));
    assert_eq!(claim(tenant, fourth, 2, last_moment).await, MailClaim::DayFull);
    let fifth = mail_id(&world);
    assert_eq!(claim(tenant, fifth, 2, tomorrow).await, MailClaim::Ours, "a new day");
    assert_eq!(claim(world.tenant(), fifth, 0, tomorrow).await, MailClaim::DayFull);
}

pub async fn of_parallel_mails_as_many_are_claimed_as_fit_a_day(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let claims = join_all((0..10).map(|_| table.mail.claim(tenant, mail_id(&world), 3, now))).await;
    let told = |wanted| claims.iter().filter(|claim| claim.as_ref().is_ok_and(|claim| *claim == wanted)).count();
    assert_eq!((told(MailClaim::Ours), told(MailClaim::DayFull)), (3, 7), "{claims:?}");
}

pub async fn an_address_is_refused_by_its_first_reason(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    for (index, reason) in (0..).zip(Refusal::ALL) {
        let address = AddressHash([index; 32]);
        let refusal = async |tenant| table.mail.refusal(tenant, address).await.expect("it is read");
        assert_eq!(refusal(tenant).await, None);
        for given in [reason, reason, Refusal::OptedOut] {
            table.mail.refuse(tenant, address, given, now).await.expect("it is written");
            assert_eq!(refusal(tenant).await, Some(reason));
        }
        // An opt-out lets through what owners are told, and nobody reads that either.
        let last = if reason == Refusal::OptedOut { Refusal::Bounced } else { reason };
        for given in [Refusal::Bounced, Refusal::Complained, Refusal::OptedOut] {
            table.mail.refuse(tenant, address, given, now.plus(Duration::from_secs(1))).await.expect("it is written");
            assert_eq!(refusal(tenant).await, Some(last), "{reason:?}, then {given:?}");
        }
        assert_eq!(refusal(world.tenant()).await, None, "another tenant's mail goes there");
    }
}

pub async fn refused_addresses_are_listed_until_mail_goes_there_again(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let refused = |index: u8| RefusedAddress {
        address: AddressHash([index; 32]),
        refusal: Refusal::ALL[usize::from(index) % 3],
        refused_at: now,
    };
    let mut all: Vec<RefusedAddress> = (0..5).map(refused).collect();
    for RefusedAddress { address, refusal, refused_at } in &all {
        table.mail.refuse(tenant, *address, *refusal, *refused_at).await.expect("it is written");
    }
    table.mail.refuse(world.tenant(), all[0].address, Refusal::Bounced, now).await.expect("another tenant's");
    all.reverse();
    let accept = async |tenant, address| table.mail.accept(tenant, address).await.expect("it is answered");
    assert_lists("refused addresses", &all, async |page| table.mail.refused(tenant, page).await).await;
    assert_eq!(accept(world.tenant(), all[1].address).await, Lifting::NotRefused, "another tenant's");
    for refused in all.clone() {
        let address = refused.address;
        let expected = match refused.refusal {
            Refusal::OptedOut | Refusal::Bounced => [Lifting::Lifted, Lifting::NotRefused],
            Refusal::Complained => [Lifting::Stays; 2],
        };
        assert_eq!([accept(tenant, address).await, accept(tenant, address).await], expected, "{refused:?}");
        let is_lifted = expected[0] == Lifting::Lifted;
        assert_eq!(table.mail.refusal(tenant, address).await.expect("it is read").is_none(), is_lifted);
    }
    all.retain(|refused| refused.refusal == Refusal::Complained);
    assert_lists("refused addresses", &all, async |page| table.mail.refused(tenant, page).await).await;
}

pub async fn a_link_is_signed_for_what_it_names(key: &dyn OptOutKey, seed: u128) {
    let world = World::new(seed);
    let of = OptOut { tenant: world.tenant(), address: AddressHash([1; 32]) };
    let signature = key.sign(&of).await.expect("it is signed");
    assert_eq!(key.sign(&of).await.expect("it is signed"), signature, "the same link in each mail");
    let is_signed = async |of, signature| key.is_signed(&of, signature).await.expect("it is looked at");
    assert!(is_signed(of, signature).await);
    assert!(!is_signed(OptOut { tenant: world.tenant(), ..of }, signature).await, "another tenant's");
    assert!(!is_signed(OptOut { address: AddressHash([2; 32]), ..of }, signature).await, "another reader's");
    assert!(!is_signed(of, [0; 32]).await);
}

/// `sent` finds what was sent to an address: subject, text and HTML.
pub async fn a_mail_is_sent_as_it_is(
    mailer: &dyn Mailer,
    mut sent: impl AsyncFnMut(&Email) -> Vec<Written>,
    seed: u128,
) {
    let world = World::new(seed);
    let mail = mail(world.tenant(), world.mint());
    assert_eq!(sent(&mail.to).await, []);
    mailer.send(&mail).await.expect("it is taken");
    assert_eq!(sent(&mail.to).await, [mail.written]);
}
